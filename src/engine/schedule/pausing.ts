/** Waiting while a run is paused. */
import type { RunState } from '../../domain/run';
import type { RunRecord } from '../journal/record';

export function isPaused({ phase }: RunState): boolean {
  return phase === 'paused';
}

/** Resolves when the run is not paused, at once where it is none, or when the signal aborts. */
export function goingOn(record: RunRecord, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (isPaused(record.state) && !signal.aborted) return;
      unlisten();
      signal.removeEventListener('abort', look);
      resolve();
    };
    const unlisten = record.listen(look);
    signal.addEventListener('abort', look);
    look();
  });
}
