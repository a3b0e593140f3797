/** Conflicts that an arbiter decides, or the order of roles: checked like any work, and the person's where that does not work out. */
import assert from 'node:assert/strict';
import type { RunEvent } from '../../../src/domain/event';
import { type Plan, planSchema } from '../../../src/domain/plan';
import { type Conflicts, DEFAULT_CONFLICT_PRIORITY } from '../../../src/domain/settings';
import type { TaskState } from '../../../src/domain/taskState';
import { undoTask } from '../../../src/engine/history/undo';
import { journalFile, readJournal } from '../../../src/engine/journal/journal';
import { conflictCard } from '../../../src/engine/landing/conflictCard';
import { landPortsOf, landTask, resolveFile } from '../../../src/engine/landing/landing';
import { gatedCheck } from '../../support/gatedCheck';
import type { Held } from '../../support/gatedWorker';
import { NEVER, valued } from '../../support/result';
import { leave, type Rig, type RigOptions, resumedRig, rig } from '../../support/run';
import { folderState, put, treeState } from '../../support/sandbox';

const TEXT = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n';
const first = (line: string) => TEXT.replace('one', line);

const rules = (by: Conflicts) => ({ by, priority: DEFAULT_CONFLICT_PRIORITY });

function plan(roles: Readonly<Record<string, string>>, more: Partial<Plan> = {}): Partial<Plan> {
  const tasks = Object.entries(roles).map(([id, role]) => ({ id, role, title: `Task ${id}`, instructions: `Do what ${id} does.` }));
  return { ...planSchema.parse({ goal: 'A goal', tasks }), ...more };
}

/** `a` has landed, and `b` is in conflict with it. */
async function inConflict(by: Conflicts, options: RigOptions = {}, roles = { a: 'coder', b: 'docs' }): Promise<Rig> {
  const box = await rig({ 'a.txt': TEXT }, { a: [] }, { plan: plan(roles), conflicts: rules(by), ...options });
  const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
  await a.finish({ 'a.txt': first('a') }, 'I have put a first.');
  await box.reaches('a', 'landed');
  await b.finish({ 'a.txt': `${first('b')}end\n`, 'b.txt': 'b\n' }, 'I have put b first.');
  return box;
}

const eventsOf = (box: Rig): RunEvent[] => valued(readJournal(journalFile(box.repo.stateDir, box.run.id)));
const task = (box: Rig, id: string) => box.run.record.state.tasks.get(id);
const leftOf = (box: Rig, id: string) => {
  const stage = task(box, id)?.stage;
  return stage?.kind === 'conflicted' ? stage.left?.message : undefined;
};

/** What an arbiter finds in its draft. */
const draftOf = (box: Rig, { job }: Held) => treeState(box.repo, job.again?.draft ?? '');

const BOTH = first('a and b');

/** Resolves when something is to be seen in the run's state. */
function until(box: Rig, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      unlisten();
      resolve();
    };
    const unlisten = box.run.record.listen(look);
    look();
  });
}

