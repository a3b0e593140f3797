/** The tasks of a run, in order, as a map that never changes: a changed copy shares almost all of it. */
import type { TaskId } from './plan';
import type { TaskState } from './taskState';

/** A copy copies one chunk, and the list of chunks: least of all where both are about as long. */
const CHUNK = 32;

export class Tasks implements ReadonlyMap<TaskId, TaskState> {
  private constructor(
    private readonly chunks: readonly (readonly TaskState[])[],
    /** Where each stands: the same for all copies that have the same tasks. */
    private readonly places: ReadonlyMap<TaskId, number>,
    readonly size: number,
  ) {}

  static of(tasks: readonly TaskState[]): Tasks {
    const chunks: TaskState[][] = [];
    for (let at = 0; at < tasks.length; at += CHUNK) chunks.push(tasks.slice(at, at + CHUNK));
    return new Tasks(chunks, new Map(tasks.map(({ task }, at) => [task.id, at])), tasks.length);
  }

  /** With this in the place of the task of the same id, which there has to be. */
  with(changed: TaskState): Tasks {
    const at = this.places.get(changed.task.id);
    if (at === undefined) throw new Error(`There is no task ${changed.task.id} to change.`);
    const chunks = [...this.chunks];
    const chunk = [...(chunks[Math.floor(at / CHUNK)] ?? [])];
    chunk[at % CHUNK] = changed;
    chunks[Math.floor(at / CHUNK)] = chunk;
    return new Tasks(chunks, this.places, this.size);
  }

  /** With one more at the end. */
  and(added: TaskState): Tasks {
    return Tasks.of([...this.values(), added]);
  }

  get(id: TaskId): TaskState | undefined {
    const at = this.places.get(id);
    return at === undefined ? undefined : this.chunks[Math.floor(at / CHUNK)]?.[at % CHUNK];
  }

  has(id: TaskId): boolean {
    return this.places.has(id);
  }

  *values(): MapIterator<TaskState> {
    for (const chunk of this.chunks) yield* chunk;
  }

  keys(): MapIterator<TaskId> {
    return this.places.keys() as MapIterator<TaskId>;
  }

  *entries(): MapIterator<[TaskId, TaskState]> {
    for (const found of this.values()) yield [found.task.id, found];
  }

  [Symbol.iterator](): MapIterator<[TaskId, TaskState]> {
    return this.entries();
  }

  forEach(use: (found: TaskState, id: TaskId, tasks: ReadonlyMap<TaskId, TaskState>) => void): void {
    for (const [id, found] of this) use(found, id, this);
  }
}
