/** The tasks of a run that are checked together now, and what must not happen to them meanwhile. */
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';

export class Batch {
  private off = new AbortController();
  /** Those that are checked, or landed after that; empty where no check runs. */
  tasks: ReadonlySet<TaskId> = new Set();
  /** The one that is judged or written just now, and cannot be stopped. */
  writing: TaskId | undefined;
  /** One of them, when nothing else of the run is to land before it. */
  first: TaskId | undefined;

  /** What comes back aborts when the batch is called off. */
  begin(tasks: readonly TaskId[]): AbortSignal {
    this.tasks = new Set(tasks);
    this.off = new AbortController();
    return this.off.signal;
  }

  end(): void {
    this.tasks = new Set();
    this.writing = undefined;
    this.first = undefined;
  }

  callOff(): void {
    this.off.abort();
  }

  /** A check that nothing waits for any more is a waste of time. */
  callOffIfIdle({ tasks }: RunState): void {
    if (![...this.tasks].some((id) => tasks.get(id)?.stage.kind === 'done')) this.callOff();
  }
}
