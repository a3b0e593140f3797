/** What is to be seen of requests on their way, told to the runs that they are of: who waits for the model, and which one answers for another. */
import type { BreakerEvent } from './breaker';
import type { Waiting } from './gate/rateGate';

/** A run that listens. */
export interface Ears {
  readonly onWaiting: (waiting: Waiting) => void;
  /** What happens to a model concerns every run; who answered a request, only its own. */
  readonly onBreaker: (event: BreakerEvent) => void;
}

export class Traffic {
  private readonly ears = new Map<string, Ears>();

  /** From now on a run hears of its requests; the function that comes back ends that. */
  listen(run: string, ears: Ears): () => void {
    this.ears.set(run, ears);
    return () => this.ears.delete(run);
  }

  readonly waiting = (waiting: Waiting): void => this.ears.get(waiting.about.run ?? '')?.onWaiting(waiting);

  readonly breaker = (event: BreakerEvent): void => {
    if ('about' in event) this.ears.get(event.about.run ?? '')?.onBreaker(event);
    else for (const { onBreaker } of this.ears.values()) onBreaker(event);
  };
}
