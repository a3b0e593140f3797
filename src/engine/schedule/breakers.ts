/**
 * Breakers, one for the agents of each role with each model: where one after the other fails, the tasks that wait for such an agent are spared for a while.
 * They go by what came of whole attempts; the breaker before a model (`model/breaker`) goes by its requests, and cannot see an agent that gets nothing done.
 */
import type { BreakerState } from '../../domain/event';
import { type Failure, type FailureKind, fail, failureText, never } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { Time } from '../../model/time';
import type { RunRecord } from '../journal/record';
import { agentOf, keyOf } from './standIn';

/** So many failures in a row open a breaker. */
const FAILURES = 5;
/** How long it is open, in milliseconds: the first time, and at most. Each time twice as long as before. */
const FIRST_OPEN_MS = 30_000;
const MAX_OPEN_MS = 240_000;
/** When it has been open so often in a row, and one more try fails, the agents are given up. */
const MAX_OPENED = 4;

interface Row {
  readonly failures: number;
  /** How often in a row the breaker was opened. */
  readonly opened: number;
}

/** What a breaker does after an attempt, and what it goes by from then on. Pure. */
export function afterAttempt(
  row: Row | undefined,
  state: BreakerState,
  failure: Failure | undefined,
): { readonly row: Row | undefined; readonly to: { readonly state: BreakerState; readonly waitMs: number } | undefined } {
  if (failure === undefined) return { row: undefined, to: state === 'closed' ? undefined : { state: 'closed', waitMs: 0 } };
  if (!isCounted(failure.kind)) return { row, to: undefined };
  const { failures, opened } = { failures: (row?.failures ?? 0) + 1, opened: row?.opened ?? 0 };
  // What began before it opened says nothing new.
  if (state === 'open' || state === 'given-up' || (state === 'closed' && failures < FAILURES))
    return { row: { failures, opened }, to: undefined };
  // A key, or a model, that is refused is so however long one waits.
  const isHopeless = failure.kind === 'auth' || failure.kind === 'refused' || opened >= MAX_OPENED;
  const waitMs = isHopeless ? 0 : Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** opened);
  return { row: { failures, opened: opened + 1 }, to: { state: isHopeless ? 'given-up' : 'open', waitMs } };
}

/** Whether a failure tells something of the agents, and not of what they were to do. */
function isCounted(kind: FailureKind): boolean {
  switch (kind) {
    case 'agent':
    case 'auth':
    case 'model':
    case 'refused':
    case 'timeout':
      return true;
    // Of whoever was in the process that ended.
    case 'crash':
    case 'loop':
    case 'input':
    case 'git':
    case 'file':
    case 'moved':
    case 'half':
    case 'budget':
    case 'check':
    case 'denied':
    case 'unsure':
    case 'cancelled':
      return false;
    default:
      return never(kind);
  }
}

/** Fails a task whose agents are given up. */
export function tellGivenUp(record: RunRecord, id: TaskId): void {
  const task = record.state.tasks.get(id);
  if (task === undefined) return;
  const { role, model } = agentOf(record.state.start, task);
  const why = record.state.breakers.get(keyOf({ role, model }))?.why ?? '';
  const { failure } = fail(
    'model',
    `No agent began: all that did as ${role} with ${model} have failed, one after the other. The last one: ${why}`,
    'See what is wrong with that role or model, then retry the task.',
  );
  record.emit({ type: 'task.failed', task: id, failure, draft: task.work.changeset });
}

export class Breakers {
  private readonly rows = new Map<string, Row>();
  private readonly over = new AbortController();

  constructor(
    private readonly record: RunRecord,
    private readonly time: Pick<Time, 'wait'>,
    /** Sees to what goes on by itself. */
    private readonly run: (work: Promise<void>) => void,
  ) {}

  /** An attempt by such an agent has ended: well, or with a failure. */
  heard(key: string, failure: Failure | undefined): void {
    // The person has the tasks worked on again: it is all forgotten.
    if (!this.record.state.breakers.has(key) && (this.rows.get(key)?.opened ?? 0) > 0) this.rows.delete(key);
    const { row, to } = afterAttempt(this.rows.get(key), this.stateOf(key), failure);
    if (row === undefined) this.rows.delete(key);
    else this.rows.set(key, row);
    if (to === undefined) return;
    const why = failure === undefined ? '' : failureText(failure);
    this.record.emit({ type: 'run.breaker', key, state: to.state, why, waitMs: to.waitMs });
    if (to.state === 'open') this.run(this.tryAgain(key, why, to.waitMs));
  }

  /** No breaker changes any more. */
  close(): void {
    this.over.abort();
  }

  private async tryAgain(key: string, why: string, waitMs: number): Promise<void> {
    const opened = this.record.state.breakers.get(key);
    await this.time.wait(waitMs, this.over.signal);
    if (this.over.signal.aborted || this.record.state.breakers.get(key) !== opened) return;
    this.record.emit({ type: 'run.breaker', key, state: 'half-open', why, waitMs: 0 });
  }

  private stateOf(key: string): BreakerState {
    return this.record.state.breakers.get(key)?.state ?? 'closed';
  }
}
