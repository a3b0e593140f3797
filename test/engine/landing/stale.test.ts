/** Stale premises: what an agent read was changed by another agent, or by the person, before it could land. */
import assert from 'node:assert/strict';
import type { RunEvent } from '../../../src/domain/event';
import { journalFile, readJournal } from '../../../src/engine/journal/journal';
import { landPortsOf, landTask } from '../../../src/engine/landing/landing';
import { diffTrees } from '../../../src/repo/trees';
import { NEVER, valued } from '../../support/result';
import { type Rig, rig } from '../../support/run';
import { folderState, git, opened, put, treeState } from '../../support/sandbox';

const FILES = { 'api.ts': 'api 1\n', 'use.ts': 'use\n', 'other.ts': 'other\n', '.gitignore': '.env\n' };

function stalesOf(box: Rig): Extract<RunEvent, { type: 'task.stale' }>[] {
  return valued(readJournal(journalFile(box.repo.stateDir, box.run.id))).filter((event) => event.type === 'task.stale');
}

/** `a` changes the API while `b`, which read it, writes against it. */
async function crossed(onStale: 'check' | 'ask' | 'rework', limits = {}): Promise<Rig> {
  const box = await rig(FILES, { a: [], b: [] }, { onStale, limits });
  const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
  await a.finish({ 'api.ts': 'api 2\n' }, 'Done.', ['api.ts']);
  await box.reaches('a', 'landed');
  await b.finish({ 'use.ts': 'use api 1\n' }, 'Done.', ['api.ts', 'use.ts', 'other.ts']);
  return box;
}

