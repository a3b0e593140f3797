/** Tokens and their price: nothing is counted twice, and an unknown price is never 0. */
import assert from 'node:assert/strict';
import { addUsage, costOf, NO_USAGE, totalTokens } from '../../src/domain/usage';

const million = { input: 1e6, output: 1e6, cacheRead: 1e6, cacheWrite: 1e6 };

describe('usage', () => {
  it('adds up by kind', () => {
    const usage = { input: 1, output: 20, cacheRead: 300, cacheWrite: 4000 };
    assert.deepEqual(addUsage(usage, { input: 5, output: 60, cacheRead: 700, cacheWrite: 8000 }), {
      input: 6,
      output: 80,
      cacheRead: 1000,
      cacheWrite: 12_000,
    });
    assert.deepEqual(addUsage(usage, NO_USAGE), usage);
    assert.equal(totalTokens(usage), 4321);
  });

  it('costs by the price of the family: cache writes 1.25 of the input, cache reads a tenth', () => {
    assert.equal(costOf(million, 'claude-sonnet-4-5'), 3 + 15 + 0.3 + 3.75);
    assert.equal(costOf(million, 'claude-haiku-4-5-20251001'), 1 + 5 + 0.1 + 1.25);
    assert.equal(costOf(million, 'claude-sonnet-5-5'), 2 + 10 + 0.2 + 2.5);
    assert.equal(costOf({ ...NO_USAGE, output: 1e6 }, 'claude-opus-4-5'), 25);
    assert.equal(costOf(million, 'scripted:sample'), 0);
    assert.equal(costOf(NO_USAGE, 'claude-opus-4-5'), 0);
  });

  it('has no price where the model is not known', () => {
    for (const model of ['', 'gpt-5', 'my-claude-opus-4-5', 'claude-opus-9', 'claude-opus-5-5'])
      assert.equal(costOf(million, model), undefined);
  });
});
