/** What comes next for a task that is in conflict: whose turn it is to decide. Pure. */
import { type Failure, fail, never } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { DEFAULT_CONFLICTS, MAX_ARBITERS } from '../../domain/settings';
import { isOver, parentOf, type TaskState } from '../../domain/taskState';

export type ConflictStep =
  /** Nobody else decides it. */
  | { readonly kind: 'person' }
  /** Somebody else is at it. */
  | { readonly kind: 'wait' }
  /** The order of roles may decide it. */
  | { readonly kind: 'rule' }
  | { readonly kind: 'arbitrate' }
  /** An arbiter has decided it. */
  | { readonly kind: 'settle'; readonly arbiter: TaskId }
  /** Whoever was to decide it did not. */
  | { readonly kind: 'leaveOpen'; readonly failure: Failure };

/** The person goes before all others: where they have decided one file, the rest is theirs as well. */
export function conflictStep(state: RunState, { task, stage }: TaskState): ConflictStep {
  const isOurs = stage.kind === 'conflicted' && stage.conflict.intent === 'land' && stage.resolved.size === 0;
  if (!isOurs || state.phase === 'stopping' || state.phase === 'finished') return { kind: 'person' };
  const asked = stage.arbiter === null ? undefined : state.tasks.get(stage.arbiter);
  if (asked !== undefined && !isOver(asked.stage))
    return asked.stage.kind === 'done' ? { kind: 'settle', arbiter: asked.task.id } : { kind: 'wait' };
  if (stage.left !== null) return { kind: 'person' };
  if (asked !== undefined) return { kind: 'leaveOpen', failure: failureOf(asked) };
  const { conflicts = DEFAULT_CONFLICTS } = state.start;
  switch (conflicts) {
    case 'ask':
      return { kind: 'person' };
    case 'priority':
      return { kind: 'rule' };
    case 'arbiter':
      return arbitersOf(state, task.id) < MAX_ARBITERS ? { kind: 'arbitrate' } : { kind: 'leaveOpen', failure: TOO_OFTEN };
    default:
      return never(conflicts);
  }
}

/** How many agents were asked to decide what a task is in conflict over. */
function arbitersOf({ tasks }: RunState, id: TaskId): number {
  return [...tasks.values()].filter((task) => task.origin.kind === 'arbiter' && parentOf(task) === id).length;
}

const TOO_OFTEN = fail(
  'unsure',
  `${MAX_ARBITERS} arbiters have decided it, and each time others had landed meanwhile.`,
  'Decide the conflict yourself, or ask another arbiter.',
).failure;

function failureOf({ stage }: TaskState): Failure {
  return stage.kind === 'failed'
    ? stage.failure
    : fail('cancelled', 'The arbiter was stopped.', 'Decide the conflict yourself, or ask another one.').failure;
}
