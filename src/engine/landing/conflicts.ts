/** Conflicts that somebody else than the person decides: what is decided, and who is asked, becomes events of the run. */
import type { Change, Read } from '../../domain/changes';
import { cancelled, type Failure, fail, never, ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { DEFAULT_CONFLICT_PRIORITY } from '../../domain/settings';
import type { TaskState } from '../../domain/taskState';
import { isUndecided } from '../../repo/draft/joining';
import type { Repository } from '../../repo/repository';
import { buildCommit, diffTrees, lookUp } from '../../repo/trees';
import type { RunRecord } from '../journal/record';
import { type ConflictStep, conflictStep } from '../schedule/conflictStep';
import { madeFor } from '../schedule/offspring';
import type { Decision } from '../schedule/scheduler';
import { briefArbiter } from './arbiterBrief';
import { keepBeginning, keepDraft } from './landing';
import { byPriority } from './priority';

export type ConflictDecision = Extract<Decision, { kind: Exclude<ConflictStep['kind'], 'person' | 'wait'> }>;

export class Conflicts {
  /** Those for which something is under way that has not become an event yet. */
  readonly settling = new Set<TaskId>();

  constructor(
    private readonly record: RunRecord,
    private readonly repo: Repository,
  ) {}

  /** Does what was decided for a task in conflict. What cannot be done leaves the conflict to the person. */
  async perform(decision: ConflictDecision): Promise<void> {
    const { task } = decision;
    this.settling.add(task);
    try {
      const done = await this.attempt(decision);
      if (!done.ok && isAt(this.record, task, decision.kind)) this.record.emit({ type: 'task.leftOpen', task, failure: done.failure });
    } finally {
      this.settling.delete(task);
    }
  }

  private attempt(decision: ConflictDecision): Promise<Result<void>> {
    const { record, repo } = this;
    switch (decision.kind) {
      case 'arbitrate':
        return askArbiter(record, repo, decision.task, () => isAt(record, decision.task, 'arbitrate'));
      case 'rule':
        return this.rule(decision.task);
      case 'settle':
        return this.settle(decision.task, decision.arbiter);
      case 'leaveOpen':
        return Promise.resolve({ ok: false, failure: decision.failure });
      default:
        return never(decision);
    }
  }

  /** Decides by the order of roles. */
  private async rule(id: TaskId): Promise<Result<void>> {
    const { record, repo } = this;
    const { priority = DEFAULT_CONFLICT_PRIORITY, run } = record.state.start;
    const task = record.state.tasks.get(id);
    if (task?.stage.kind !== 'conflicted') return ok();
    const { conflict } = task.stage;
    const decided = await byPriority(repo, record.state, task, priority);
    if (!decided.ok) return decided;
    const { puts, files } = decided.value;
    const message = `By the order of roles: ${task.task.title}`;
    const made = await buildCommit(repo, { from: conflict.tree, puts, parents: [conflict.ours], message });
    if (!made.ok) return made;
    const changes = await diffTrees(repo, conflict.ours, made.value);
    if (!changes.ok) return changes;
    const kept = await keepBeginning(repo, run, task, made.value);
    if (!kept.ok) return kept;
    if (isAt(record, id, 'rule'))
      this.emitSettled(task, { by: { kind: 'rule', files }, commit: made.value, changes: changes.value, reads: [] });
    return ok();
  }

  /** Takes over what an arbiter decided, where nothing of it is open. */
  private async settle(id: TaskId, arbiter: TaskId): Promise<Result<void>> {
    const { record, repo } = this;
    const task = record.state.tasks.get(id);
    const work = record.state.tasks.get(arbiter)?.work;
    if (task?.stage.kind !== 'conflicted' || work === undefined) return ok();
    const open = await undecidedIn(repo, work.changeset, work.changes);
    if (!open.ok) return open;
    if (open.value.length > 0)
      return fail(
        'unsure',
        `The arbiter has left both sides in ${open.value.join(', ')}.`,
        'Decide the conflict yourself, or ask another arbiter.',
      );
    if (isAt(record, id, 'settle'))
      this.emitSettled(task, { by: { kind: 'arbiter', arbiter }, commit: work.changeset, changes: work.changes, reads: work.reads });
    return ok();
  }

  private emitSettled(task: TaskState, settled: Settled): void {
    if (task.stage.kind !== 'conflicted') return;
    const { by, commit, changes, reads } = settled;
    const isRead = new Set(reads.map(({ path }) => path));
    this.record.emit({
      type: 'task.settled',
      task: task.task.id,
      by,
      base: task.stage.conflict.ours,
      changeset: changes.length === 0 ? null : commit,
      changes: [...changes],
      // What its own agent went by, it still goes by.
      reads: [...reads, ...task.work.reads.filter(({ path }) => !isRead.has(path))],
    });
  }
}

interface Settled {
  readonly by: Extract<Parameters<RunRecord['emit']>[0], { type: 'task.settled' }>['by'];
  readonly commit: string | null;
  readonly changes: readonly Change[];
  readonly reads: readonly Read[];
}

/** Whether that is still what comes next for a task. */
function isAt({ state }: RunRecord, id: TaskId, kind: ConflictStep['kind']): boolean {
  const task = state.tasks.get(id);
  return task !== undefined && conflictStep(state, task).kind === kind;
}

/** Changed files in which both sides still stand. */
async function undecidedIn(repo: Repository, changeset: string | null, changes: readonly Change[]): Promise<Result<string[]>> {
  if (changeset === null) return ok([]);
  const there = changes.flatMap(({ path, after }) => (after === null ? [] : [path]));
  const found = await lookUp(repo, changeset, there);
  if (!found.ok) return found;
  const open: string[] = [];
  for (const [path, entry] of found.value) {
    if (entry === 'folder' || !entry.mode.startsWith('100')) continue;
    const bytes = await repo.objects.read(entry.blob);
    if (!bytes.ok) return bytes;
    if (bytes.value !== undefined && isUndecided(bytes.value)) open.push(path);
  }
  return ok(open.sort());
}

/** Has an agent join the run that is to decide a task's conflict. Nothing comes of it where it is not `wanted` any more. */
export async function askArbiter(record: RunRecord, repo: Repository, id: TaskId, wanted: () => boolean): Promise<Result<void>> {
  const task = record.state.tasks.get(id);
  if (task?.stage.kind !== 'conflicted') return ok();
  const brief = await briefArbiter(repo, record.state, task, task.stage.conflict);
  if (!brief.ok) return brief;
  const { from, ...definition } = brief.value;
  const arbiter = `${id}.${madeFor(record.state, id).length + 1}`;
  const kept = await keepDraft(repo, record.state.start.run, arbiter, from.draft);
  if (!kept.ok) return kept;
  if (!wanted()) return cancelled;
  const origin = { kind: 'arbiter' as const, parent: id, from };
  record.emit({ type: 'task.added', task: arbiter, definition: { ...definition, id: arbiter }, origin });
  return ok();
}

/** Why nobody but the person can decide a task's conflict, if it has one; undefined where somebody can. */
export function inNoConflict(state: RunState, id: TaskId): Failure | undefined {
  const task = state.tasks.get(id);
  if (task === undefined) return fail('input', `The run has no task “${id}”.`, `Its tasks: ${[...state.tasks.keys()].join(', ')}.`).failure;
  const { title } = task.task;
  const { stage } = task;
  if (stage.kind !== 'conflicted') return fail('input', `“${title}” is in no conflict.`, 'It may have been decided meanwhile.').failure;
  if (stage.conflict.intent !== 'land')
    return fail('input', `The ${stage.conflict.intent} of “${title}” is yours to decide.`, 'Open the conflict, or call it off.').failure;
  if (stage.resolved.size > 0) return fail('input', `You have begun to decide “${title}”.`, 'Decide the rest of its files, too.').failure;
  return undefined;
}

/** Why nobody can be asked in this run to decide a task's conflict; undefined where that is possible. */
export function notArbitrable({ state }: Pick<RunRecord, 'state'>, id: TaskId): Failure | undefined {
  const none = inNoConflict(state, id);
  const task = state.tasks.get(id);
  if (none !== undefined || task === undefined) return none;
  if (state.phase === 'finished')
    return fail('input', 'The run is over.', 'Decide the conflict yourself, or run “weft arbitrate”.').failure;
  if (conflictStep(state, task).kind === 'person') return undefined;
  return fail('input', `“${task.task.title}” is being decided already.`, 'Wait for what comes of it, or stop the arbiter.').failure;
}
