/** Breakers for agents of a role and a model that keep failing: what opens, tries and closes them, and what becomes of those that wait. */
import assert from 'node:assert/strict';
import type { RunEvent } from '../../../src/domain/event';
import { type Failure, type FailureKind, fail } from '../../../src/domain/failure';
import { afterAttempt } from '../../../src/engine/schedule/breakers';
import { valued } from '../../support/result';
import { planOf, type Rig, rig, stagesOf } from '../../support/run';

type Step = Parameters<typeof afterAttempt>;

const failure = (kind: FailureKind = 'agent'): Failure => fail(kind, 'It failed.').failure;

/** What a breaker does after each of these attempts, one after the other; 'half' lets it try in between. */
function played(...attempts: (FailureKind | 'done' | 'half')[]): string[] {
  let row: Step[0];
  let state: Step[1] = 'closed';
  const seen: string[] = [];
  for (const attempt of attempts) {
    if (attempt === 'half') {
      state = 'half-open';
      continue;
    }
    const next = afterAttempt(row, state, attempt === 'done' ? undefined : failure(attempt));
    row = next.row;
    state = next.to?.state ?? state;
    seen.push(next.to === undefined ? '' : `${next.to.state} ${next.to.waitMs}`.replace(' 0', ''));
  }
  return seen;
}

describe('a breaker', () => {
  it('opens after five failures in a row, and is closed again by the one that tries', () => {
    assert.deepEqual(played('agent', 'model', 'done', 'agent', 'timeout', 'agent', 'model'), ['', '', '', '', '', '', '']);
    assert.deepEqual(played('agent', 'model', 'agent', 'timeout', 'agent', 'agent'), ['', '', '', '', 'open 30000', '']);
    assert.deepEqual(played(...five, 'half', 'done', ...five), ['', '', '', '', 'open 30000', 'closed', '', '', '', '', 'open 30000']);
  });

  it('stays open twice as long each time that the one that tries fails, and gives up in the end', () => {
    const waits = ['', '', '', '', 'open 30000', 'open 60000', 'open 120000', 'open 240000', 'given-up', ''];
    assert.deepEqual(played(...five, 'half', 'agent', 'half', 'agent', 'half', 'agent', 'half', 'agent', 'agent'), waits);
  });

  it('hears nothing of a model from a process that ended: all who were in it fail together', () => {
    assert.deepEqual(played(...Array.from({ length: 9 }, () => 'crash' as const)), Array(9).fill(''));
    assert.deepEqual(played('agent', 'agent', 'crash', 'agent', 'agent', 'crash', 'agent'), ['', '', '', '', '', '', 'open 30000']);
  });

  it('gives up at once where a key, or the model, is refused', () => {
    for (const kind of ['auth', 'refused'] as const)
      assert.deepEqual(played(...Array.from({ length: 5 }, () => kind)), ['', '', '', '', 'given-up']);
  });

  it('does not go by what tells nothing of the agents', () => {
    assert.deepEqual(played('agent', 'agent', 'agent', 'agent', 'loop', 'input', 'check', 'budget', 'agent').at(-1), 'open 30000');
    assert.deepEqual(played(...five, 'half', 'input', 'loop', 'done').slice(5), ['', '', 'closed']);
  });
});

const five: FailureKind[] = ['agent', 'agent', 'agent', 'agent', 'agent'];

function breakersOf({ run }: Rig): string[] {
  const seen: string[] = [];
  run.record.listen((event: RunEvent) => {
    if (event.type === 'run.breaker') seen.push(`${event.key} ${event.state}`);
  });
  return seen;
}

/** Five tasks, and so many more that wait for a gate, whose agent is of another role. */
function plan(more: number, given: (id: string) => object = () => ({})) {
  const names = Array.from({ length: 5 + more }, (_, at) => `t${at}`);
  const { tasks } = planOf({ gate: [], ...Object.fromEntries(names.map((id, at) => [id, at < 5 ? [] : ['gate']])) });
  return { tasks: tasks.map((task) => ({ ...task, ...(task.id === 'gate' && { role: 'docs' as const }), ...given(task.id) })) };
}

