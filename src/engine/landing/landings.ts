/** What a run lands now: one task at a time, or a batch that was checked together; each with the person's leave, and only while its premise holds. */
import { cancelled, ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { OnStale } from '../../domain/settings';
import type { Rework } from '../../domain/taskState';
import type { LandPorts } from '../../repo/land/land';
import type { Inbox } from '../acts/inbox';
import { hasLeaveToLand } from '../acts/leaveToLand';
import type { RunRecord } from '../journal/record';
import type { RunPorts } from '../runRequest';
import { isPaused } from '../schedule/pausing';
import { Batch } from './batch';
import { landChecked } from './checkedLanding';
import { landPortsOf, landTask } from './landing';
import { premiseHolds } from './premise';

interface LandingsPorts {
  readonly record: RunRecord;
  readonly ports: RunPorts;
  readonly inbox: Inbox;
  readonly onStale: OnStale | undefined;
  /** Calls off landings that have not begun to write. */
  readonly signal: AbortSignal;
  /** Is told that a landing, or a batch, has come to its end. */
  readonly ended: () => void;
}

export class Landings {
  private landing: TaskId | undefined;
  private readonly batch = new Batch();

  constructor(private readonly options: LandingsPorts) {}

  /** The one that lands, or is to before all others; and those that are checked. */
  get busy(): { readonly landing: TaskId | undefined; readonly checking: ReadonlySet<TaskId> } {
    return { landing: this.landing ?? this.batch.first, checking: this.batch.tasks };
  }

  /** Whether the workspace is written, or about to be. */
  get isWriting(): boolean {
    return this.landing !== undefined || this.batch.writing !== undefined;
  }

  /** Whether a task is the one: then it cannot be stopped any more. */
  isAt(task: TaskId): boolean {
    return this.landing === task || this.batch.writing === task;
  }

  /** Ends the check that runs, and what was to land after it. */
  callOff(): void {
    this.batch.callOff();
  }

  /** Ends the check that runs if nothing of it is to land any more. */
  callOffIfIdle(): void {
    this.batch.callOffIfIdle(this.options.record.state);
  }

  /** Premise → land. */
  async land(id: TaskId): Promise<void> {
    const { record, signal } = this.options;
    this.landing = id;
    try {
      if (await this.isReady(id)) await landTask(record, this.landPorts(), id, signal, this.mayLand);
    } finally {
      this.landing = undefined;
      this.options.ended();
    }
  }

  /** Premise → check → land, for tasks that are checked together. */
  async checkAndLand(tasks: readonly TaskId[]): Promise<void> {
    const signal = this.batch.begin(tasks);
    try {
      const fresh: TaskId[] = [];
      for (const task of tasks) {
        this.batch.writing = task;
        if (await this.isReady(task)) fresh.push(task);
      }
      this.batch.writing = undefined;
      const ports = {
        record: this.options.record,
        land: this.landPorts(),
        check: this.options.ports.check,
        sendBack: (task: TaskId, rework: Rework) => this.sendBack(task, 'check', rework),
        insist: () => {
          [this.batch.first] = fresh;
        },
        writing: (task: TaskId | undefined) => {
          this.batch.writing = task;
        },
      };
      await landChecked(ports, fresh, signal);
    } finally {
      this.batch.end();
      this.options.ended();
    }
  }

  /** Sends a task that is done back to its agent, which goes on as soon as one is free. */
  sendBack(id: TaskId, why: 'stale' | 'check', rework: Rework): void {
    this.options.record.emit({ type: 'task.reworked', task: id, why, next: rework });
  }

  landPorts(): LandPorts {
    return landPortsOf(this.options.record, this.options.ports);
  }

  /** Of what is decided of a conflict, the person has given leave by deciding it. */
  private async isReady(id: TaskId): Promise<boolean> {
    const { record, ports, inbox, onStale, signal } = this.options;
    const hasLeave = await hasLeaveToLand({ record, repo: ports.repo, inbox, acts: ports.acts }, id);
    return hasLeave && (await premiseHolds({ ...ports, record, onStale }, id, signal));
  }

  /** Whether what waited for its turn to land may do so, now that it has come. */
  private readonly mayLand = async (): Promise<Result<void>> => (isPaused(this.options.record.state) ? cancelled : ok());
}
