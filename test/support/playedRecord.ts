/** The record of a run that is played: its events, and what they fold to. */
import assert from 'node:assert/strict';
import type { Happening, RunEvent } from '../../src/domain/event';
import type { TaskId } from '../../src/domain/plan';
import { type RunState, reduce } from '../../src/domain/run';
import type { TaskState } from '../../src/domain/taskState';

export class PlayedRecord {
  state: RunState;
  readonly journal: RunEvent[] = [];
  /** How often each task came in: landed, or joined its parent. */
  readonly landings = new Map<TaskId, number>();
  /** All of it, for whoever looks at a run that went wrong. */
  readonly happened: string[] = [];
  /** Of the last event. */
  time = 1;

  constructor(start: Extract<RunEvent, { type: 'run.started' }>) {
    this.journal.push(start);
    this.state = reduce(undefined, start);
  }

  emit(...happenings: Happening[]): void {
    for (const happening of happenings) {
      this.happened.push('task' in happening ? `${happening.type} ${happening.task}` : happening.type);
      if (happening.type === 'task.landed' || happening.type === 'task.joined')
        this.landings.set(happening.task, (this.landings.get(happening.task) ?? 0) + 1);
      const event = { ...happening, at: ++this.time };
      this.journal.push(event);
      this.state = reduce(this.state, event);
    }
  }

  task(id: TaskId): TaskState {
    const task = this.state.tasks.get(id);
    assert.ok(task);
    return task;
  }
}
