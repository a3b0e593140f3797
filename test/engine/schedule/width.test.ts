/** The number of agents that adapts: over series of what they would get done, and over a run's record in time that the test lets pass. */
import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, double, integer, option, property, record } from 'fast-check';
import { RunRecord } from '../../../src/engine/journal/record';
import { AdaptiveWidth, memoryLeft } from '../../../src/engine/schedule/adaptiveWidth';
import { firstWidth, nextWidth, type Sample, type Width } from '../../../src/engine/schedule/width';
import { countingClock } from '../../support/clock';
import { handTime, settled } from '../../support/handTime';
import { valued } from '../../support/result';
import { planOf, rig, startOf } from '../../support/run';
import { temporaryFolder } from '../../support/sandbox';

const FULL: Sample = { turnsPerMinute: 0, isFull: true, isLimited: false, memoryLeft: 0.5 };

/** The widths at which so many looks leave a run; `seen`: what is seen of that many agents, at that look. */
function series(first: number, looks: number, limit: number, seen: (most: number, look: number) => Partial<Sample>): number[] {
  let width: Width = firstWidth(first);
  return Array.from({ length: looks }, (_, look) => {
    width = nextWidth(width, { ...FULL, ...seen(width.most, look) }, limit);
    return width.most;
  });
}

/** A server that serves so many at once; more wait for each other. */
const serving = (atOnce: number) => (most: number) => ({ turnsPerMinute: 10 * Math.min(most, atOnce) });

