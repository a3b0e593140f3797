/** Telling a run what came of its agents' work, and of merges into the workspace: the events of landing, undo and redo. */
import type { Happening } from '../../domain/event';
import { type Failure, fail, never } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import { isReversal, type Stage } from '../../domain/taskState';
import type { Incoming, Landing, Link } from '../../repo/land/land';
import type { RunRecord } from '../journal/record';
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
  const stage = record.state.tasks.get(task)?.stage;
  return stage !== undefined && (isReversal(stage) || stage.kind === (intent === 'redo' ? 'undone' : 'landed'));
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

/**
 * What an agent's end means for its task. Whoever was called off (`stopped` by the person, or for a failure) did not come to an end of its own,
 * however it puts it; but what was finished when its time ran out is finished.
 */
export function outcomeOf(said: Outcome, calledOff: 'stopped' | Failure | undefined, stage: Stage | undefined): Outcome {
  const draft = said.kind === 'done' ? said.changeset : said.draft;
  const reads = said.reads === undefined ? {} : { reads: said.reads };
  if (calledOff === 'stopped') return { kind: 'stopped', draft, ...reads };
  if (said.kind === 'done') {
    if (stage?.kind !== 'awaiting' && stage?.kind !== 'asking') return said;
    const before = stage.kind === 'asking' ? 'what it had asked was answered' : 'the tasks that it had spawned';
    const { failure } = fail('agent', `The agent finished before ${before}.`, 'Run the task again.');
    return { kind: 'failed', failure, draft, ...reads };
  }
  return calledOff === undefined ? said : { kind: 'failed', failure: calledOff, draft, ...reads };
}

/** Tells a run how its agent's work on a task ended. */
export function tellOutcome(record: RunRecord, task: TaskId, outcome: Outcome): void {
  const reads = outcome.reads === undefined ? {} : { reads: [...outcome.reads] };
  switch (outcome.kind) {
    case 'done': {
      const { summary, changeset, changes } = outcome;
      const looks = outcome.looks === undefined ? {} : { looks: [...outcome.looks] };
      record.emit({ type: 'task.done', task, summary, changeset, changes: [...changes], ...reads, ...looks });
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
