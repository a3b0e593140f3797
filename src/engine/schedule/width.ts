/** How many agents are worth having at once, as far as what they get done tells. Pure. */

export interface Width {
  /** So many agents run at once. */
  readonly most: number;
  /** What they got done, in turns a minute, when there was one agent less; null where that is not known, or was too long ago. */
  readonly before: number | null;
  /** So many looks it is left alone. */
  readonly rest: number;
}

/** What was seen since the last look. */
export interface Sample {
  /** Turns of the model that ended; null where there were too few to tell. */
  readonly turnsPerMinute: number | null;
  /** Whether more agents would have had something to do all the while. */
  readonly isFull: boolean;
  /** The server had too much to do. */
  readonly isLimited: boolean;
  /** What the machine has left of its memory, from 0 to 1. */
  readonly memoryLeft: number;
}

/** With less than this left, agents are taken away; with less than {@link EASY}, none comes. */
const TIGHT = 0.08;
const EASY = 0.15;
/** One more agent in n should bring a nth more; half of that is enough. */
const WORTH = 0.5;
/** So many looks it is left alone after it had too many, and after one more was not worth it. */
const AFTER_TOO_MANY = 3;
const AFTER_NO_GAIN = 6;

export function firstWidth(most: number): Width {
  return { most, before: null, rest: 0 };
}

/** One more while that gets more done, one less where it did not; three quarters when the server or the machine has too much to do. Never more than `limit`, nor less than one. */
export function nextWidth({ most, before, rest }: Width, { turnsPerMinute, isFull, isLimited, memoryLeft }: Sample, limit: number): Width {
  if (most > limit) return { most: limit, before: null, rest };
  // What waits for the server now was sent by those that were there before: it says nothing of those that are left.
  if ((isLimited || memoryLeft < TIGHT) && rest === 0)
    return { most: Math.max(1, Math.floor(most * 0.75)), before: null, rest: AFTER_TOO_MANY };
  if (rest > 0) return { most, before: null, rest: rest - 1 };
  if (!isFull || turnsPerMinute === null) return { most, before, rest };
  if (before !== null && turnsPerMinute < before * (1 + WORTH / (most - 1))) return { most: most - 1, before: null, rest: AFTER_NO_GAIN };
  if (most >= limit || memoryLeft < EASY) return { most, before: null, rest };
  return { most: most + 1, before: turnsPerMinute, rest };
}