describe('an arbiter', () => {
  it('gets both sides and what each was for, decides, and what it decided lands as the task’s', async () => {
    const box = await inConflict('arbiter');
    const arbiter = await box.agents.agent('b.1');
    const { job } = arbiter;
    assert.deepEqual([job.task.role, job.task.title, job.maySpawn], ['arbiter', 'Decide the conflict of “Task b”', false]);
    assert.deepEqual(draftOf(box, arbiter), {
      'a.txt': `file <<<<<<< the workspace, by “Task a”\na\n=======\nb\n>>>>>>> the task “Task b”\n${TEXT.slice(4)}end\n`,
      'b.txt': 'file b\n',
    });
    for (const said of ['Do what a does.', 'Do what b does.', 'I have put a first.', 'I have put b first.', '+a\n', '+b\n', 'No check'])
      assert.ok(job.task.instructions.includes(said), said);
    assert.match(job.again?.message ?? '', /“Task b” merged into it[\s\S]+- a\.txt: both sides stand in it/);
    await arbiter.finish({ 'a.txt': `${BOTH}end\n` }, 'Both.');
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', 'b.1': 'joined' });
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${BOTH}end\n`, 'b.txt': 'file b\n' });
    assert.deepEqual(
      task(box, 'b')?.settlements.map(({ by, files }) => ({ by, files })),
      [{ by: { kind: 'arbiter', arbiter: 'b.1' }, files: ['a.txt'] }],
    );
    assert.deepEqual(task(box, 'b')?.work.summary, 'I have put b first.');
    const ports = landPortsOf(box.run.record, box);
    valued(await undoTask(box.run.record, ports, 'b', NEVER));
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${first('a')}` });
  });

  it('that cannot tell leaves it to the person, with what it says; so does one that leaves markers', async () => {
    const box = await inConflict('arbiter');
    await (await box.agents.agent('b.1')).fail('unsure');
    await until(box, () => leftOf(box, 'b') !== undefined);
    assert.equal(leftOf(box, 'b'), 'b.1 failed.');
    assert.deepEqual(box.stages(), { a: 'landed', b: 'conflicted', 'b.1': 'failed' });
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${first('a')}` });
    // Another one is asked.
    valued(await box.run.controls.arbitrate('b', NEVER));
    await (await box.agents.agent('b.2')).finish({}, 'Nothing.');
    await until(box, () => leftOf(box, 'b') !== undefined);
    assert.equal(leftOf(box, 'b'), 'The arbiter has left both sides in a.txt.');
    resolveFile(box.run.record, 'b', 'a.txt', null);
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', 'b.1': 'failed', 'b.2': 'failed' });
    assert.deepEqual(folderState(box.root), { 'b.txt': 'file b\n' });
    assert.deepEqual(task(box, 'b')?.settlements, [{ by: { kind: 'person' }, files: ['a.txt'] }]);
  });

  it('whose decision is red leaves the conflict to the person as it was', async () => {
    const check = `node -e "process.exit(/both/.test(require('fs').readFileSync('a.txt', 'utf8')) ? 1 : 0)"`;
    const box = await inConflict('arbiter', { plan: plan({ a: 'coder', b: 'docs' }, { check }) });
    const arbiter = await box.agents.agent('b.1');
    const before = task(box, 'b')?.work.changeset;
    assert.ok(arbiter.job.task.instructions.includes(`What you decide has to pass: “${check}”`));
    await arbiter.finish({ 'a.txt': first('both') });
    await until(box, () => leftOf(box, 'b') !== undefined);
    assert.match(leftOf(box, 'b') ?? '', /^As the conflict was decided, it does not pass\. Merged into the workspace, its check is red/);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'conflicted', 'b.1': 'failed' });
    assert.deepEqual([task(box, 'b')?.work.changeset, task(box, 'b')?.settlements], [before, []]);
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${first('a')}` });
    assert.deepEqual(conflictCard(box.run.record.state, task(box, 'b') as TaskState).slice(0, 3), [
      'Conflict of “Task b”',
      'Goal: A goal',
      '  a.txt, also changed by “Task a”',
    ]);
    const card = conflictCard(box.run.record.state, task(box, 'b') as TaskState).join('\n');
    assert.match(
      card,
      /Left to you:\n {4}As the conflict was decided[\s\S]+To land:\n“Task b” \(docs, b\)\n {2}It was told:\n {4}Do what b does\./,
    );
    assert.match(
      card,
      /In the workspace:\n“Task a” \(coder, a\)[\s\S]+Its agent says:\n {4}I have put a first\.\n {2}Its check: “node .+” is green$/,
    );
    box.run.stop();
    valued(await box.ended);
  });

  it('is not waited for by a run that leaves conflicts open, once it has left one; what depends on that waits until then', async () => {
    const three = plan({ a: 'coder', b: 'docs' });
    const tasks = [
      ...(three.tasks ?? []),
      { ...planSchema.parse({ goal: 'g', tasks: [{ id: 'c', title: 'C', instructions: 'C.' }] }).tasks[0], dependsOn: ['b'] },
    ];
    const box = await inConflict('arbiter', { plan: { ...three, tasks: tasks as Plan['tasks'] }, limits: { undecided: 'leave' } });
    const arbiter = await box.agents.agent('b.1');
    assert.deepEqual(box.stages(), { a: 'landed', b: 'conflicted', c: 'waiting', 'b.1': 'running' });
    await arbiter.fail('unsure');
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'conflicted', c: 'doomed', 'b.1': 'failed' });
  });

  it('is asked while what was to be checked with its task is checked still', async () => {
    const gate = gatedCheck();
    const roles = { a: 'coder', b: 'docs', c: 'tester' };
    const box = await rig(
      { 'a.txt': TEXT },
      { a: [] },
      { plan: plan(roles, { check: 'the check' }), conflicts: rules('arbiter'), check: gate.check },
    );
    gate.of(box);
    const [a, b, c] = [await box.agents.agent('a'), await box.agents.agent('b'), await box.agents.agent('c')];
    await a.finish({ 'a.txt': first('a') });
    const alone = await gate.nth(1);
    await b.finish({ 'a.txt': first('b') });
    await c.finish({ 'c.txt': 'c\n' });
    await box.reaches('c', 'done');
    alone.answer(true);
    const checking = await gate.nth(2);
    assert.deepEqual(Object.keys(checking.files), ['a.txt', 'c.txt']);
    const arbiter = await box.agents.agent('b.1');
    assert.deepEqual(box.stages(), { a: 'landed', b: 'conflicted', c: 'done', 'b.1': 'running' });
    await arbiter.finish({ 'a.txt': BOTH });
    await box.reaches('b', 'done');
    checking.answer(true);
    const last = await gate.nth(3);
    assert.deepEqual(last.files, { 'a.txt': BOTH, 'c.txt': 'c\n' });
    last.answer(true);
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', c: 'landed', 'b.1': 'joined' });
  });

  it('makes way for the person, who decides meanwhile', async () => {
    const box = await inConflict('arbiter');
    await box.agents.agent('b.1');
    resolveFile(box.run.record, 'b', 'a.txt', null);
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', 'b.1': 'stopped' });
    assert.deepEqual(folderState(box.root), { 'b.txt': 'file b\n' });
  });

  it('is asked again where the workspace has moved on meanwhile, twice in all', async () => {
    const box = await inConflict('arbiter');
    const one = await box.agents.agent('b.1');
    put(box.root, 'a.txt', first('mine'));
    await one.finish({ 'a.txt': first('a and b') });
    const two = await box.agents.agent('b.2');
    assert.ok(two.job.task.instructions.includes('The person’s own edits'));
    assert.match(draftOf(box, two)['a.txt'] ?? '', /^file <<<<<<< the workspace, by the person\nmine\n=======\na and b\n>>>>>>>/);
    put(box.root, 'a.txt', first('mine again'));
    await two.finish({ 'a.txt': first('mine, a and b') });
    await until(box, () => leftOf(box, 'b') !== undefined);
    assert.match(leftOf(box, 'b') ?? '', /^2 arbiters have decided it/);
    assert.equal(folderState(box.root)['a.txt'], `file ${first('mine again')}`);
    box.run.stop();
    valued(await box.ended);
  });

  it('goes on after a crash, of the run or of its own', async () => {
    const box = await inConflict('arbiter');
    await box.agents.agent('b.1');
    await leave(box);
    const again = await resumedRig(box, { run: box.run.id, undecided: 'wait', paused: 'stay' });
    const arbiter = await again.agents.agent('b.1');
    assert.match(draftOf(again, arbiter)['a.txt'] ?? '', /^file <<<<<<< /);
    await arbiter.finish({ 'a.txt': BOTH });
    valued(await again.ended);
    assert.deepEqual(again.stages(), { a: 'landed', b: 'landed', 'b.1': 'joined' });
    assert.equal(folderState(box.root)['a.txt'], `file ${BOTH}`);
  });

  it('that fails begins again from both sides, whatever it left', async () => {
    const box = await inConflict('arbiter', { attempts: 2 });
    (await box.agents.agent('b.1')).crash('A bug.');
    await until(box, () => (task(box, 'b.1')?.work.failures.length ?? 0) > 0);
    await box.time.pass(60_000);
    const arbiter = await box.agents.agent('b.1', 2);
    assert.match(draftOf(box, arbiter)['a.txt'] ?? '', /^file <<<<<<< /);
    await arbiter.finish({ 'a.txt': BOTH });
    valued(await box.ended);
    assert.equal(folderState(box.root)['a.txt'], `file ${BOTH}`);
  });

  it('is not asked of what is no text, nor by hand where there is nothing to ask', async () => {
    const box = await rig({ 'a.bin': 'a\0b' }, { a: [] }, { plan: plan({ a: 'coder', b: 'docs' }), conflicts: rules('arbiter') });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    await a.finish({ 'a.bin': 'a\0c' });
    await box.reaches('a', 'landed');
    await b.finish({ 'a.bin': 'a\0d' });
    await until(box, () => leftOf(box, 'b') !== undefined);
    assert.equal(leftOf(box, 'b'), 'a.bin is no text that could be merged.');
    const refused = await box.run.controls.arbitrate('a', NEVER);
    assert.equal(refused.ok ? '' : refused.failure.message, '“Task a” is in no conflict.');
    box.run.stop();
    valued(await box.ended);
    // Nobody lands an arbiter's draft by hand.
    const landed = await landTask(box.run.record, landPortsOf(box.run.record, box), 'b.1', NEVER);
    assert.equal(landed.ok, false);
  });
});

