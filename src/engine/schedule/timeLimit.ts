/** Limits of time that count only while they are let: for one attempt at a task, and for a run. By a clock that nobody sets. */
import type { TaskId } from '../../domain/plan';
import { type RunState, waitsForPerson } from '../../domain/run';
import type { Time } from '../../model/time';
import type { RunRecord } from '../journal/record';

interface TimeLimit {
  /** Whether time counts from now on. */
  count(counts: boolean): void;
  /** It is not watched any more. */
  end(): void;
}

/** Calls `onOver`, once, when time has counted for so many milliseconds. It does not count before it is told to. */
function timeLimit(time: Pick<Time, 'elapsed' | 'wait'>, ms: number, onOver: () => void): TimeLimit {
  let left = ms;
  let since: number | undefined;
  let watch = new AbortController();
  const hold = () => {
    if (since === undefined) return;
    left -= time.elapsed() - since;
    since = undefined;
    watch.abort();
  };
  const go = async () => {
    if (since !== undefined) return;
    since = time.elapsed();
    watch = new AbortController();
    const { signal } = watch;
    await time.wait(Math.max(0, left), signal);
    if (!signal.aborted) onOver();
  };
  return { count: (counts) => (counts ? void go() : hold()), end: hold };
}

interface Limited {
  readonly record: RunRecord;
  readonly time: Pick<Time, 'elapsed' | 'wait'>;
  /** Undefined: no limit. */
  readonly seconds: number | undefined;
  readonly onOver: () => void;
}

/** A limit for one attempt: what its task waits for others, or the person holds the run, does not count. What comes back ends it. */
export function limitAttempt(id: TaskId, limited: Limited): () => void {
  return limit(limited, ({ phase, tasks }) => phase !== 'paused' && tasks.get(id)?.stage.kind === 'running');
}

/** A limit for an answer: while the person holds the run, it does not count. What comes back ends it. */
export function limitItem(limited: Limited): () => void {
  return limit(limited, ({ phase }) => phase !== 'paused');
}

/** A limit for the whole run: what it waits for the person alone does not count. What comes back ends it. */
export function limitRun(limited: Limited): () => void {
  return limit(limited, (state) => state.phase !== 'paused' && !waitsForPerson(state));
}

function limit({ record, time, seconds, onOver }: Limited, counts: (state: RunState) => boolean): () => void {
  if (seconds === undefined) return () => undefined;
  const watched = timeLimit(time, seconds * 1000, onOver);
  const unlisten = record.listen((_, state) => watched.count(counts(state)));
  watched.count(counts(record.state));
  return () => {
    unlisten();
    watched.end();
  };
}
