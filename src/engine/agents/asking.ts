/** What is to be seen of the requests of a run's agents while they are on their way. */
import type { Clock } from '../../domain/clock';
import type { BreakerEvent } from '../../model/breaker';
import type { Waiting } from '../../model/gate/rateGate';
import type { Traffic } from '../../model/traffic';
import type { RunRecord } from '../journal/record';
import type { AdaptiveWidth } from '../schedule/adaptiveWidth';
import type { Live } from './live';

export interface AskingPorts {
  readonly record: RunRecord;
  readonly live: Live;
  readonly clock: Clock;
  /** Undefined where nothing can be seen. */
  readonly traffic?: Traffic | undefined;
  readonly width?: AdaptiveWidth | undefined;
}

/** Follows the requests of a run; what comes back ends that. */
export function followRequests({ record, live, clock, traffic, width }: AskingPorts): () => void {
  const onWaiting = (waiting: Waiting) => {
    width?.hear(waiting);
    const { task } = waiting.about;
    if (task === undefined) return;
    if (waiting.kind === 'over') live.goesOn(task);
    else live.waits(task, waiting.why, clock.now());
  };
  /** Why models fail, as their breakers opened. */
  const reasons = new Map<string, string>();
  const onBreaker = (event: BreakerEvent) => {
    const { fallbacks, phase } = record.state;
    if (event.kind === 'open') reasons.set(event.model, event.why);
    // An answer may come to its end when all is over.
    if (phase === 'finished') return;
    if (event.kind === 'fallback' && fallbacks.get(event.model) !== event.by)
      record.emit({ type: 'run.fallback', model: event.model, by: event.by, why: reasons.get(event.model) ?? '' });
    if (event.kind === 'closed' && fallbacks.has(event.model)) record.emit({ type: 'run.fallback', model: event.model, by: null, why: '' });
  };
  return traffic?.listen(record.state.start.run, { onWaiting, onBreaker }) ?? (() => undefined);
}
