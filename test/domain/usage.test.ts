/** Tokens and their price: nothing is counted twice, and an unknown price is never 0. */
import assert from 'node:assert/strict';
import { readPrices } from '../../src/domain/prices';
import { addUsage, costOf, NO_USAGE, totalTokens } from '../../src/domain/usage';
import { failed, valued } from '../support/result';

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

  it('costs what settings say, where they do', () => {
    const own = valued(
      readPrices({
        'claude-opus-4-5': { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
        'claude-opus-4-*': { input: 0, output: 7 },
        'my-model': { input: 10, output: 0 },
      }),
    );
    assert.equal(costOf(million, 'claude-opus-4-5', own), 1 + 2 + 3 + 4);
    assert.equal(costOf(million, 'claude-opus-4-6', own), 7);
    assert.equal(costOf(million, 'my-model', own), 10 + 1 + 12.5);
    assert.equal(costOf(million, 'my-model-2', own), undefined);
    assert.equal(costOf(million, 'claude-haiku-4-5', own), costOf(million, 'claude-haiku-4-5'));
    assert.deepEqual(valued(readPrices(undefined)), {});
  });

  it('says which price in the settings cannot be used', () => {
    const said = (setting: unknown) => failed(readPrices(setting)).message;
    assert.equal(
      said({ m: { input: -1, output: 1 }, n: { input: 1, output: 1, cache: 1 } }),
      'The prices in weft.prices cannot be used: m.input: Too small: expected number to be >=0; n: Unrecognized key: "cache".',
    );
    assert.equal(said([1]), 'The prices in weft.prices cannot be used: Invalid input: expected record, received array.');
  });
});
