/** A clock that a test can foresee: each look at it is one millisecond later, and ids count. */
import type { Clock } from '../../src/domain/clock';

/** Ids are `t0001`, `t0002` … and sort as they were given. */
export function countingClock(from = 1_000_000): Clock {
  let time = from;
  let ids = 0;
  return {
    now: () => time++,
    id: () => `t${String(++ids).padStart(4, '0')}`,
  };
}
