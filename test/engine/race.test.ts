/** Races: several agents for one task, of which the first that passes lands, or the best. */
import assert from 'node:assert/strict';
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type Plan, planSchema } from '../../src/domain/plan';
import { childSchema } from '../../src/domain/spawn';
import { NO_USAGE } from '../../src/domain/usage';
import { journalFile } from '../../src/engine/journal/journal';
import { summarize } from '../../src/engine/summary';
import { Draft } from '../../src/repo/draft/draft';
import { readRef } from '../../src/repo/repository';
import { gatedCheck } from '../support/gatedCheck';
import { failed, valued } from '../support/result';
import { leave, type Rig, type RigOptions, resumedRig, rig } from '../support/run';
import { put } from '../support/sandbox';

type Task = Partial<Plan['tasks'][number]>;

/** A plan in which `t` is raced for, and what depends on it. */
function planOf(task: Task, more: Partial<Plan> = {}): Plan {
  const common = { title: 'The race', instructions: 'Do it.' };
  return planSchema.parse({
    goal: 'A goal',
    tasks: [
      { ...common, id: 't', candidates: 2, ...task },
      { ...common, id: 'after', dependsOn: ['t'] },
    ],
    ...more,
  });
}

/** A run of {@link planOf} whose check, if there is one, the test answers. */
async function race(task: Task = {}, more: Partial<Plan> = {}, options: RigOptions = {}) {
  const gate = gatedCheck();
  const box = await rig({ 'a.txt': 'a\n', 'b.txt': 'b\n' }, { t: [] }, { plan: planOf(task, more), check: gate.check, ...options });
  gate.of(box);
  const agents = async (...ids: string[]) => Promise.all(ids.map((id) => box.agents.agent(id)));
  return { ...box, gate, held: agents };
}

const stateOf = ({ run }: Pick<Rig, 'run'>, id: string) => {
  const found = run.record.state.tasks.get(id);
  assert.ok(found);
  return found;
};
const text = ({ root }: Pick<Rig, 'root'>, path: string) => readFileSync(join(root, path), 'utf8');

async function finishAfter(box: Rig): Promise<void> {
  await (await box.agents.agent('after')).finish();
  valued(await box.ended);
}

