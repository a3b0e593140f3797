/** What one event makes of one task. */
import type { Read } from './changes';
import type { RunEvent } from './event';
import { isCutOff, never } from './failure';
import { isSamePart } from './part';
import type { TaskId } from './plan';
import { isReversal, type Link, placeOf, type Rework, type Stage, type TaskState, type Work } from './taskState';
import type { Tasks } from './tasks';
import { addUsage, NO_USAGE, type Usage } from './usage';

/** An event that changes one task, and nothing beside it. */
export type TaskEvent = Exclude<
  RunEvent,
  {
    type:
      | `run.${string}`
      | `inbox.${string}`
      | 'task.added'
      | 'task.joined'
      | 'task.chosen'
      | 'task.passedOver'
      | 'task.again'
      | 'task.settled'
      | 'task.leftOpen';
  }
>;

/** `order`: greater than that of any task so far. */
export function reduceTask(state: TaskState, event: TaskEvent, order: number): TaskState {
  const { stage, work } = state;
  const allow = (...kinds: Stage['kind'][]) => {
    if (!kinds.includes(stage.kind)) throw illegal(event, `the task is ${stage.kind}`);
  };
  /** What has come in can be taken back, and brought back; also while that is in conflict. */
  const allowWhile = (where: 'landed' | 'undone') => {
    if ((isReversal(stage) ? placeOf(state) : stage.kind) !== where) throw illegal(event, `the task is ${stage.kind}`);
  };
  const refuseReversal = () => {
    if (isReversal(stage)) throw illegal(event, 'it has landed');
  };
  switch (event.type) {
    case 'task.started':
      // It awaits others, or an answer, where its agent went with its process meanwhile.
      allow('waiting', 'awaiting', 'asking');
      // Where it is not the first time, what it has cost so far, and what it did, stay.
      return {
        ...state,
        stage: { kind: 'running' },
        work: {
          ...work,
          next: null,
          interrupted: false,
          parked: null,
          base: event.base,
          looks: null,
          told: event.told ?? null,
          // From here on it is its own agent's.
          reused: null,
          changeset: event.draft ?? null,
          changes: [],
          startedAt: work.startedAt || event.at,
          endedAt: 0,
        },
      };
    case 'task.stale':
      allow('done');
      return { ...state, stage: event.held ? { kind: 'held', item: null } : stage, work: { ...work, stale: event.files } };
    case 'task.reworked':
      allow('done', 'held');
      return {
        ...state,
        stage: { kind: 'waiting' },
        work: {
          ...work,
          stale: [],
          reworks: { ...work.reworks, [event.why]: work.reworks[event.why] + 1 },
          next: event.next ?? null,
        },
      };
    case 'task.retrying':
      allow('running', 'awaiting', 'asking');
      return {
        ...state,
        stage: { kind: 'waiting' },
        work: {
          ...ended(work, event),
          failures: [...work.failures, event.failure],
          as: event.as ?? work.as,
          interrupted: event.as === undefined && isCutOff(event.failure.kind),
          next: nextAfter(state, event),
        },
      };
    case 'task.parked':
      allow('running');
      return {
        ...state,
        stage: { kind: 'waiting' },
        work: { ...ended(work, event), endedAt: 0, interrupted: true, parked: event.failure },
      };
    case 'task.switched':
      allow('waiting');
      return { ...state, work: { ...work, as: event.as } };
    case 'task.awaiting':
      allow('running', 'waiting');
      return {
        ...state,
        stage: { kind: 'awaiting', children: event.children, since: event.at },
        work: { ...work, changeset: event.draft ?? work.changeset, startedAt: work.startedAt || event.at },
      };
    case 'task.resumed':
      allow('awaiting', 'asking');
      return { ...state, stage: { kind: 'running' }, work };
    case 'task.reused':
      allow('waiting');
      return {
        ...state,
        stage: { kind: 'done' },
        work: {
          ...work,
          base: event.base,
          changeset: event.changeset,
          changes: event.changes,
          reads: event.reads ?? [],
          looks: event.looks ?? null,
          told: event.told ?? null,
          summary: event.summary,
          reused: event.from,
          startedAt: event.at,
          endedAt: event.at,
        },
      };
    case 'task.step':
      allow('running');
      return { ...state, work: { ...work, step: event.step } };
    case 'task.turn':
      // What was paid for counts, also where it is told late.
      allow('running', 'awaiting', 'asking');
      return {
        ...state,
        work: { ...work, usage: addUsage(work.usage, event.usage), byOthers: byOthers(work.byOthers, event), turns: work.turns + 1 },
      };
    case 'task.done':
      allow('running');
      return {
        ...state,
        stage: { kind: 'done' },
        work: {
          ...work,
          summary: event.summary,
          changeset: event.changeset,
          changes: event.changes,
          reads: event.reads ?? [],
          looks: event.looks ?? null,
          step: '',
          endedAt: event.at,
        },
      };
    case 'task.checking':
      allow('done');
      return { ...state, check: { kind: 'running', commands: event.commands } };
    case 'task.checked': {
      allow('done');
      const { ok, command, exitCode, timedOut, output, milliseconds } = event;
      return { ...state, check: { kind: 'ended', ok, command, exitCode, timedOut, output, milliseconds } };
    }
    case 'task.landed':
      allow('done', 'held', 'conflicted', 'failed', 'stopped', 'undone', ...leftOver(state));
      // An undo that did not happen was told so before there was an event of its own for that.
      if (isReversal(stage) && placeOf(state) === 'landed') return { ...state, stage: { kind: 'landed' } };
      return { ...decided(state), stage: { kind: 'landed' }, landing: linkOf(event), undone: null, parts: [], order };
    case 'task.conflicted':
      if (event.conflict.intent === 'undo') allowWhile('landed');
      else if (event.conflict.intent === 'redo') allowWhile(event.conflict.part === undefined ? 'undone' : 'landed');
      else {
        allow('done', 'held', 'conflicted', 'failed', 'stopped', ...leftOver(state));
        refuseReversal();
      }
      return { ...state, stage: { kind: 'conflicted', conflict: event.conflict, resolved: new Map(), arbiter: null, left: null } };
    case 'task.resolved':
      if (stage.kind !== 'conflicted') throw illegal(event, `the task is ${stage.kind}`);
      return { ...state, stage: { ...stage, resolved: new Map(stage.resolved).set(event.path, event.entry) } };
    case 'task.undone':
      allowWhile('landed');
      return { ...state, stage: { kind: 'undone' }, undone: linkOf(event), order };
    case 'task.redone':
      allowWhile('undone');
      return { ...redone(state, event), order };
    case 'task.partUndone':
      allowWhile('landed');
      return { ...state, stage: { kind: 'landed' }, parts: [...state.parts, { part: event.part, ...linkOf(event) }] };
    case 'task.partRedone':
      allowWhile('landed');
      return { ...state, stage: { kind: 'landed' }, parts: state.parts.filter(({ part }) => !isSamePart(part, event.part)) };
    case 'task.kept':
      if (!isReversal(stage)) throw illegal(event, `the task is ${stage.kind}`);
      return { ...state, stage: { kind: placeOf(state) } };
    case 'task.failed':
      allow('waiting', 'running', 'awaiting', 'asking', 'done', 'held', 'conflicted', 'failed', 'stopped', ...leftOver(state));
      refuseReversal();
      return { ...state, stage: { kind: 'failed', failure: event.failure }, work: ended(work, event) };
    case 'task.stopped':
      allow('waiting', 'running', 'awaiting', 'asking', 'done', 'held', 'conflicted');
      refuseReversal();
      return { ...state, stage: { kind: 'stopped' }, work: ended(work, event) };
    case 'task.discarded':
      allow('done', 'held', 'conflicted', 'failed', 'stopped', ...leftOver(state));
      refuseReversal();
      if (event.landedIn !== undefined) {
        allow('conflicted');
        return { ...state, stage: { kind: 'elsewhere', run: event.landedIn }, work: { ...work, changeset: null } };
      }
      return {
        ...state,
        stage: stage.kind === 'failed' || stage.kind === 'doomed' ? stage : { kind: 'stopped' },
        work: { ...work, changeset: null, changes: [] },
      };
    case 'task.doomed':
      allow('waiting');
      return { ...state, stage: { kind: 'doomed', because: event.because } };
    default:
      return never(event);
  }
}

