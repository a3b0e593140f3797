/** What a plan may cost, as past runs tell; and what is said of that. */
import assert from 'node:assert/strict';
import type { Happening } from '../../../src/domain/event';
import type { RoleDefinition } from '../../../src/domain/role';
import { type RunState, reduce } from '../../../src/domain/run';
import { forecastOf, forecastText } from '../../../src/engine/budget/forecast';
import { planOf, startOf } from '../../support/run';

/** A run whose tasks landed, each with so many tokens in. */
function pastRun(inputs: readonly number[]): RunState {
  const ids = inputs.map((_, at) => `t${at}`);
  const plan = planOf(Object.fromEntries(ids.map((id) => [id, []])));
  const happenings = ids.flatMap((task, at): Happening[] => [
    { type: 'task.started', task, base: 'c0' },
    { type: 'task.turn', task, usage: { input: inputs[at] ?? 0, output: 0, cacheRead: 0, cacheWrite: 0 } },
    { type: 'task.done', task, summary: '', changeset: null, changes: [] },
    { type: 'task.landed', task, before: 'c0', after: 'c0' },
  ]);
  let state = reduce(undefined, { ...startOf(plan), at: 1 });
  for (const [at, happening] of happenings.entries()) state = reduce(state, { ...happening, at: at + 2 });
  return state;
}

const plan = planOf({ a: [], b: [] });
const prices = { m: { input: 10, output: 10 } };
const CODER: RoleDefinition = {
  name: 'coder',
  description: '',
  keywords: [],
  instructions: '',
  tools: null,
  source: { kind: 'builtIn' },
  model: undefined,
};

describe('the forecast of a plan', () => {
  it('is the range of what such tasks cost, the odd ones left out, summed over the plan', () => {
    const past = [pastRun([100_000, 200_000, 300_000]), pastRun([...Array<number>(8).fill(200_000), 9_000_000])];
    const forecast = forecastOf(plan, { past, roles: [], model: 'm', prices });
    assert.deepEqual(forecast, { tasks: 2, known: 2, tokens: { low: 400_000, high: 600_000 }, usd: { low: 4, high: 6 } });
    assert.equal(forecastText(forecast), '$4.00 to $6.00');
  });

  it('says what is not known: of roles that nobody had, of models without a price, of a folder without runs', () => {
    const past = [pastRun([100_000, 300_000])];
    const mixed = { tasks: plan.tasks.map((task, at) => (at === 0 ? task : { ...task, role: 'docs' })) };
    assert.equal(forecastText(forecastOf(mixed, { past, roles: [], model: 'm', prices })), '$1.00 to $3.00, for 1 of 2 tasks');
    assert.equal(forecastText(forecastOf(plan, { past, roles: [], model: 'other', prices })), '200,000 to 600,000 tokens, cost unknown');
    assert.equal(forecastText(forecastOf(plan, { past: [], roles: [], model: 'm', prices })), undefined);
    assert.equal(forecastText(forecastOf(plan, { past: [pastRun([100_000])], roles: [], model: 'm', prices })), 'about $2.00');
  });

  it('goes by the model of a task’s role where the task names none', () => {
    const roles = [{ ...CODER, model: 'dear' }];
    const given = { past: [pastRun([100_000])], model: 'm', prices: { ...prices, dear: { input: 100, output: 100 } } };
    assert.equal(forecastText(forecastOf(plan, { ...given, roles })), 'about $20.00');
    const named = { tasks: plan.tasks.map((task) => ({ ...task, model: 'm' })) };
    assert.equal(forecastText(forecastOf(named, { ...given, roles })), 'about $2.00');
  });

  it('counts each agent of a race', () => {
    const raced = { tasks: plan.tasks.slice(1).map((task) => ({ ...task, candidates: 3 })) };
    assert.equal(forecastText(forecastOf(raced, { past: [pastRun([100_000])], roles: [], model: 'm', prices })), 'about $3.00');
  });
});