const FIVE = ['t0', 't1', 't2', 't3', 't4'];

/** The five fail, one after the other; then the others are let go. */
async function broken(more: number, kind: FailureKind, given?: (id: string) => object) {
  const box = await rig({ x: 'x' }, { t0: [] }, { plan: plan(more, given), limits: { maxWorkers: 6 } });
  const seen = breakersOf(box);
  for (const id of FIVE) await (await box.agents.agent(id)).fail(kind);
  await box.reaches('t4', 'failed');
  await (await box.agents.agent('gate')).finish();
  await box.reaches('gate', 'landed');
  await box.time.pass(0);
  return { box, seen };
}

const failed = Object.fromEntries(FIVE.map((id) => [id, 'failed']));

describe('agents that keep failing', () => {
  it('are spared for a while, then one tries, and the others follow it', async () => {
    const { box, seen } = await broken(3, 'model');
    await box.time.pass(29_999);
    assert.deepEqual(box.agents.running(), []);
    await box.time.pass(1);
    const trying = await box.agents.agent('t5');
    await box.time.pass(60_000);
    assert.deepEqual(box.agents.running(), ['t5']);
    await trying.finish();
    for (const id of ['t6', 't7']) await (await box.agents.agent(id)).finish();
    const state = valued(await box.ended);
    assert.deepEqual(seen, ['coder@scripted:x open', 'coder@scripted:x half-open', 'coder@scripted:x closed']);
    assert.deepEqual(stagesOf(state), { gate: 'landed', ...failed, t5: 'landed', t6: 'landed', t7: 'landed' });
    assert.deepEqual([state.breakers.size, box.time.left], [0, []]);
  });

  it('have others in their place at once, where the plan names some, and do not hold up those of other models', async () => {
    const given = (id: string) => (id === 't6' ? { fallback: [{ model: 'm2' }, { role: 'docs' }] } : id === 't7' ? { model: 'm3' } : {});
    const { box } = await broken(3, 'agent', given);
    const [six, seven] = [await box.agents.agent('t6'), await box.agents.agent('t7')];
    assert.deepEqual([six.job.task.role, six.job.model, seven.job.model], ['coder', 'm2', 'm3']);
    assert.deepEqual(box.agents.running().sort(), ['t6', 't7']);
    // Of its fallbacks one is left.
    await six.fail('agent');
    const again = await box.agents.agent('t6', 2);
    assert.deepEqual([again.job.task.role, again.job.model], ['docs', 'scripted:x']);
    await again.finish();
    await seven.finish();
    box.run.stopTask('t5');
    assert.deepEqual(stagesOf(valued(await box.ended)), { gate: 'landed', ...failed, t5: 'stopped', t6: 'landed', t7: 'landed' });
  });

  it('are given up in the end: what waits for one fails, and says why', async () => {
    const { box, seen } = await broken(2, 'auth');
    const { tasks } = valued(await box.ended);
    assert.deepEqual(seen, ['coder@scripted:x given-up']);
    for (const id of ['t5', 't6']) {
      assert.deepEqual(tasks.get(id)?.stage, {
        kind: 'failed',
        failure: {
          kind: 'model',
          message: 'No agent began: all that did as coder with scripted:x have failed, one after the other. The last one: t4 failed.',
          fix: 'See what is wrong with that role or model, then retry the task.',
        },
      });
    }
  });

  it('are tried again at once when the person has a task worked on again', async () => {
    const { box } = await broken(1, 'model');
    assert.deepEqual(box.agents.running(), []);
    box.run.record.emit({ type: 'task.again', task: 't0' });
    const [again, waited] = [await box.agents.agent('t0', 2), await box.agents.agent('t5')];
    await again.fail('model');
    await waited.finish();
    const state = valued(await box.ended);
    assert.deepEqual([state.tasks.get('t5')?.stage.kind, state.breakers.size], ['landed', 0]);
  });
});