/** What another attempt begins from. An arbiter without a draft begins from the two sides again. */
function nextAfter({ work, origin }: TaskState, { draft, message }: Extract<RunEvent, { type: 'task.retrying' }>): Rework {
  if (draft === null && origin.kind === 'arbiter') return { ...origin.from, message };
  return { base: draft === null ? null : work.base, draft, message };
}

/** A task that lands as the person decided. */
function decided(state: TaskState): TaskState {
  const { stage, settlements } = state;
  if (stage.kind !== 'conflicted') return state;
  const files = stage.conflict.files.map(({ path }) => path);
  return { ...state, settlements: [...settlements, { by: { kind: 'person' }, files }] };
}

function byOthers(
  before: Work['byOthers'],
  { model, usage }: { readonly model?: string | undefined; readonly usage: Usage },
): Work['byOthers'] {
  return model === undefined ? before : new Map(before).set(model, addUsage(before.get(model) ?? NO_USAGE, usage));
}

/** Where a task is whose undo or redo is in conflict. */
/** A task that went back to its agent and was doomed before that began again still has what it did before. */
function leftOver({ work }: TaskState): 'doomed'[] {
  return work.changeset === null ? [] : ['doomed'];
}

/**
 * A redo takes the landing's place for the next undo: it is nearer to what the workspace has. Where parts were left undone, only
 * the landing has all of them, unless the person decided what came back.
 */
function redone(state: TaskState, event: Link): TaskState {
  const isLike = state.parts.length > 0 && state.stage.kind === 'undone';
  return { ...state, stage: { kind: 'landed' }, undone: null, ...(isLike ? {} : { landing: linkOf(event), parts: [] }) };
}

function linkOf({ before, after }: Link): Link {
  return { before, after };
}

function ended(work: Work, event: { at: number; draft: string | null; reads?: readonly Read[] | undefined }): Work {
  const changeset = event.draft ?? work.changeset;
  const changes = changeset === work.changeset ? work.changes : [];
  return { ...work, changeset, changes, reads: event.reads ?? work.reads, step: '', endedAt: work.endedAt || event.at };
}

export function illegal(event: RunEvent, why: string): Error {
  return new Error(`The event ${event.type} is not possible: ${why}.`);
}

export function known(tasks: Tasks, event: RunEvent, id: TaskId): TaskState {
  const task = tasks.get(id);
  if (task === undefined) throw illegal(event, `there is no task ${id}`);
  return task;
}
