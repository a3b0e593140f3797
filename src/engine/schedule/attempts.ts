/** What becomes of a task whose attempt failed: another one after a while, perhaps with another role or model, or none. Pure. */
import type { StandIn } from '../../domain/event';
import { type Failure, type FailureKind, never } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import type { TaskState } from '../../domain/taskState';
import { fallbacksOf } from './standIn';

/** The pause before the second attempt, in milliseconds; it doubles from one to the next. */
const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 60_000;

/** So often the process of a task's agents may end before that counts as an attempt: mostly it is another agent that ends it, or somebody else. */
const FREE_CRASHES = 3;

/** `waitMs`: after which it may begin again; `message`: what its next agent is told; `as`: with another role or model. */
export type Next =
  | { readonly kind: 'retry'; readonly waitMs: number; readonly message: string; readonly as?: StandIn }
  | { readonly kind: 'fail' };

export interface FailedAttempt {
  readonly failure: Failure;
  /** Commit of what was done by then; null for nothing. */
  readonly draft: string | null;
  /** What its agent had been told beside its task; undefined for nothing. */
  readonly told: string | undefined;
  /** At least 0, less than 1. */
  readonly random: number;
}

/** Who may end better: the same agent once more, another one alone, or nobody. */
export type Remedy = 'again' | 'another' | 'none';

/**
 * What may mend a failure. What the plan, the person or the disk has to mend no attempt does; and what has rules of its own (a red check goes
 * back to its agent, a budget is used up, who stops a task means it) is none.
 */
export function remedyOf(kind: FailureKind): Remedy {
  switch (kind) {
    case 'agent':
    case 'loop':
    case 'timeout':
    case 'crash':
    case 'model':
      return 'again';
    // Of this model, as it seems: the same request is refused again.
    case 'auth':
    case 'refused':
      return 'another';
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
      return 'none';
    default:
      return never(kind);
  }
}

/**
 * First as often as the task may be tried as it is, then once with each of its fallbacks. Who was in a process that ended goes on at once in
 * another one, and has lost no attempt: unless that happens again and again, for then it may be what it does.
 */
export function afterFailure({ start }: RunState, task: TaskState, attempt: FailedAttempt): Next {
  const remedy = remedyOf(attempt.failure.kind);
  if (remedy === 'none') return { kind: 'fail' };
  const failures = [...task.work.failures, attempt.failure];
  const crashes = failures.filter(({ kind }) => kind === 'crash').length;
  const made = failures.length - Math.min(crashes, FREE_CRASHES);
  const message = messageFor(task.work.failures, attempt);
  if (attempt.failure.kind === 'crash' && crashes <= FREE_CRASHES) return { kind: 'retry', waitMs: 0, message };
  if (remedy === 'again' && task.work.as === null && made < (task.task.attempts ?? start.attempts ?? 1))
    return { kind: 'retry', waitMs: pauseMs(made, attempt.random), message };
  const [as] = fallbacksOf(start, task);
  // Who has not failed yet has nothing to wait for.
  return as === undefined ? { kind: 'fail' } : { kind: 'retry', waitMs: 0, message, as };
}

/** So that those that failed together do not all come back together, each waits a little less than it might. */
function pauseMs(made: number, random: number): number {
  return Math.round(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (made - 1)) * (0.5 + random / 2));
}

/** With which what is told of earlier attempts begins; what was to be told beside that follows after an empty line. */
const EARLIER = 'Earlier attempts at this task failed:';

function messageFor(failures: readonly Failure[], { failure, draft, told }: FailedAttempt): string {
  const list = [...failures, failure].map(({ message }) => `- ${message.replace(/\s+/g, ' ')}`).join('\n');
  const left =
    draft === null
      ? 'They had changed nothing.'
      : 'What was done is in your draft: see what is there, keep what is good, go on from it, and call finish.';
  const rest = told?.startsWith(EARLIER) ? told.split('\n\n').slice(1) : told === undefined ? [] : [told];
  return [`${EARLIER}\n${list}\n${left}`, ...rest].join('\n\n');
}
