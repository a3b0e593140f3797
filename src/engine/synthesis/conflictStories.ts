/** The conflicts of a run, and what became of each: read from its events, for the state keeps only those that are open. Pure. */
import type { Conflict, ConflictFile, Entry } from '../../domain/changes';
import type { RunEvent } from '../../domain/event';
import type { TaskId } from '../../domain/plan';
import type { DecidedBy } from '../../domain/settlement';

/** How one file of a conflict was decided: as the workspace had it, as the task had it, or otherwise. */
export type Decision = 'kept' | 'taken' | 'deleted' | 'edited';

export interface ConflictStory {
  readonly task: TaskId;
  readonly intent: Conflict['intent'];
  /** `by`: whose lines it did not fit with; null for a decision: none was made by hand. */
  readonly files: readonly { readonly path: string; readonly by: string; readonly decision: Decision | null }[];
  /** What became of it; `again`: the task was worked on anew. */
  readonly end: 'open' | 'resolved' | 'again' | 'discarded' | 'elsewhere' | 'calledOff';
  /** Who decided it, where not the person. */
  readonly settled: DecidedBy | null;
  /** Why nobody else could decide it, where somebody was to; empty otherwise. */
  readonly left: string;
}

/** In the order in which they arose. */
export function conflictStories(events: readonly RunEvent[]): ConflictStory[] {
  const stories: ConflictStory[] = [];
  const open = new Map<TaskId, Found & { decided: Map<string, Entry | null>; at: number }>();
  const close = (task: TaskId, end: ConflictStory['end']) => {
    const found = open.get(task);
    if (found === undefined) return;
    stories[found.at] = storyOf(task, found, end);
    open.delete(task);
  };
  const note = (task: TaskId, what: Partial<Pick<Found, 'settled' | 'left'>>) => {
    const found = open.get(task);
    if (found === undefined) return;
    const noted = { ...found, ...what };
    open.set(task, noted);
    stories[found.at] = storyOf(task, noted, 'open');
  };
  for (const event of events) {
    switch (event.type) {
      case 'task.conflicted': {
        // One that is merged again, and still does not fit, is the same conflict.
        const at = open.get(event.task)?.at ?? stories.length;
        const found = { conflict: event.conflict, decided: new Map<string, Entry | null>(), at, settled: null, left: '' };
        open.set(event.task, found);
        stories[found.at] = storyOf(event.task, found, 'open');
        break;
      }
      case 'task.resolved':
        open.get(event.task)?.decided.set(event.path, event.entry);
        break;
      case 'task.settled':
        note(event.task, { settled: event.by });
        break;
      case 'task.leftOpen':
        note(event.task, { settled: null, left: event.failure.message });
        break;
      case 'task.landed':
      case 'task.undone':
      case 'task.redone':
      case 'task.partUndone':
      case 'task.partRedone':
        close(event.task, 'resolved');
        break;
      case 'task.kept':
        close(event.task, 'calledOff');
        break;
      case 'task.discarded':
        close(event.task, event.landedIn === undefined ? 'discarded' : 'elsewhere');
        break;
      case 'task.stopped':
      case 'task.failed':
        close(event.task, 'discarded');
        break;
      case 'task.again':
      case 'task.reworked':
        close(event.task, 'again');
        // A conflict is left by a stop before its task is worked on again.
        again(stories, event.task);
        break;
      default:
    }
  }
  return stories;
}

function again(stories: ConflictStory[], task: TaskId): void {
  const at = stories.findLastIndex((story) => story.task === task);
  const last = stories[at];
  if (last?.end === 'discarded') stories[at] = { ...last, end: 'again' };
}

interface Found extends Pick<ConflictStory, 'settled' | 'left'> {
  readonly conflict: Conflict;
  readonly decided: ReadonlyMap<string, Entry | null>;
}

function storyOf(task: TaskId, { conflict, decided, settled, left }: Found, end: ConflictStory['end']): ConflictStory {
  const files = conflict.files.map((file) => ({ path: file.path, by: file.oursBy, decision: decisionOf(file, decided) }));
  return { task, intent: conflict.intent, files, end, settled, left };
}

function decisionOf(file: ConflictFile, decided: ReadonlyMap<string, Entry | null>): Decision | null {
  const entry = decided.get(file.path);
  if (entry === undefined) return null;
  if (entry?.blob === file.ours?.blob) return 'kept';
  if (entry?.blob === file.theirs?.blob) return 'taken';
  return entry === null ? 'deleted' : 'edited';
}
