/** Checked before it lands: on the merged tree, in a real folder, with the agent's repair, in batches, and while others land. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { undoTask } from '../../../src/engine/history/undo';
import { landPortsOf } from '../../../src/engine/landing/landing';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { gatedCheck } from '../../support/gatedCheck';
import { NEVER, valued } from '../../support/result';
import { planOf, type Rig, rig } from '../../support/run';
import { put, temporaryFolder } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

/** Fails where the numbers in the files of `n/` add up to more than ten. */
const SUM = `node -e "
  const { readdirSync, readFileSync } = require('fs');
  const sum = readdirSync('n').reduce((sum, name) => sum + Number(readFileSync('n/' + name, 'utf8')), 0);
  console.log('sum ' + sum);
  process.exit(sum > 10 ? 1 : 0)"`.replaceAll(/\n\s*/g, ' ');

async function gatedRig(
  tasks: Readonly<Record<string, readonly string[]>>,
  plan: NonNullable<Parameters<typeof rig>[2]>['plan'] = { check: 'the check' },
) {
  const gate = gatedCheck();
  const run = await rig({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n' }, tasks, { plan, check: gate.check });
  gate.of(run);
  return { ...run, gate };
}

const checkOf = (run: Rig, task: string) => run.run.record.state.tasks.get(task)?.check;
const text = (run: Rig, path: string) => readFileSync(join(run.root, path), 'utf8');

describe('a task with a check', () => {
  it('lands when the check is green on the merged tree, in a real folder outside of the workspace', async () => {
    const run = await rig(
      { 'n/one': '5' },
      { a: [] },
      { plan: { check: `${SUM} && node -e "require('fs').writeFileSync('n/made', '9')"` } },
    );
    await (await run.agents.agent('a')).finish({ 'n/two': '5' });
    valued(await run.ended);
    assert.deepEqual(run.stages(), { a: 'landed' });
    const check = checkOf(run, 'a') as Extract<ReturnType<typeof checkOf>, { kind: 'ended' }>;
    assert.deepEqual([check.kind, check.ok, check.exitCode, check.output], ['ended', true, 0, 'sum 10\n']);
    assert.equal(text(run, 'n/two'), '5');
    assert.ok(!existsSync(join(run.root, 'n/made')));
  });

  it('that is killed is run once more by itself, and fails without a repair where it is killed again', async function () {
    if (process.platform === 'win32') return skipFor(this, 'nothing is killed by a signal there');
    const once = join(temporaryFolder(), 'killed');
    for (const kill of ['kill -9 $$', 'sh -c "kill -9 \\$\\$"; exit $?']) {
      rmSync(once, { force: true });
      const lucky = await rig(
        { x: 'x' },
        { a: [] },
        { plan: { check: `if [ -e '${once}' ]; then echo green; else touch '${once}'; ${kill}; fi` } },
      );
      await (await lucky.agents.agent('a')).finish({ y: 'y' });
      valued(await lucky.ended);
      assert.deepEqual(lucky.stages(), { a: 'landed' });
      const again = await rig({ x: 'x' }, { a: [] }, { plan: { check: kill } });
      await (await again.agents.agent('a')).finish({ y: 'y' });
      valued(await again.ended);
      assert.deepEqual(again.stages(), { a: 'failed' });
      const stage = again.run.record.state.tasks.get('a')?.stage;
      assert.match(stage?.kind === 'failed' ? stage.failure.message : '', / was killed twice from outside before it had ended/);
      assert.ok(!existsSync(join(again.root, 'y')));
    }
  });

  it('goes back to its agent with the output when it is red, on the merged tree, and lands once it is repaired', async () => {
    const run = await rig({ 'n/one': '5' }, { a: [] }, { plan: { check: SUM } });
    const first = await run.agents.agent('a');
    put(run.root, 'n/person', '4');
    await first.finish({ 'n/two': '5' });
    await run.reaches('a', 'waiting');
    const second = await run.agents.agent('a', 2);
    assert.match(second.job.again?.message ?? '', /check is red: “node .*” ended with exit code 1/);
    assert.match(second.job.again?.message ?? '', /sum 14/);
    assert.doesNotMatch(second.job.again?.message ?? '', /red as well/);
    assert.match(second.job.again?.message ?? '', /- n\/person/);
    assert.ok(!existsSync(join(run.root, 'n/two')), 'nothing red lands');
    await second.finish({ 'n/two': '1' });
    valued(await run.ended);
    assert.deepEqual(run.stages(), { a: 'landed' });
    assert.deepEqual([text(run, 'n/two'), text(run, 'n/person')], ['1', '4']);
  });

  it('fails when repairs do not help: with the tail of the output, its draft kept, nothing landed', async () => {
    const run = await rig({ 'n/one': '5' }, { a: [], b: ['a'] }, { plan: { check: SUM, limits: { repairs: 1 } } });
    await (await run.agents.agent('a')).finish({ 'n/two': '6' });
    await run.reaches('a', 'waiting');
    await (await run.agents.agent('a', 2)).finish({ 'n/two': '7' });
    valued(await run.ended);
    assert.deepEqual(run.stages(), { a: 'failed', b: 'doomed' });
    const task = run.run.record.state.tasks.get('a');
    assert.ok(task?.stage.kind === 'failed' && task.work.changeset !== null);
    assert.equal(task.stage.failure.kind, 'check');
    assert.match(task.stage.failure.message, /its check is red: .* ended with exit code 1, and a repair did not help\.[\s\S]*sum 12/);
    assert.ok(!existsSync(join(run.root, 'n/two')));
  });

  it('is told to its agent as red before it came, where it was', async () => {
    const run = await rig({ 'n/one': '50' }, { a: [] }, { plan: { check: SUM, limits: { repairs: 1 } } });
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A' });
    const again = await run.agents.agent('a', 2);
    assert.match(again.job.again?.message ?? '', /Without your changes it is red as well/);
    await again.finish({ 'a.txt': 'B' });
    valued(await run.ended);
    const stage = run.run.record.state.tasks.get('a')?.stage;
    assert.match(stage?.kind === 'failed' ? stage.failure.message : '', /a repair did not help\. Without the task it is red as well\./);
  });

  it('runs its own check before the run’s, and a task that changed nothing none', async () => {
    const run = await gatedRig({ a: [], b: [] });
    const plan = run.run.record.state.start.plan;
    Object.assign(plan.tasks[0] ?? {}, { check: 'own check' });
    await (await run.agents.agent('b')).finish({});
    await run.reaches('b', 'landed');
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    const asked = await run.gate.nth(1);
    assert.deepEqual(asked.commands, ['own check', 'the check']);
    assert.deepEqual(asked.files, { 'a.txt': 'A\n', 'b.txt': 'b\n', 'c.txt': 'c\n' });
    asked.answer(true);
    valued(await run.ended);
    assert.equal(run.gate.asked.length, 1);
  });

  it('that does not merge goes the way of every conflict, unchecked', async () => {
    const run = await gatedRig({ a: [] });
    const agent = await run.agents.agent('a');
    put(run.root, 'a.txt', 'mine\n');
    await agent.finish({ 'a.txt': 'theirs\n' });
    await run.reaches('a', 'conflicted');
    assert.equal(run.gate.asked.length, 0);
    run.run.stop();
    valued(await run.ended);
  });
});

describe('tasks that wait for a check', () => {
  it('are checked together, once, and land in the order in which they were done', async () => {
    const run = await gatedRig({ a: [], b: [], c: [] });
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    const first = await run.gate.nth(1);
    await (await run.agents.agent('c')).finish({ 'c.txt': 'C\n' });
    await (await run.agents.agent('b')).finish({ 'b.txt': 'B\n' });
    first.answer(true);
    const second = await run.gate.nth(2);
    assert.deepEqual(second.files, { 'a.txt': 'A\n', 'b.txt': 'B\n', 'c.txt': 'C\n' });
    second.answer(true);
    valued(await run.ended);
    assert.deepEqual(run.stages(), { a: 'landed', b: 'landed', c: 'landed' });
    assert.equal(run.gate.asked.length, 2);
  });

  it('are bisected when they are red: the guilty one goes back and is named, the others land', async () => {
    const run = await gatedRig({ z: [], a: [], b: [], c: [] });
    await (await run.agents.agent('z')).finish({ 'z.txt': 'z\n' });
    const first = await run.gate.nth(1);
    for (const id of ['a', 'b', 'c']) await (await run.agents.agent(id)).finish({ [`${id}.txt`]: `${id.toUpperCase()}\n` });
    first.answer(true);
    let count = 2;
    // Red with what b did: all three, then a alone, then a and b, then a and c.
    for (const files of [
      ['A\n', 'B\n', 'C\n'],
      ['A\n', 'b\n', 'c\n'],
      ['A\n', 'B\n', 'c\n'],
      ['A\n', 'b\n', 'C\n'],
    ]) {
      const asked = await run.gate.nth(count++);
      assert.deepEqual([asked.files['a.txt'], asked.files['b.txt'], asked.files['c.txt']], files);
      asked.answer(asked.files['b.txt'] === 'b\n', 'b is bad');
    }
    const again = await run.agents.agent('b', 2);
    assert.match(again.job.again?.message ?? '', /Without your changes it is green, with those of: Task a\.[\s\S]*b is bad/);
    assert.deepEqual(run.stages(), { z: 'landed', a: 'landed', b: 'running', c: 'landed' });
    assert.deepEqual([text(run, 'a.txt'), text(run, 'b.txt'), text(run, 'c.txt')], ['A\n', 'b\n', 'C\n']);
    await again.finish({ 'b.txt': 'better\n' });
    (await run.gate.nth(count)).answer(true);
    valued(await run.ended);
    assert.equal(text(run, 'b.txt'), 'better\n');
    assert.equal(run.gate.asked.length, 6);
  });
});

describe('while a check runs', () => {
  it('the person edits other files: what was checked lands around them, without another check', async () => {
    const run = await gatedRig({ a: [] });
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    const asked = await run.gate.nth(1);
    put(run.root, 'b.txt', 'mine\n');
    asked.answer(true);
    valued(await run.ended);
    assert.deepEqual([text(run, 'a.txt'), text(run, 'b.txt'), run.gate.asked.length], ['A\n', 'mine\n', 1]);
  });

  it('the person edits the same file: it is checked again as it is merged now', async () => {
    const gate = gatedCheck();
    const run = await rig({ 'a.txt': '1\n2\n3\n4\n5\n' }, { a: [] }, { plan: { check: 'x' }, check: gate.check });
    gate.of(run);
    await (await run.agents.agent('a')).finish({ 'a.txt': '1\n2\n3\n4\nfive\n' });
    const first = await gate.nth(1);
    put(run.root, 'a.txt', 'one\n2\n3\n4\n5\n');
    first.answer(true);
    const second = await gate.nth(2);
    assert.deepEqual(second.files, { 'a.txt': 'one\n2\n3\n4\nfive\n' });
    second.answer(true);
    valued(await run.ended);
    assert.equal(text(run, 'a.txt'), 'one\n2\n3\n4\nfive\n');
  });

  it('another landing or undo comes: it is checked again', async () => {
    const run = await gatedRig({ z: [], a: [] });
    await (await run.agents.agent('z')).finish({ 'c.txt': 'Z\n' });
    (await run.gate.nth(1)).answer(true);
    await run.reaches('z', 'landed');
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    const asked = await run.gate.nth(2);
    valued(await undoTask(run.run.record, landPortsOf(run.run.record, run), 'z', NEVER));
    asked.answer(true);
    const again = await run.gate.nth(3);
    assert.deepEqual(again.files, { 'a.txt': 'A\n', 'b.txt': 'b\n', 'c.txt': 'c\n' });
    again.answer(true);
    valued(await run.ended);
    assert.deepEqual([text(run, 'a.txt'), text(run, 'c.txt')], ['A\n', 'c\n']);
  });

  it('others of the run land twice before it, and then wait: it is not overtaken for ever', async () => {
    const all = planOf({ a: [], b: [], c: [], d: [] });
    const tasks = all.tasks.map((task) => (task.id === 'a' ? { ...task, check: 'own check' } : task));
    const run = await gatedRig({ a: [], b: [], c: [], d: [] }, { tasks });
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    for (const [round, id] of ['b', 'c'].entries()) {
      const asked = await run.gate.nth(round + 1);
      await (await run.agents.agent(id)).finish({ [`${id}.txt`]: 'new\n' });
      await run.reaches(id, 'landed');
      asked.answer(true);
    }
    const third = await run.gate.nth(3);
    const landed: string[] = [];
    run.run.record.listen((event) => {
      if (event.type === 'task.landed') landed.push(event.task);
    });
    await (await run.agents.agent('d')).finish({ 'd.txt': 'new\n' });
    third.answer(true);
    valued(await run.ended);
    assert.deepEqual([landed, run.gate.asked.length], [['a', 'd'], 3]);
  });

  it('the person rolls other files back: it is checked again', async () => {
    const run = await gatedRig({ a: [] });
    const snapshot = valued(await takeSnapshot(run.repo, run.workspace, { label: 'Before', clock: run.clock }, NEVER));
    put(run.root, 'b.txt', 'later\n');
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    const asked = await run.gate.nth(1);
    assert.equal(asked.files['b.txt'], 'later\n');
    valued(await rollBack(run.repo, run.workspace, { snapshot, clock: run.clock }, NEVER));
    asked.answer(true);
    const again = await run.gate.nth(2);
    assert.deepEqual(again.files, { 'a.txt': 'A\n', 'b.txt': 'b\n', 'c.txt': 'c\n' });
    again.answer(true);
    valued(await run.ended);
    assert.equal(text(run, 'a.txt'), 'A\n');
  });

  it('the run is stopped: the check is called off, and nothing lands', async () => {
    const run = await gatedRig({ a: [] });
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    await run.gate.nth(1);
    run.run.stop();
    valued(await run.ended);
    assert.deepEqual([run.stages(), text(run, 'a.txt')], [{ a: 'stopped' }, 'a\n']);
  });

  it('one task of a batch is stopped: the others are checked without it', async () => {
    const run = await gatedRig({ z: [], a: [], b: [] });
    await (await run.agents.agent('z')).finish({ 'z.txt': 'z\n' });
    const first = await run.gate.nth(1);
    await (await run.agents.agent('a')).finish({ 'a.txt': 'A\n' });
    await (await run.agents.agent('b')).finish({ 'b.txt': 'B\n' });
    first.answer(true);
    const both = await run.gate.nth(2);
    run.run.stopTask('a');
    both.answer(true);
    const alone = await run.gate.nth(3);
    assert.deepEqual([alone.files['a.txt'], alone.files['b.txt']], ['a\n', 'B\n']);
    alone.answer(true);
    valued(await run.ended);
    assert.deepEqual(run.stages(), { z: 'landed', a: 'stopped', b: 'landed' });
  });
});
