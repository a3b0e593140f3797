/** Time that passes when a test says so. */
import type { Time } from '../../src/model/time';

export interface HandTime extends Time {
  /** Lets so many milliseconds pass: whatever is due by then is over, in order, and what follows from it has happened. */
  pass(ms: number): Promise<void>;
  /** How much longer each wait takes, the shortest first. */
  readonly left: readonly number[];
}

/** Random numbers are all `random`; 0.999… makes no pause shorter. */
export function handTime(random = 1): HandTime {
  let now = 1_000_000;
  const waits = new Map<object, { at: number; over: () => void }>();
  const next = () => [...waits.values()].sort((a, b) => a.at - b.at)[0];
  return {
    now: () => now,
    elapsed: () => now,
    random: () => random,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const key = {};
        const over = () => {
          waits.delete(key);
          signal.removeEventListener('abort', over);
          resolve();
        };
        signal.addEventListener('abort', over);
        waits.set(key, { at: now + ms, over });
      }),
    pass: async (ms) => {
      const end = now + ms;
      await settled();
      for (let due = next(); due !== undefined && due.at <= end; due = next()) {
        now = Math.max(now, due.at);
        due.over();
        await settled();
      }
      now = end;
      await settled();
    },
    get left() {
      return [...waits.values()].map(({ at }) => at - now).sort((a, b) => a - b);
    },
  };
}

/** Time in which every wait is over at once, and is on record: a test of what happens, not of when. */
export function hastyTime(): Time & { readonly waited: readonly number[] } {
  let now = 1_000_000;
  const waited: number[] = [];
  return {
    waited,
    now: () => now,
    elapsed: () => now,
    random: () => 1,
    wait: async (ms, signal) => {
      if (signal.aborted) return;
      waited.push(ms);
      now += ms;
      await settled();
    },
  };
}

/** All that follows from what has happened, and waits for nothing from outside, has happened too. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
