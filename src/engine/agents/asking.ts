/** What is to be seen of the requests of a run's agents while they are on their way. */
import type { Clock } from '../../domain/clock';
import type { Waiting } from '../../model/gate/rateGate';
import type { Traffic } from '../../model/traffic';
import type { AdaptiveWidth } from '../schedule/adaptiveWidth';
import type { Live } from './live';

export interface AskingPorts {
  readonly live: Live;
  readonly clock: Clock;
  /** Undefined where nothing can be seen. */
  readonly traffic?: Traffic | undefined;
  readonly width?: AdaptiveWidth | undefined;
}

/** Follows the requests of a run; what comes back ends that. */
export function followRequests(run: string, { live, clock, traffic, width }: AskingPorts): () => void {
  const onWaiting = (waiting: Waiting) => {
    width?.hear(waiting);
    const { task } = waiting.about;
    if (task === undefined) return;
    if (waiting.kind === 'over') live.goesOn(task);
    else live.waits(task, waiting.why, clock.now());
  };
  return traffic?.listen(run, { onWaiting, onBreaker: () => undefined }) ?? (() => undefined);
}
