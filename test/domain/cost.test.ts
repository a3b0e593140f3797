/** What tasks have spent: by the price of the model that was asked, whoever that was. */
import assert from 'node:assert/strict';
import { spentBy, spentIn } from '../../src/domain/cost';
import type { Happening } from '../../src/domain/event';
import { modelsOfPlan } from '../../src/domain/planModels';
import type { RoleDefinition } from '../../src/domain/role';
import { type RunState, reduce } from '../../src/domain/run';
import { agentOf } from '../../src/engine/schedule/standIn';
import { planOf, startOf } from '../support/run';

const usage = { input: 1e6, output: 0, cacheRead: 0, cacheWrite: 0 };
const price = (input: number) => ({ input, output: 0 });
const PRICES = { usual: price(1), dear: price(10), stand: price(100), spare: price(1000) };
const started: Happening = { type: 'task.started', task: 'a', base: 'c' };
const turn: Happening = { type: 'task.turn', task: 'a', usage };
const failure = { kind: 'model' as const, message: 'No.', fix: '' };

/** A run whose coders have a model of their own. */
function stateAfter(...happened: Happening[]): RunState {
  const roles = { coder: { hash: 'x', model: 'dear' } };
  let state = reduce(undefined, { ...startOf(planOf({ a: [] })), model: 'usual', roles, prices: PRICES, at: 1 });
  for (const [at, one] of happened.entries()) state = reduce(state, { ...one, at: at + 2 });
  return state;
}

function usdAfter(...happened: Happening[]): number {
  return spentIn(stateAfter(...happened)).usd;
}

describe('what a task has spent', () => {
  it('is counted at the price of its role’s model, where it names none', () => {
    const state = stateAfter(started, turn);
    const task = state.tasks.get('a') ?? assert.fail();
    assert.equal(agentOf(state.start, task).model, 'dear');
    assert.deepEqual(spentBy(state.start, task), { usd: 10, tokens: 1e6, unpriced: 0 });
  });

  it('is counted turn by turn, where another model stands in for its own, or answers in its place', () => {
    const standIn: Happening = {
      type: 'task.retrying',
      task: 'a',
      failure,
      draft: null,
      waitMs: 0,
      message: '',
      as: { role: 'coder', model: 'stand' },
    };
    assert.equal(usdAfter(started, turn, standIn, started, turn), 110);
    assert.equal(usdAfter(started, turn, { ...turn, model: 'spare' }), 1010);
    // What stood in is counted as what it was also when the task begins anew with its own.
    const failed: Happening = { type: 'task.failed', task: 'a', failure, draft: null };
    assert.equal(usdAfter(started, turn, standIn, started, turn, failed, { type: 'task.again', task: 'a' }, started, turn), 120);
  });
});

describe('the models of a plan', () => {
  it('are those that its tasks name, their roles, and what is to stand in', () => {
    const role = (name: string, model: string | undefined): RoleDefinition => ({
      name,
      description: '',
      keywords: [],
      instructions: '',
      tools: null,
      source: { kind: 'builtIn' },
      model,
    });
    const [a, b, c] = planOf({ a: [], b: [], c: [] }).tasks;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const tasks = [a, { ...b, model: 'named' }, { ...c, role: 'docs', fallback: [{ role: 'coder' }, { model: 'other' }] }];
    assert.deepEqual(modelsOfPlan({ goal: '', tasks }, [role('coder', 'coding'), role('docs', undefined)]), [
      'coding',
      'named',
      'coding',
      'other',
    ]);
  });
});
