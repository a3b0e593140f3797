/** Time as the parts of the pipeline have it: passed in, so that tests decide when it passes. */

/** Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

export interface Time {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment, by a clock that nobody sets: for how long something takes. */
  elapsed(): number;
  readonly wait: Wait;
  /** At least 0, less than 1. */
  random(): number;
}

/** A timer of the system takes no more. */
const MAX_MS = 2 ** 31 - 1;

export const systemTime: Time = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  // Not that of node:timers/promises: it makes an error of each wait that is called off, and that is what most of them come to.
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, Math.min(ms, MAX_MS));
      signal.addEventListener('abort', over);
    }),
  random: () => Math.random(),
};
