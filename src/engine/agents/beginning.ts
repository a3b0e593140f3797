/** How an agent begins on a task, as the journal and its transcript say: anew, with something new to be told, or where its process left it. */
import { callsOf } from '../../agent/calls';
import { type Entry, renewed, type Session, standingAfter, TRANSCRIPT_VERSION, usagesOf } from '../../agent/transcript';
import { ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import { type TaskState, winnerOf } from '../../domain/taskState';
import type { Tasks } from '../../domain/tasks';
import type { Usage } from '../../domain/usage';
import type { Transcripts } from '../journal/transcripts';
import type { AgainJob } from './worker';

export interface Beginning {
  /** Commit that the draft begins from; undefined for where any draft would now. */
  readonly base: string | undefined;
  /** What was done so far, as the run is to know it. */
  readonly draft: string | null;
  readonly again: AgainJob | undefined;
  /**
   * Its conversation is the `first` of its task, a `new` one, or goes on where its own was over (`end`), where another agent's was (`other`), or in the midst of its
   * own (`amidst`), which knows nothing of a beginning then.
   */
  readonly from: 'first' | 'new' | 'end' | 'other' | 'amidst';
  /** What answers cost of which the journal does not know yet. */
  readonly unpaid: readonly Usage[];
}

const ANEW: Beginning = { base: undefined, draft: null, again: undefined, from: 'new', unpaid: [] };

const CUT_OFF =
  'An agent has worked on this task before, and was cut off. What it did is in your draft. See what is there, go on from it, and call finish.';

const MORE_BUDGET = 'There is more budget now: go on with your task where you were, and call finish when it is done.';

/** `tasks`: all of the run. */
export function readBeginning(transcripts: Pick<Transcripts, 'read'>, task: TaskState, tasks: Tasks): Result<Beginning> {
  const { stage, work } = task;
  const entries = transcripts.read(task.task.id);
  if (!entries.ok) return entries;
  const amidst =
    stage.kind === 'awaiting' || stage.kind === 'asking' || work.interrupted ? interrupted(task, entries.value, tasks) : undefined;
  if (amidst !== undefined) return ok(amidst);
  const { next } = work;
  if (next === null) return ok({ ...ANEW, from: entries.value.length === 0 ? 'first' : 'new' });
  const { base, draft, message } = next;
  const own = next.isNew === true ? undefined : finished(entries.value);
  const winner = own === undefined && next.isNew !== true ? winnerOf(tasks, task.task.id) : undefined;
  const raced = winner === undefined ? ok([]) : transcripts.read(winner.task.id);
  if (!raced.ok) return raced;
  const session = own ?? finished(raced.value);
  const from = own !== undefined ? 'end' : session !== undefined ? 'other' : 'new';
  return ok({ base: base ?? undefined, draft, again: { draft, session, message }, from, unpaid: [] });
}

/** A conversation that can be gone on with. Who had not finished is another agent by now. */
function finished(entries: readonly Entry[]): Session | undefined {
  const session = standingAfter(entries)?.session;
  return session === undefined || session.summary === '' ? undefined : renewed(session);
}

/** What is added to the transcript of an agent that begins. */
export function beginEntries({ again, from }: Beginning, base: string): Entry[] {
  if (from === 'amidst') return [];
  const { draft = null, session, message = null } = again ?? {};
  const begin: Entry = { type: 'begin', version: TRANSCRIPT_VERSION, base, draft, keeps: from === 'end', message };
  return from === 'other' ? [begin, { type: 'taken', messages: session?.messages ?? [] }] : [begin];
}

/** Undefined where there is nothing to go on from but what the run knows anyway. */
function interrupted({ task, work }: TaskState, entries: readonly Entry[], tasks: Tasks): Beginning | undefined {
  const { base, changeset, turns, parked } = work;
  const standing = standingAfter(entries);
  if (standing?.base !== base) {
    const again = { draft: changeset, session: undefined, message: CUT_OFF };
    return changeset === null || work.next !== null ? undefined : { base, draft: changeset, again, from: 'new', unpaid: [] };
  }
  const { session, message } = standing;
  // What its children did came into its draft after it spoke last: it gets that with the answer to its call.
  const hasJoined = hasChildrenOf(task.id, new Set(callsOf(session.open?.content ?? []).map(({ id }) => id)), tasks);
  const draft = hasJoined ? changeset : standing.draft;
  const again = { draft: standing.draft, session, message: parked === null ? (message ?? undefined) : MORE_BUDGET };
  return { base, draft, again, from: 'amidst', unpaid: usagesOf(entries).slice(turns) };
}

function hasChildrenOf(parent: TaskId, calls: ReadonlySet<string>, tasks: Tasks): boolean {
  for (const { origin } of tasks.values()) {
    if (origin.kind === 'child' && origin.parent === parent && origin.call !== undefined && calls.has(origin.call)) return true;
  }
  return false;
}
