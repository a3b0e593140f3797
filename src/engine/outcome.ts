/** Telling a run what came of its agents' work, and of merges into the workspace: the events of landing, undo and redo. */
import type { Happening } from '../domain/event';
import { never } from '../domain/failure';
import type { TaskId } from '../domain/plan';
import { isReversal } from '../domain/taskState';
import type { Incoming, Landing, Link } from '../repo/land/land';
import type { RunRecord } from './record';
import type { Outcome } from './worker';

/** Emits what came of a landing for each task that it was about. */
export function tellLanding(record: RunRecord, incoming: Incoming, landing: Landing): void {
  if (landing.kind === 'landed') {
    for (const link of landing.links) {
      // Others of the same change may have been undone by themselves while it waited for a decision.
      if (link.task === incoming.task || isOpenTo(record, incoming, link.task)) record.emit(happeningOf(incoming, link));
    }
    return;
  }
  // What was decided there is part of the conflict that came next.
  const before = record.state.tasks.get(incoming.task)?.stage;
  if (landing.task !== incoming.task && before !== undefined && isReversal(before)) record.emit({ type: 'task.kept', task: incoming.task });
  record.emit({ type: 'task.conflicted', task: landing.task, conflict: landing.conflict });
}

function isOpenTo(record: RunRecord, { intent }: Incoming, task: string): boolean {
  const kind = record.state.tasks.get(task)?.stage.kind;
  return kind === 'conflicted' || kind === (intent === 'redo' ? 'undone' : 'landed');
}

function happeningOf({ intent, part }: Incoming, { task, before, after }: Link): Happening {
  switch (intent) {
    case 'land':
      return { type: 'task.landed', task, before, after };
    case 'undo':
      return part === undefined ? { type: 'task.undone', task, before, after } : { type: 'task.partUndone', task, part, before, after };
    case 'redo':
      return part === undefined ? { type: 'task.redone', task, before, after } : { type: 'task.partRedone', task, part, before, after };
    default:
      return never(intent);
  }
}

/** Tells a run how its agent's work on a task ended. */
export function tellOutcome(record: RunRecord, task: TaskId, outcome: Outcome): void {
  const reads = outcome.reads === undefined ? {} : { reads: [...outcome.reads] };
  switch (outcome.kind) {
    case 'done': {
      const { summary, changeset, changes } = outcome;
      record.emit({ type: 'task.done', task, summary, changeset, changes: [...changes], ...reads });
      break;
    }
    case 'failed':
      record.emit({ type: 'task.failed', task, failure: outcome.failure, draft: outcome.draft, ...reads });
      break;
    case 'stopped':
      record.emit({ type: 'task.stopped', task, draft: outcome.draft, ...reads });
      break;
    default:
      never(outcome);
  }
}