describe('a stale premise', () => {
  it('is marked, with who changed what; without a check the task lands all the same', async () => {
    const box = await crossed('check');
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
    assert.deepEqual(
      stalesOf(box).map(({ task, files, held }) => ({ task, files, held })),
      [{ task: 'b', files: [{ path: 'api.ts', by: 'a' }], held: false }],
    );
    assert.deepEqual(box.run.record.state.tasks.get('b')?.work.stale, [{ path: 'api.ts', by: 'a' }]);
  });

  it('is seen in what the person changed: saved, unsaved, deleted', async () => {
    const box = await rig({ ...FILES, 'gone.ts': 'gone\n' }, { a: [] });
    const a = await box.agents.agent('a');
    put(box.root, 'api.ts', 'mine\n');
    put(box.root, 'gone.ts', null);
    box.workspace.buffers.set('other.ts', 'typed\n');
    await a.finish({ 'use.ts': 'used\n' }, 'Done.', ['api.ts', 'gone.ts', 'other.ts', 'use.ts']);
    valued(await box.ended);
    assert.deepEqual(box.run.record.state.tasks.get('a')?.work.stale, [
      { path: 'api.ts', by: null },
      { path: 'gone.ts', by: null },
      { path: 'other.ts', by: null },
    ]);
  });

  it('is none where nothing that was read changed, or the agent changed it itself, or nothing lands', async () => {
    const box = await rig(FILES, { a: [], b: [], c: [], d: [] });
    put(box.root, '.env', 'a secret');
    const agents = await Promise.all(['a', 'b', 'c', 'd'].map((task) => box.agents.agent(task)));
    await agents[0]?.finish({ 'api.ts': 'api 1\nmore\n' });
    await box.reaches('a', 'landed');
    await agents[1]?.finish({ 'use.ts': 'b\n' }, 'Done.', ['other.ts', '.env']);
    await agents[2]?.finish({ 'api.ts': 'api 1\nmore\n' }, 'Done.', ['api.ts']);
    await agents[3]?.finish({}, 'It is fine.', ['api.ts']);
    valued(await box.ended);
    assert.deepEqual(stalesOf(box), []);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', c: 'landed', d: 'landed' });
  });

  it('is seen in a file that was not there, and that another task made', async () => {
    const box = await rig(FILES, { a: [], b: [] });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    await a.finish({ 'helper.ts': 'help\n' });
    await box.reaches('a', 'landed');
    await b.finish({ 'use.ts': 'own helper\n' }, 'Done.', ['helper.ts']);
    valued(await box.ended);
    assert.deepEqual(box.run.record.state.tasks.get('b')?.work.stale, [{ path: 'helper.ts', by: 'a' }]);
  });

  it('holds the task where the person is to be asked, and lands it by hand', async () => {
    const box = await crossed('ask');
    await box.reaches('b', 'held');
    assert.equal(folderState(box.root)['use.ts'], 'file use\n');
    const { record } = box.run;
    valued(await landTask(record, landPortsOf(record, box), 'b', NEVER));
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
    assert.equal(folderState(box.root)['use.ts'], 'file use api 1\n');
  });

  it('leaves a run that does not wait with the task held, and dooms what depends on it', async () => {
    const box = await rig(FILES, { a: [], b: ['a'] }, { onStale: 'ask', limits: { undecided: 'leave' } });
    const a = await box.agents.agent('a');
    put(box.root, 'api.ts', 'mine\n');
    await a.finish({ 'use.ts': 'used\n' }, 'Done.', ['api.ts']);
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'held', b: 'doomed' });
  });

  it('goes back to its agent, which has the workspace as it is now, its own changes in it, and is told what changed', async () => {
    const box = await crossed('rework');
    const b = await box.agents.agent('b', 2);
    assert.deepEqual(treeState(box.repo, b.job.base), { ...folderState(box.root) });
    assert.deepEqual(treeState(box.repo, b.job.again?.draft ?? '')['use.ts'], 'file use api 1\n');
    const told = b.job.again?.message ?? '';
    assert.match(told, /^- api\.ts, by the agent of “Task a”$/m);
    assert.match(told, /^-api 1\n\+api 2$/m);
    await b.finish({ 'use.ts': 'use api 2\n' }, 'Done.', ['api.ts']);
    valued(await box.ended);
    assert.deepEqual(folderState(box.root), {
      '.gitignore': 'file .env\n',
      'api.ts': 'file api 2\n',
      'other.ts': 'file other\n',
      'use.ts': 'file use api 2\n',
    });
    const { work, stage } = box.run.record.state.tasks.get('b') ?? {};
    assert.deepEqual([stage?.kind, work?.stale, work?.reworks.stale], ['landed', [], 1]);
    assert.equal(git(box.root, 'status', '--porcelain').includes('api.ts'), true);
  });

  it('keeps what its agent had done, whatever git collects, until the agent begins again', async () => {
    const box = await rig(FILES, { a: [], b: [] }, { onStale: 'rework', limits: { maxWorkers: 1 } });
    const a = await box.agents.agent('a');
    put(box.root, 'api.ts', 'mine\n');
    await a.finish({ 'use.ts': 'used\n' }, 'Done.', ['api.ts']);
    await box.agents.agent('b');
    await box.reaches('a', 'waiting');
    git(box.root, 'gc', '--quiet', '--prune=now');
    box.run.stopTask('a');
    const { record } = box.run;
    const { changeset, base } = record.state.tasks.get('a')?.work ?? {};
    assert.deepEqual(
      valued(await diffTrees(box.repo, base ?? '', changeset ?? '')).map(({ path }) => path),
      ['use.ts'],
    );
    // As the next process does: this one believes that nobody collects what it has just made.
    valued(await landTask(record, landPortsOf(record, { ...box, repo: await opened(box.root) }), 'a', NEVER));
    assert.deepEqual([folderState(box.root)['use.ts'], folderState(box.root)['api.ts']], ['file used\n', 'file mine\n']);
    box.run.stop();
    valued(await box.ended);
  });

  it('goes back twice at most, then waits for the person, who can send it back once more', async () => {
    const box = await rig(FILES, { a: [] }, { onStale: 'rework' });
    for (const time of [1, 2, 3]) {
      const agent = await box.agents.agent('a', time);
      put(box.root, 'api.ts', `mine ${time}\n`);
      await agent.finish({ 'use.ts': `used ${time}\n` }, 'Done.', ['api.ts']);
    }
    await box.reaches('a', 'held');
    valued(await box.run.rework('a', NEVER));
    await (await box.agents.agent('a', 4)).finish({ 'use.ts': 'used at last\n' }, 'Done.', ['api.ts']);
    valued(await box.ended);
    assert.equal(folderState(box.root)['use.ts'], 'file used at last\n');
  });

  it('is a conflict like any other where the work does not merge any more', async () => {
    const box = await rig(FILES, { a: [] }, { onStale: 'rework' });
    const a = await box.agents.agent('a');
    put(box.root, 'api.ts', 'mine\n');
    put(box.root, 'use.ts', 'mine\n');
    await a.finish({ 'use.ts': 'used\n' }, 'Done.', ['api.ts']);
    await box.reaches('a', 'conflicted');
    box.run.stop();
    valued(await box.ended);
    assert.equal(folderState(box.root)['use.ts'], 'file mine\n');
  });
});
