/** Holds back what a paused run would send: a turn that is under way comes to its end, the next one waits. */
import { EventEmitter, once } from 'node:events';
import { aboutOf } from './about';
import type { ModelFetch, Part } from './fetch';

/**
 * One for a run. Its part belongs before all others of the pipeline: what waits here has no place in the rate gate's line, which other
 * runs share, and nothing of the budget.
 */
export class Hold {
  private readonly opening = new EventEmitter().setMaxListeners(0);
  private isShut = false;
  /** The tasks of those that wait, by request; undefined for one of no task. */
  private readonly waiting = new Map<Request, string | undefined>();
  /** Told whenever {@link held} has changed. */
  onDidChange: () => void = () => undefined;

  /** The tasks of which a request waits. */
  get held(): ReadonlySet<string> {
    return new Set([...this.waiting.values()].flatMap((task) => task ?? []));
  }

  /** From now on requests wait. */
  shut(): void {
    this.isShut = true;
  }

  /** All that waits goes on. */
  open(): void {
    this.isShut = false;
    this.opening.emit('open');
  }

  /** The model behind the hold. A request that waits is out at once when it is aborted. */
  readonly part: Part =
    (model: ModelFetch): ModelFetch =>
    async (request) => {
      // It may be shut again before the one that waited has its turn.
      while (this.isShut) await this.wait(request);
      return model(request);
    };

  private async wait(request: Request): Promise<void> {
    this.waiting.set(request, aboutOf(request).task);
    this.onDidChange();
    try {
      await once(this.opening, 'open', { signal: request.signal });
    } finally {
      this.waiting.delete(request);
      this.onDidChange();
    }
  }
}
