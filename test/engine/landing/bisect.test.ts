/** Finding what turns a check red: the right ones, the rest lands, and with few checks. */
import assert from 'node:assert/strict';
import { array, asyncProperty, assert as check, integer, uniqueArray } from 'fast-check';
import { fail, ok } from '../../../src/domain/failure';
import { sortOut } from '../../../src/engine/landing/bisect';
import { failed, valued } from '../../support/result';

/** Red where one of `bad` is in it, or both of a pair; counts how often it is asked. */
function rig(bad: readonly number[], pairs: readonly (readonly [number, number])[] = []) {
  const asked: number[][] = [];
  const isRed = (items: readonly number[]) =>
    items.some((item) => bad.includes(item)) || pairs.some(([a, b]) => items.includes(a) && items.includes(b));
  return {
    asked,
    isRed,
    check: async (items: readonly number[]) => {
      asked.push([...items]);
      return ok({ ok: !isRed(items), items: [...items] });
    },
  };
}

const range = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('sorting out what is red', () => {
  it('checks once where all is green, and once where there is one', async () => {
    const green = rig([]);
    assert.deepEqual(valued(await sortOut(range(8), green.check)), { fit: range(8), guilty: [] });
    assert.deepEqual(green.asked, [range(8)]);
    const one = rig([0]);
    assert.deepEqual(valued(await sortOut([0], one.check)), {
      fit: [],
      guilty: [{ item: 0, onTopOf: [], verdict: { ok: false, items: [0] } }],
    });
    assert.equal(one.asked.length, 1);
  });

  it('names the guilty one with what it said, and the others fit', async () => {
    const { check: ask, asked } = rig([5]);
    const { fit, guilty } = valued(await sortOut(range(8), ask));
    assert.deepEqual(fit, [0, 1, 2, 3, 4, 6, 7]);
    assert.deepEqual(guilty, [{ item: 5, onTopOf: [0, 1, 2, 3, 4], verdict: { ok: false, items: [0, 1, 2, 3, 4, 5] } }]);
    assert.deepEqual(asked.at(-1), [0, 1, 2, 3, 4, 6, 7]);
  });

  it('takes the later of two that do not fit together', async () => {
    const { fit, guilty } = valued(await sortOut(range(6), rig([], [[1, 4]]).check));
    assert.deepEqual(fit, [0, 1, 2, 3, 5]);
    assert.deepEqual(
      guilty.map(({ item, onTopOf }) => [item, onTopOf]),
      [[4, [0, 1, 2, 3]]],
    );
  });

  it('ends where a check cannot be made', async () => {
    assert.equal(failed(await sortOut([1, 2], async () => fail('file', 'No folder.'))).message, 'No folder.');
  });

  it('finds them all, lets through only what was green together, and asks O(log n) for each', async () => {
    const counts = integer({ min: 1, max: 40 });
    const bads = uniqueArray(integer({ min: 0, max: 39 }), { maxLength: 6 });
    const pairs = array(uniqueArray(integer({ min: 0, max: 39 }), { minLength: 2, maxLength: 2 }), { maxLength: 4 });
    await check(
      asyncProperty(counts, bads, pairs, async (count, bad, raw) => {
        const couples = raw.map(([a = 0, b = 0]) => [a, b] as const);
        const { check: ask, asked, isRed } = rig(bad, couples);
        const { fit, guilty } = valued(await sortOut(range(count), ask));
        const out = guilty.map(({ item }) => item);
        assert.deepEqual(
          [...fit, ...out].sort((a, b) => a - b),
          range(count),
        );
        assert.ok(!isRed(fit));
        if (fit.length > 0)
          assert.ok(
            asked.some((items) => String(items) === String(fit)),
            'what fits was checked as it is',
          );
        for (const { item, onTopOf, verdict } of guilty) {
          assert.ok(isRed([...onTopOf, item]) && !isRed(onTopOf));
          assert.deepEqual(verdict.items, [...onTopOf, item]);
        }
        for (const item of bad.filter((one) => one < count)) assert.ok(out.includes(item));
        assert.ok(
          asked.length <= 1 + out.length * (2 + Math.ceil(Math.log2(count))),
          `${asked.length} checks for ${out.length} of ${count}`,
        );
      }),
      { numRuns: 300 },
    );
  });
});
