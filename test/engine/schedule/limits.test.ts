/** How many agents a run may have: what the plan says, and what is set. */
import assert from 'node:assert/strict';
import { BUILT_IN_HEADS } from '../../../src/domain/role';
import { MAX_WORKERS } from '../../../src/domain/settings';
import { limitsOf, readPools } from '../../../src/engine/schedule/limits';
import { failed, valued } from '../../support/result';
import { planOf } from '../../support/run';

describe('the limits of a run', () => {
  it('are those that are set, but for what the plan says itself', () => {
    const set = { maxWorkers: 5, pools: { coder: 3, docs: 1 } };
    const plan = planOf({ a: [] });
    assert.deepEqual(limitsOf(plan, set), set);
    assert.deepEqual(limitsOf({ ...plan, limits: { maxWorkers: 2 } }, set), { ...set, maxWorkers: 2 });
    const pools = { docs: 4, tester: 2 };
    assert.deepEqual(limitsOf({ ...plan, limits: { pools } }, set), { maxWorkers: 5, pools: { coder: 3, docs: 4, tester: 2 } });
  });

  it('name what is wrong with pools', () => {
    assert.deepEqual(valued(readPools({ cook: 1 }, 'It', undefined)), { cook: 1 });
    const roles = [{ name: 'cook', description: '', keywords: [], pool: 'kitchen' }];
    assert.deepEqual(valued(readPools({ kitchen: 1 }, 'It', roles)), { kitchen: 1 });
    assert.deepEqual(valued(readPools({ coder: 3 }, 'It', BUILT_IN_HEADS)), { coder: 3 });
    const wrong: [unknown, string][] = [
      [{ cook: 1 }, 'It names a role that there is not: “cook”.'],
      [JSON.parse('{"__proto__": 3}'), 'It names a role that there is not: “__proto__”.'],
      [{ coder: 0 }, 'It has no usable number of agents for “coder”: 0.'],
      [{ coder: '3' }, 'It has no usable number of agents for “coder”: "3".'],
      [{ coder: 2, docs: MAX_WORKERS + 1 }, `It has no usable number of agents for “docs”: ${MAX_WORKERS + 1}.`],
      [3, 'It is no list of roles with their numbers: 3.'],
      [['coder'], 'It is no list of roles with their numbers: ["coder"].'],
      [null, 'It is no list of roles with their numbers: null.'],
    ];
    assert.equal(failed(readPools(JSON.parse('{"__proto__": 3}'), 'It', undefined)).kind, 'input');
    for (const [given, said] of wrong) assert.equal(failed(readPools(given, 'It', BUILT_IN_HEADS)).message, said);
  });
});
