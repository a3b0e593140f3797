/** Tasks that wait a while before their next attempt, by a clock that nobody sets. */
import type { TaskId } from '../../domain/plan';
import type { Time } from '../../model/time';

export class Rests {
  private readonly waits = new Map<TaskId, AbortController>();
  private isOver = false;

  constructor(
    private readonly time: Pick<Time, 'wait'>,
    /** Called when one may go on. */
    private readonly onEnd: () => void,
  ) {}

  has(task: TaskId): boolean {
    return this.waits.has(task);
  }

  /** Resolves when the task may go on, or is not waited for any more. */
  async begin(task: TaskId, ms: number): Promise<void> {
    if (ms <= 0 || this.isOver) return;
    const wait = new AbortController();
    this.waits.set(task, wait);
    await this.time.wait(ms, wait.signal);
    if (this.waits.get(task) !== wait) return;
    this.waits.delete(task);
    this.onEnd();
  }

  /** The task may go on at once. */
  end(task: TaskId): void {
    this.waits.get(task)?.abort();
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.isOver = true;
    for (const wait of this.waits.values()) wait.abort();
  }
}