describe('a width that adapts', () => {
  it('grows by one while that gets more done, and never above the limit', () => {
    assert.deepEqual(series(2, 8, 6, serving(50)), [3, 4, 5, 6, 6, 6, 6, 6]);
  });

  it('goes back by one where that got nothing more done, and tries again later', () => {
    assert.deepEqual(series(2, 14, 64, serving(4)), [3, 4, 5, 4, 4, 4, 4, 4, 4, 4, 5, 4, 4, 4]);
  });

  it('stays with what is worth it when what they get done sways', () => {
    const sway = [1, 1.03, 0.97, 1.01, 0.99];
    const all = series(5, 400, 64, (most, look) => ({ turnsPerMinute: 10 * Math.min(most, 12) * (sway[look % sway.length] ?? 1) }));
    const late = all.slice(200);
    assert.ok(Math.max(...late) <= 14 && Math.min(...late) >= 9, `${Math.min(...late)} to ${Math.max(...late)}`);
  });

  it('shrinks once by a quarter when the server has too much to do, and grows again when that is over', () => {
    const limited = (most: number, look: number) => ({ ...serving(50)(most), isLimited: look >= 2 && look < 5 });
    assert.deepEqual(series(8, 10, 64, limited), [9, 10, 7, 7, 7, 7, 8, 9, 10, 11]);
  });

  it('shrinks as long as memory is tight, does not grow while there is little, and keeps one agent', () => {
    assert.deepEqual(
      series(4, 9, 64, () => ({ memoryLeft: 0.02 })),
      [3, 3, 3, 3, 2, 2, 2, 2, 1],
    );
    assert.deepEqual(
      series(1, 5, 64, () => ({ memoryLeft: 0.02 })),
      [1, 1, 1, 1, 1],
    );
    assert.deepEqual(
      series(4, 3, 64, (most) => ({ ...serving(50)(most), memoryLeft: 0.1 })),
      [4, 4, 4],
    );
  });

  it('is left alone while places are empty, or too few turns ended to tell', () => {
    assert.deepEqual(
      series(4, 3, 64, (most) => ({ ...serving(50)(most), isFull: false })),
      [4, 4, 4],
    );
    assert.deepEqual(
      series(4, 3, 64, () => ({ turnsPerMinute: null })),
      [4, 4, 4],
    );
  });

  it('is at least one, at most the limit, and moves by one upwards, whatever is seen', async () => {
    const samples = array(
      record({
        turnsPerMinute: option(double({ min: 0, max: 1000, noNaN: true })),
        isFull: constantFrom(true, true, false),
        isLimited: constantFrom(true, false, false),
        memoryLeft: double({ min: 0, max: 1, noNaN: true }),
        limit: integer({ min: 1, max: 64 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    await check(
      property(integer({ min: 1, max: 64 }), samples, (first, all) => {
        let width = firstWidth(first);
        for (const { limit, ...sample } of all) {
          const next = nextWidth(width, sample, limit);
          assert.ok(next.most >= 1 && next.most <= limit && next.most <= width.most + 1, JSON.stringify([width, next, limit]));
          width = next;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a run whose width adapts', () => {
  function following(first: number, tasks: number, maxWorkers = 8) {
    const time = handTime();
    let left = 0.5;
    const ids = Array.from({ length: tasks }, (_, at) => `t${at}`);
    const plan = planOf(Object.fromEntries(ids.map((id) => [id, []])));
    const run = valued(RunRecord.begin(temporaryFolder(), { ...startOf(plan), maxWorkers }, countingClock()));
    const width = new AdaptiveWidth({ time, memoryLeft: () => left, first });
    const seen: number[] = [];
    const over = new AbortController();
    const ended = width.follow(run, () => seen.push(width.most), over.signal);
    const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
    return {
      time,
      run,
      width,
      seen,
      start: (...at: number[]) => {
        for (const one of at) run.emit({ type: 'task.started', task: `t${one}`, base: 'c' });
      },
      turns: (at: number, many: number) => {
        for (let turn = 0; turn < many; turn++) run.emit({ type: 'task.turn', task: `t${at}`, usage });
      },
      memory: (share: number) => {
        left = share;
      },
      end: async () => {
        over.abort();
        await ended;
        run.close();
      },
    };
  }

  it('has one more agent when two turns of each have ended, and somebody waits', async () => {
    const { time, width, seen, start, turns, end } = following(2, 6);
    await settled();
    assert.equal(width.most, 2);
    start(0, 1);
    turns(0, 3);
    await time.pass(10_000);
    assert.deepEqual(seen, []);
    turns(1, 3);
    await time.pass(10_000);
    assert.deepEqual(seen, [3]);
    start(2);
    turns(2, 12);
    await time.pass(10_000);
    assert.deepEqual(seen, [3, 4]);
    // Nobody waits any more.
    start(3, 4, 5);
    turns(3, 40);
    await time.pass(60_000);
    assert.deepEqual(seen, [3, 4]);
    await end();
  });

  it('has less when requests wait for the server, or memory is tight, and none of it while it is paused', async () => {
    const { time, run, width, seen, memory, end } = following(8, 20);
    await settled();
    width.hear({ kind: 'waits', about: {}, why: 'turn', ms: undefined });
    await time.pass(10_000);
    assert.deepEqual(seen, []);
    width.hear({ kind: 'waits', about: {}, why: 'limit', ms: 5 });
    width.hear({ kind: 'over', about: {} });
    await time.pass(10_000);
    assert.deepEqual(seen, [6]);
    run.emit({ type: 'run.paused' });
    memory(0.01);
    await time.pass(100_000);
    assert.deepEqual(seen, [6]);
    run.emit({ type: 'run.continued' });
    await time.pass(40_000);
    assert.deepEqual(seen, [6, 4]);
    await end();
    assert.deepEqual(time.left, []);
  });

  it('starts as many agents as are worth having by then', async () => {
    const time = handTime();
    const width = new AdaptiveWidth({ time, memoryLeft: () => 0.5, first: 1 });
    const box = await rig({ x: 'x' }, { a: [], b: [], c: [] }, { width });
    const a = await box.agents.agent('a');
    await settled();
    assert.deepEqual(box.agents.running(), ['a']);
    for (const usage of [1, 2].map((input) => ({ input, output: 1, cacheRead: 0, cacheWrite: 0 }))) a.report({ type: 'turn', usage });
    await time.pass(10_000);
    await box.agents.agent('b');
    assert.deepEqual(box.agents.running(), ['a', 'b']);
    box.run.stop();
    valued(await box.ended);
    assert.deepEqual(time.left, []);
  });

  it('hears from what waits before the model that the server has too much to do', async () => {
    const { time, width, seen, end } = following(8, 20);
    await settled();
    const about = { run: 'r', task: 'a' };
    width.hear({ kind: 'waits', about, why: 'turn', ms: undefined });
    width.hear({ kind: 'waits', about, why: 'error', ms: 1000 });
    width.hear({ kind: 'over', about });
    await time.pass(10_000);
    assert.deepEqual(seen, []);
    width.hear({ kind: 'waits', about, why: 'overloaded', ms: 1000 });
    await time.pass(10_000);
    assert.deepEqual(seen, [6]);
    await end();
  });

  it('tells what memory the machine has left', () => {
    const left = memoryLeft();
    assert.ok(left > 0 && left < 1, String(left));
  });
});
