/** How many requests are on their way at once, and whose turn is next. */
import type { About } from '../about';
import type { Time } from '../time';
import { fairLine } from './fairLine';

/** Why a request waits. */
export type Why =
  /** Others are before it. */
  | 'turn'
  /** The server has a limit, which is used up. */
  | 'limit'
  | 'overloaded'
  /** The server had an error of its own. */
  | 'error'
  /** There was no connection, or it broke. */
  | 'lost'
  /** Nothing came for too long. */
  | 'silent';

export interface TurnstileOptions {
  /** Most requests at once: where it begins, and how far it grows back. */
  readonly atOnce: number;
  readonly time: Time;
}

/** Who comes to the turnstile. */
export interface Comer {
  readonly about: About;
  readonly signal: AbortSignal;
  /** Told that it has to wait, and again when that changes; `ms` as far as it is known. */
  waits(why: 'turn' | 'limit', ms: number | undefined): void;
}

/** A place among the requests that are on their way. */
export interface Pass {
  /** The server answered: one more at once, after as many answers as there may be now. */
  grow(): void;
  /** The server had too many: half of them from now on. What was on its way before that changes nothing any more, so each crowd shrinks it once. */
  shrink(): void;
  /** Gives the place to the next; further calls do nothing. */
  leave(): void;
}

export interface Turnstile {
  /** Resolves when it is the comer's turn; rejects with the signal's reason. `first` puts it before what its task has in line. */
  enter(comer: Comer, where: 'first' | 'last'): Promise<Pass>;
  /** Lets nobody in for so many milliseconds. */
  park(ms: number): void;
}

interface Waiter {
  readonly comer: Comer;
  readonly enter: () => void;
}

export function turnstile({ atOnce, time }: TurnstileOptions): Turnstile {
  const line = fairLine<Waiter>();
  let limit = atOnce;
  let inside = 0;
  let parkedUntil = 0;
  /** Counts the times that the limit shrank. */
  let shrunk = 0;
  let alarm: AbortController | undefined;

  const parkedMs = () => parkedUntil - time.elapsed();
  const isOpen = () => inside < Math.floor(limit) && parkedMs() <= 0;
  const tell = (comer: Comer) => {
    const ms = parkedMs();
    if (ms > 0) comer.waits('limit', ms);
    else comer.waits('turn', undefined);
  };

  function letIn(): void {
    while (line.size > 0 && isOpen()) line.take()?.enter();
    if (line.size === 0) {
      alarm?.abort();
      alarm = undefined;
    } else if (parkedMs() > 0 && alarm === undefined) {
      const mine = new AbortController();
      alarm = mine;
      void time.wait(parkedMs(), mine.signal).then(() => {
        if (mine.signal.aborted) return;
        alarm = undefined;
        letIn();
      });
    }
  }

  function pass(): Pass {
    const since = shrunk;
    let left = false;
    inside += 1;
    return {
      grow: () => {
        if (since !== shrunk) return;
        limit = Math.min(atOnce, limit + 1 / limit);
        letIn();
      },
      shrink: () => {
        if (since !== shrunk) return;
        shrunk += 1;
        limit = Math.max(1, limit / 2);
      },
      leave: () => {
        if (left) return;
        left = true;
        inside -= 1;
        letIn();
      },
    };
  }

  return {
    enter: async (comer, where) => {
      const { about, signal } = comer;
      signal.throwIfAborted();
      if (line.size === 0 && isOpen()) return pass();
      return new Promise<Pass>((resolve, reject) => {
        const leave = () => {
          line.remove(waiter);
          letIn();
          reject(signal.reason);
        };
        const waiter: Waiter = {
          comer,
          enter: () => {
            signal.removeEventListener('abort', leave);
            resolve(pass());
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        line.put(about.run ?? '', about.task ?? '', waiter, where);
        tell(comer);
        letIn();
      });
    },
    park: (ms) => {
      if (ms <= Math.max(0, parkedMs())) return;
      parkedUntil = time.elapsed() + ms;
      for (const { comer } of line) tell(comer);
      letIn();
    },
  };
}
