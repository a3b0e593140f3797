/** What the person does to a run while it goes on: each comes to be an event of the run, or a failure that says why not. */
import { isDeepStrictEqual } from 'node:util';
import type { Budget, WHOLE_RUN } from '../../domain/budget';
import type { RunLimits } from '../../domain/event';
import { fail, ok, type Result } from '../../domain/failure';
import type { Answer } from '../../domain/inbox';
import type { TaskId } from '../../domain/plan';
import type { RoleHead } from '../../domain/role';
import { MAX_WORKERS } from '../../domain/settings';
import type { Hold } from '../../model/hold';
import type { Inbox } from '../acts/inbox';
import type { Live } from '../agents/live';
import { raising } from '../budget/raising';
import { askArbiter, notArbitrable } from '../landing/conflicts';
import { readPools } from '../schedule/limits';
import { isPaused } from '../schedule/pausing';
import { readAdded } from './addedTask';
import type { Again } from './kept';
import { type RetryPorts, retryTask } from './retry';

export interface ControlPorts extends RetryPorts {
  /** The roles that a task can have. */
  readonly roles: readonly RoleHead[];
  readonly live: Live;
  readonly inbox: Inbox;
  /** Holds back the requests of the run's agents; undefined where they send none. */
  readonly hold: Hold | undefined;
}

export class Controls {
  constructor(private readonly ports: ControlPorts) {
    const { record, live, hold } = ports;
    if (hold === undefined) return;
    hold.onDidChange = () => live.hold(hold.held);
    // After a crash, another process may take over a run that was paused.
    if (isPaused(record.state)) hold.shut();
    record.listen((event) => {
      if (event.type === 'run.paused') hold.shut();
      // What waits when the run is stopped is aborted with its agent: nothing more is sent.
      if (event.type === 'run.continued') hold.open();
    });
  }

  /** From now on nothing starts or lands, and no agent begins another turn of the model; what is under way comes to its end. */
  pause(): Result<void> {
    const { state } = this.ports.record;
    const open = this.open();
    if (open.ok && state.phase === 'running') this.ports.record.emit({ type: 'run.paused' });
    return open;
  }

  /** Goes on after {@link pause}. */
  continue(): Result<void> {
    const { state } = this.ports.record;
    const open = this.open();
    if (open.ok && isPaused(state)) this.ports.record.emit({ type: 'run.continued' });
    return open;
  }

  /** From now on so many agents run at once; those that are too many by then come to their end. */
  limit(limits: RunLimits): void {
    if (this.open().ok && !isDeepStrictEqual(this.ports.record.state.limits, limits))
      this.ports.record.emit({ type: 'run.limited', limits });
  }

  /** As {@link limit}, of what is said; the rest stays as it is. Fails, and changes nothing, where that is no number that there can be, or of no role. */
  change({ maxWorkers, pools }: { readonly maxWorkers?: number; readonly pools: RunLimits['pools'] }): Result<void> {
    const open = this.open();
    if (!open.ok) return open;
    const { limits } = this.ports.record.state;
    if (maxWorkers !== undefined && !(Number.isInteger(maxWorkers) && maxWorkers >= 1 && maxWorkers <= MAX_WORKERS))
      return fail('input', `${maxWorkers} is no number of agents.`, `Give one from 1 to ${MAX_WORKERS}.`);
    const named = readPools(pools, '--pool', this.ports.roles);
    if (!named.ok) return named;
    this.limit({ maxWorkers: maxWorkers ?? limits.maxWorkers, pools: { ...limits.pools, ...named.value } });
    return ok();
  }

  /** From now on the run, or a task, may spend so much; what stopped for it goes on where it was. */
  raise(id: TaskId | typeof WHOLE_RUN, budget: Budget): Result<void> {
    const open = this.open();
    if (!open.ok) return open;
    const { record } = this.ports;
    const raised = raising(record.state, id, budget);
    if (!raised.ok) return raised;
    for (const happening of raised.value) record.emit(happening);
    return ok();
  }

  /** Has a task join the run that the person wrote; as in a plan. */
  add(data: unknown): Result<TaskId> {
    const open = this.open();
    if (!open.ok) return open;
    const task = readAdded(this.ports.record.state, data, this.ports.roles);
    if (!task.ok) return task;
    this.ports.record.emit({ type: 'task.added', task: task.value.id, definition: task.value, origin: { kind: 'person' } });
    return ok(task.value.id);
  }

  /** Answers what waits in the inbox. */
  answer(item: string, answer: Answer): Result<void> {
    const open = this.open();
    return open.ok ? this.ports.inbox.answer(item, answer) : open;
  }

  /** Has a task worked on again that did not land. */
  retry(task: TaskId, again: Again, signal: AbortSignal): Promise<Result<void>> {
    return retryTask(this.ports, task, again, signal);
  }

  /** Has an agent decide what a task is in conflict over. */
  async arbitrate(task: TaskId, signal: AbortSignal): Promise<Result<void>> {
    const { record, land } = this.ports;
    const refused = (): Result<void> => {
      const failure = notArbitrable(record, task);
      return failure === undefined ? this.open() : { ok: false, failure };
    };
    const allowed = refused();
    return allowed.ok ? askArbiter(record, land.repo, task, () => !signal.aborted && refused().ok) : allowed;
  }

  private open(): Result<void> {
    const { phase } = this.ports.record.state;
    if (phase === 'stopping') return fail('input', 'The run is being stopped.', 'Dispatch the work again when it has ended.');
    return phase === 'finished' ? fail('input', 'The run has finished.', 'Dispatch the work again, in a run of its own.') : ok();
  }
}
