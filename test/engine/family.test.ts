/** Children that an agent spawns: they work on its draft as it is, and what they did is in it when it goes on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childSchema } from '../../src/domain/spawn';
import { Draft } from '../../src/repo/draft/draft';
import { changesetOf } from '../support/gatedWorker';
import { valued } from '../support/result';
import { rig } from '../support/run';

const child = (name: string, dependsOn: string[] = []) =>
  childSchema.parse({ name, title: `Part ${name}`, instructions: `Do part ${name}.`, dependsOn });

describe('a task that spawns others', () => {
  it('gives its place to its children, gets what they did into its draft, and lands all of it', async () => {
    const { run, repo, agents, ended, stages, root } = await rig({ 'a.txt': 'one\n' }, { top: [] }, { limits: { maxWorkers: 1 } });
    const top = await agents.agent('top');
    const before = await changesetOf(repo, top.job.base, { 'mine.txt': 'mine\n' });
    const spawned = top.spawn({ call: 'c1', draft: before.commit, children: [child('x'), child('y', ['x'])] });
    const x = await agents.agent('top.1');
    assert.equal(x.job.base, before.commit);
    assert.deepEqual(stages(), { top: 'awaiting', 'top.1': 'running', 'top.2': 'waiting' });
    await x.finish({ 'x.txt': 'x\n' }, 'Did x.');
    const y = await agents.agent('top.2');
    await y.finish({ 'x.txt': 'x and y\n' }, 'Did y.');
    const { draft, children } = valued(await spawned);
    assert.deepEqual(children, [
      { name: 'x', title: 'Part x', end: 'joined', text: 'Did x.', conflicts: [] },
      { name: 'y', title: 'Part y', end: 'joined', text: 'Did y.', conflicts: [] },
    ]);
    const now = valued(await Draft.resume(repo, top.job.base, draft ?? ''));
    const kept = valued(await now.commit('All of it'));
    assert.deepEqual(
      kept.changes.map(({ path }) => path),
      ['mine.txt', 'x.txt'],
    );
    await top.finishWith(kept);
    valued(await ended);
    assert.deepEqual(stages(), { top: 'landed', 'top.1': 'joined', 'top.2': 'joined' });
    assert.equal(readFileSync(join(root, 'x.txt'), 'utf8'), 'x and y\n');
    assert.equal(run.record.state.tasks.get('top.2')?.depth, 1);
  });
});