describe('a race', () => {
  it('lands the first that is done, and stops the others: what they did and cost stays to be seen', async () => {
    const fallback = [{ model: 'other' }, { role: 'debugger' as const }];
    const stopEdits = { 't.1': { 'one.txt': 'half\n' } };
    const box = await race({ candidates: 4, model: 'main', fallback }, {}, { stopEdits });
    const [one, two, three, four] = await box.held('t.1', 't.2', 't.3', 't.4');
    assert.deepEqual(
      [one, two, three, four].map((held) => [held?.job.model, held?.job.task.role, held?.job.task.candidates]),
      [
        ['main', 'coder', undefined],
        ['other', 'coder', undefined],
        ['main', 'debugger', undefined],
        ['main', 'coder', undefined],
      ],
    );
    for (const held of [one, two]) held?.report({ type: 'turn', usage: { ...NO_USAGE, input: 100, output: 10 } });
    await two?.finish({ 'two.txt': 'two\n' }, 'Did it.');
    await finishAfter(box);
    assert.deepEqual(box.stages(), { t: 'landed', after: 'landed', 't.1': 'stopped', 't.2': 'joined', 't.3': 'stopped', 't.4': 'stopped' });
    assert.equal(text(box, 'two.txt'), 'two\n');
    assert.deepEqual([stateOf(box, 't').work.summary, stateOf(box, 't').work.as], ['Did it.', { role: 'coder', model: 'other' }]);
    const { changeset } = stateOf(box, 't.1').work;
    assert.ok(changeset !== null);
    assert.equal(valued(await readRef(box.repo, `runs/${box.run.id}/drafts/t.1`)), changeset);
    assert.deepEqual(summarize(box.run.record.state, 0).usage, { ...NO_USAGE, input: 200, output: 20 });
  });

  it('goes on with the next one where the check is red, and has the last one left repaired by its own agent', async () => {
    const box = await race({ candidates: 3, fallback: [{ model: 'other' }] }, { check: 'the check' });
    const [one, two, three] = await box.held('t.1', 't.2', 't.3');
    await one?.finish({ 'n.txt': '1\n' });
    (await box.gate.nth(1)).answer(false, 'one is wrong');
    await box.reaches('t', 'awaiting');
    assert.deepEqual(box.stages(), { t: 'awaiting', after: 'waiting', 't.1': 'failed', 't.2': 'running', 't.3': 'running' });
    assert.match(JSON.stringify(stateOf(box, 't.1').stage), /Merged into the workspace, its check is red.*one is wrong/);
    assert.equal(stateOf(box, 't.1').check?.kind, 'ended');
    await three?.fail();
    await two?.finish({ 'n.txt': '2\n' });
    (await box.gate.nth(2)).answer(false, 'two is wrong');
    // Whoever repairs it is told whether it was red before.
    (await box.gate.nth(3)).answer(true);
    const again = await box.agents.agent('t');
    assert.deepEqual([again.job.model, again.job.again?.draft === null], ['other', false]);
    assert.match(again.job.again?.message ?? '', /two is wrong/);
    await again.finish({ 'n.txt': '3\n' });
    const last = await box.gate.nth(4);
    assert.deepEqual(last.files, { 'a.txt': 'a\n', 'b.txt': 'b\n', 'n.txt': '3\n' });
    last.answer(true);
    await finishAfter(box);
    assert.deepEqual(box.stages(), { t: 'landed', after: 'landed', 't.1': 'failed', 't.2': 'joined', 't.3': 'failed' });
    assert.equal(text(box, 'n.txt'), '3\n');
  });

  it('for the best lets all of them end, and tries first what changes least; what changed nothing comes last, and gives way to whoever is at work', async () => {
    const box = await race({ candidates: 4, pick: 'best' }, { check: 'the check' });
    const [one, two, three, four] = await box.held('t.1', 't.2', 't.3', 't.4');
    await one?.finish({ 'a.txt': '1\n', 'b.txt': '1\n' });
    await two?.finish({});
    await three?.finish({ 'a.txt': '3\n' });
    assert.deepEqual(box.stages()['t'], 'awaiting');
    await four?.fail();
    const first = await box.gate.nth(1);
    assert.deepEqual(first.files, { 'a.txt': '3\n', 'b.txt': 'b\n' });
    first.answer(false);
    const second = await box.gate.nth(2);
    assert.deepEqual(second.files, { 'a.txt': '1\n', 'b.txt': '1\n' });
    second.answer(true);
    await finishAfter(box);
    assert.deepEqual(box.stages(), { t: 'landed', after: 'landed', 't.1': 'joined', 't.2': 'stopped', 't.3': 'failed', 't.4': 'failed' });

    const idle = await race();
    const [gaveUp, works] = await idle.held('t.1', 't.2');
    await gaveUp?.finish({}, 'Nothing is to be done.');
    assert.deepEqual(idle.stages()['t'], 'awaiting');
    await works?.fail();
    await finishAfter(idle);
    assert.deepEqual([idle.stages()['t'], stateOf(idle, 't').work.summary], ['landed', 'Nothing is to be done.']);
  });

  it('is lost where every one of them is out, and dooms what waits for it; it can be run again, with new ones', async () => {
    const box = await race();
    const [one, two] = await box.held('t.1', 't.2');
    await one?.fail();
    await two?.fail();
    valued(await box.ended);
    assert.deepEqual(box.stages(), { t: 'failed', after: 'doomed', 't.1': 'failed', 't.2': 'failed' });
    assert.deepEqual(stateOf(box, 't').stage, {
      kind: 'failed',
      failure: {
        kind: 'agent',
        message: 'None of the 2 candidates passed. t.1: t.1 failed. t.2: t.2 failed.',
        fix: 'Look at their drafts; land one by hand, or retry the task.',
      },
    });

    const more = await race(
      {},
      {
        tasks: [
          ...planOf({}).tasks,
          ...planSchema.parse({ goal: 'x', tasks: [{ id: 'slow', title: 'Slow', instructions: 'Wait.' }] }).tasks,
        ],
      },
    );
    for (const held of await more.held('t.1', 't.2')) await held.fail();
    await more.reaches('after', 'doomed');
    more.run.record.emit({ type: 'task.again', task: 't' });
    const [, four] = await more.held('t.3', 't.4');
    await four?.finish({ 'a.txt': '4\n' });
    await (await more.agents.agent('slow')).finish();
    await finishAfter(more);
    assert.deepEqual(more.stages(), {
      t: 'landed',
      after: 'landed',
      slow: 'landed',
      't.1': 'failed',
      't.2': 'failed',
      't.3': 'stopped',
      't.4': 'joined',
    });
  });

  it('is over when its winner waits for the person: in conflict, or held because its premise is stale', async () => {
    for (const onStale of ['check', 'ask'] as const) {
      const box = await race({}, {}, { onStale });
      const [one, two] = await box.held('t.1', 't.2');
      put(box.root, 'a.txt', 'mine\n');
      if (onStale === 'check') await two?.finish({ 'a.txt': 'theirs\n' });
      else await two?.finish({ 'b.txt': 'b2\n' }, 'Done.', ['a.txt']);
      await box.reaches('t', onStale === 'check' ? 'conflicted' : 'held');
      await box.reaches('t.1', 'stopped');
      assert.equal(one?.signal.aborted, true);
      assert.equal(box.stages()['t.2'], 'joined');
      box.run.stop();
      valued(await box.ended);
    }
  });

  it('goes on with the agent of its winner alone where that is to look again at what was changed meanwhile', async () => {
    const box = await race({ fallback: [{ model: 'other' }] }, {}, { onStale: 'rework' });
    const [one, two] = await box.held('t.1', 't.2');
    put(box.root, 'a.txt', 'mine\n');
    await two?.finish({ 'b.txt': 'b2\n' }, 'Done.', ['a.txt']);
    const again = await box.agents.agent('t');
    assert.equal(one?.signal.aborted, true);
    assert.equal(again.job.model, 'other');
    assert.match(again.job.again?.message ?? '', /files that you had read were changed by others:\n- a\.txt, by the person/);
    await again.finish({ 'b.txt': 'b3\n' });
    await finishAfter(box);
    assert.deepEqual(box.stages(), { t: 'landed', after: 'landed', 't.1': 'stopped', 't.2': 'joined' });
    assert.equal(text(box, 'b.txt'), 'b3\n');
  });

  it('can be stopped, as a whole or one of them, and needs no more places than there are', async () => {
    const box = await race({ candidates: 3 }, {}, { limits: { maxWorkers: 1 } });
    const [one] = await box.held('t.1');
    assert.deepEqual(box.stages(), { t: 'awaiting', after: 'waiting', 't.1': 'running', 't.2': 'waiting', 't.3': 'waiting' });
    box.run.stopTask('t.1');
    await box.held('t.2');
    assert.equal(one?.signal.aborted, true);
    box.run.stopTask('t');
    valued(await box.ended);
    assert.deepEqual(box.stages(), { t: 'stopped', after: 'doomed', 't.1': 'stopped', 't.2': 'stopped', 't.3': 'stopped' });
  });

  it('may have candidates that spawn: what their children did is theirs', async () => {
    const box = await race();
    const [one, two] = await box.held('t.1', 't.2');
    assert.ok(one !== undefined && two !== undefined);
    const part = childSchema.parse({ name: 'x', title: 'Part x', instructions: 'Do part x.' });
    assert.match(
      failed(await one.spawn({ call: 'c', draft: null, children: [{ ...part, instructions: 'Do it.' }] })).message,
      /just what you were told/,
    );
    const spawned = one.spawn({ call: 'c', draft: null, children: [part] });
    await (await box.agents.agent('t.1.1')).finish({ 'x.txt': 'x\n' });
    const { draft } = valued(await spawned);
    one.finishWith(valued(await valued(await Draft.resume(box.repo, one.job.base, draft ?? '')).commit()));
    await finishAfter(box);
    assert.deepEqual(box.stages(), { t: 'landed', after: 'landed', 't.1': 'joined', 't.2': 'stopped', 't.1.1': 'joined' });
    assert.equal(text(box, 'x.txt'), 'x\n');
  });

  it('goes on after a crash: with those that raced, with those that a torn journal lacks, or with the one that mends its work', async () => {
    const box = await race({ fallback: [{ model: 'other' }] }, { check: 'the check' });
    await box.held('t.1', 't.2');
    await leave(box);
    const journal = journalFile(box.repo.stateDir, box.run.id);
    const text = readFileSync(journal, 'utf8');
    truncateSync(journal, Buffer.byteLength(text.slice(0, text.indexOf('\n', text.indexOf('"task.added"')) + 1)));
    const resumed = async () => {
      const gate = gatedCheck();
      const next = await resumedRig(box, { run: box.run.id, undecided: 'wait', paused: 'stay' }, { check: gate.check });
      gate.of(next);
      return { ...next, gate };
    };
    const second = await resumed();
    await second.agents.agent('t.1');
    await second.agents.agent('t.2');
    assert.deepEqual(second.stages(), { t: 'awaiting', after: 'waiting', 't.1': 'running', 't.2': 'running' });
    await leave(second);
    const third = await resumed();
    await (await third.agents.agent('t.1')).fail();
    await (await third.agents.agent('t.2')).finish({ 'n.txt': '2\n' });
    (await third.gate.nth(1)).answer(false);
    (await third.gate.nth(2)).answer(true);
    await third.agents.agent('t');
    await leave(third);
    const last = await resumed();
    const again = await last.agents.agent('t');
    assert.deepEqual([again.job.model, last.agents.running()], ['other', ['t']]);
    await again.finish({ 'n.txt': '3\n' });
    (await last.gate.nth(1)).answer(true);
    await finishAfter(last);
    assert.deepEqual(last.stages(), { t: 'landed', after: 'landed', 't.1': 'failed', 't.2': 'joined' });
    assert.equal(readFileSync(join(box.root, 'n.txt'), 'utf8'), '3\n');
  });
});
