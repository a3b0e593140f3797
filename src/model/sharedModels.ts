/** What all runs of a process share before their models: one gate, one warm-up and one row of breakers for each server and key. */
import type { ModelFetch, Part } from './fetch';
import { sharedPipeline } from './pipeline';
import type { Time } from './time';
import { Traffic } from './traffic';

/** Most requests at once of one key: the gate finds out how many of them the server takes. */
const AT_ONCE = 50;

export class SharedModels {
  /** What happens to their requests. */
  readonly traffic = new Traffic();
  private readonly parts = new Map<string, Part>();

  constructor(private readonly time: Time) {}

  /**
   * That model, behind what all share that come by the same `door`: a name for its server and key. `fallbacks`: models to ask in the place of one
   * that keeps failing; who has others has a gate of its own, since a breaker knows them from the beginning.
   */
  behind(model: ModelFetch, door: string, fallbacks: readonly string[]): ModelFetch {
    const key = JSON.stringify([door, fallbacks]);
    const part = this.parts.get(key) ?? this.made(fallbacks);
    this.parts.set(key, part);
    return part(model);
  }

  private made(fallbacks: readonly string[]): Part {
    const { waiting, breaker } = this.traffic;
    return sharedPipeline({ time: this.time, atOnce: AT_ONCE, fallbacks, onWaiting: waiting, onBreaker: breaker });
  }
}