describe('the order of roles', () => {
  it('decides the lines that contradict each other, and keeps all others', async () => {
    const box = await inConflict('priority', {}, { a: 'coder', b: 'security' });
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${first('b')}end\n`, 'b.txt': 'file b\n' });
    const files = [{ path: 'a.txt', side: 'theirs', role: 'security', over: ['coder'] }];
    assert.deepEqual(
      eventsOf(box).flatMap((event) => (event.type === 'task.settled' ? [event.by] : [])),
      [{ kind: 'rule', files }],
    );
    valued(await undoTask(box.run.record, landPortsOf(box.run.record, box), 'b', NEVER));
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${first('a')}` });
  });

  it('has what landed before prevail where its role comes first', async () => {
    const box = await inConflict('priority');
    valued(await box.ended);
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${first('a')}end\n`, 'b.txt': 'file b\n' });
  });

  it('leaves to the person what they changed themselves, what is between equals, and what was renamed', async () => {
    const equal = await inConflict('priority', {}, { a: 'coder', b: 'coder' });
    await until(equal, () => leftOf(equal, 'b') !== undefined);
    assert.match(leftOf(equal, 'b') ?? '', /does not tell which of them prevails\.$/);
    equal.run.stop();
    valued(await equal.ended);

    const box = await rig(
      { 'a.txt': TEXT, 'z.txt': TEXT },
      { a: [] },
      { plan: plan({ a: 'coder', b: 'security', c: 'security' }), conflicts: rules('priority') },
    );
    const [a, b, c] = [await box.agents.agent('a'), await box.agents.agent('b'), await box.agents.agent('c')];
    // In another place of the same file, and unsaved.
    box.workspace.buffers.set('a.txt', TEXT.replace('seven', 'mine'));
    await a.finish({ 'a.txt': first('a'), 'y.txt': first('a'), 'z.txt': null });
    await box.reaches('a', 'landed');
    await b.finish({ 'a.txt': first('b') });
    await until(box, () => leftOf(box, 'b') !== undefined);
    assert.equal(leftOf(box, 'b'), 'You changed a.txt yourself.');
    await c.finish({ 'z.txt': first('c') });
    await until(box, () => leftOf(box, 'c') !== undefined);
    assert.match(leftOf(box, 'c') ?? '', /^y\.txt|was renamed/);
    box.run.stop();
    valued(await box.ended);
  });
});
