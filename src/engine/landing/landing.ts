/** Landing tasks of a run, while it runs or long after: merges, and records what came of it. */
import type { Entry } from '../../domain/changes';
import { cancelled, type Failure, fail, ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { isDecided, isReversal, type TaskState } from '../../domain/taskState';
import { type Incoming, type LandPorts, land } from '../../repo/land/land';
import { type Repository, writeRef } from '../../repo/repository';
import { buildCommit, commitTree, type Put, treeOf } from '../../repo/trees';
import type { Workspace } from '../../repo/workspace';
import { tellLanding } from '../agents/outcome';
import type { RunRecord } from '../journal/record';

/** Puts the names that a person knows into what {@link land} reports. */
export function landPortsOf(record: RunRecord, ports: { repo: Repository; workspace: Workspace }): LandPorts {
  const { repo, workspace } = ports;
  return { repo, workspace, clock: record.clock, titleOf: (task) => record.state.tasks.get(task)?.task.title ?? task };
}

/**
 * Lands what a task's agent did, or what the person made of its conflict. Whatever comes of it is an event of the run:
 * landed, in conflict, or failed with its draft kept. Where it is not `isStillRight`, nothing comes of it.
 */
export async function landTask(
  record: RunRecord,
  ports: LandPorts,
  id: TaskId,
  signal: AbortSignal,
  isStillRight?: () => Promise<Result<void>>,
): Promise<Result<void>> {
  const incoming = await incomingOf(record.state, ports.repo, id);
  if (!incoming.ok) {
    // What is asked too early changes nothing; what git refuses ends as a landing does that failed.
    if (incoming.failure.kind !== 'input') emitFailure(record, id, incoming.failure, record.state.tasks.get(id)?.work.changeset ?? null);
    return incoming;
  }
  if (incoming.value === undefined) {
    landNothing(record, id);
    return ok();
  }
  const { value } = incoming;
  let wrong: Result<void> = ok();
  const guard = async () => {
    wrong = isCalledOff(record, value) ? cancelled : ((await isStillRight?.()) ?? ok());
    return wrong;
  };
  const landing = await land({ ...ports, report: (done) => tellLanding(record, value, done) }, value, signal, guard);
  if (!wrong.ok) return wrong;
  if (landing.ok) return ok();
  const now = record.state.tasks.get(id);
  if (landing.failure.kind === 'cancelled') {
    if (now?.stage.kind === 'done') record.emit({ type: 'task.stopped', task: id, draft: now.work.changeset });
  } else {
    // What the person decided is kept with what the agent did.
    const kept = await keepDraft(ports.repo, record.state.start.run, id, incoming.value.theirs);
    if (!isCalledOff(record, value)) emitFailure(record, id, kept.ok ? landing.failure : kept.failure, incoming.value.theirs);
  }
  return landing;
}

/** Whether a decided undo or redo was called off before its turn to land came. */
function isCalledOff({ state }: RunRecord, { task, intent }: Incoming): boolean {
  const stage = state.tasks.get(task)?.stage;
  return intent !== 'land' && stage !== undefined && !isReversal(stage);
}

/** Lands a task whose agent is done and changed nothing; false where it has something to land. */
export function landNothing(record: RunRecord, id: TaskId): boolean {
  const task = record.state.tasks.get(id);
  if (task === undefined || task.stage.kind === 'conflicted' || task.work.changeset !== null) return false;
  const { base } = task.work;
  record.emit({ type: 'task.landed', task: id, before: base, after: base });
  return true;
}

/** A landing failed; an undo or redo that failed did not happen: its task is where it was. */
function emitFailure(record: RunRecord, task: TaskId, failure: Failure, draft: string | null): void {
  const now = record.state.tasks.get(task);
  if (now !== undefined && isReversal(now.stage)) record.emit({ type: 'task.kept', task });
  else record.emit({ type: 'task.failed', task, failure, draft });
}

/** What is to come into the workspace for a task; undefined where its agent changed nothing. */
async function incomingOf(state: RunState, repo: Repository, id: TaskId): Promise<Result<Incoming | undefined>> {
  const found = state.tasks.get(id);
  if (found === undefined) return fail('input', `The run has no task “${id}”.`, 'Run “weft runs” for its tasks.');
  const { stage, work, task, origin } = found;
  if (origin.kind === 'arbiter')
    return fail('input', `“${task.title}” lands as “${origin.parent}”, whose conflict it was for.`, 'Land that one.');
  const common = { run: state.start.run, task: id, title: task.title };
  if (stage.kind !== 'conflicted') {
    return ok(work.changeset === null ? undefined : { ...common, intent: 'land', base: work.base, theirs: work.changeset });
  }
  if (!isDecided(stage)) return fail('input', `“${task.title}” still has files in conflict.`, 'Decide each of them first.');
  const puts = new Map<string, Put | null>(stage.resolved);
  const theirs = await buildCommit(repo, {
    from: stage.conflict.tree,
    puts,
    parents: [stage.conflict.ours, stage.conflict.tree],
    message: `Resolved: ${task.title}`,
  });
  const { intent, part, others, ours } = stage.conflict;
  return theirs.ok ? ok({ ...common, intent, part, others, base: ours, theirs: theirs.value }) : theirs;
}

/** Decides one file of a conflict: with this content, or (null) deleted. */
export function resolveFile(record: RunRecord, task: TaskId, path: string, entry: Entry | null): void {
  record.emit({ type: 'task.resolved', task, path, entry });
}

/**
 * After a rollback: tasks whose landing the snapshot does not have are undone, and those that it has are landed again.
 * `then` is the run's state at the time of the snapshot; undefined where the run began later.
 */
export function followRollback(record: RunRecord, then: RunState | undefined): void {
  // What came last goes first, as in an undo, so that a redo finds them in their order.
  for (const now of [...record.state.tasks.values()].sort((a, b) => b.order - a.order)) {
    const { id } = now.task;
    const was: TaskState | undefined = then?.tasks.get(id);
    const isIn = now.stage.kind === 'landed';
    const wasIn = was?.stage.kind === 'landed';
    if (isIn && !wasIn && now.landing !== null) {
      // A redo brings back all of it.
      for (const part of now.parts) record.emit({ type: 'task.partRedone', task: id, ...part });
      record.emit({ type: 'task.undone', task: id, before: now.landing.after, after: now.landing.before });
    } else if (wasIn && was.landing !== null && (now.stage.kind === 'undone' || (isIn && !hasSameParts(was, now)))) {
      if (isIn) record.emit({ type: 'task.undone', task: id, before: was.landing.after, after: was.landing.before });
      record.emit({ type: 'task.landed', task: id, ...was.landing });
      for (const part of was.parts) record.emit({ type: 'task.partUndone', task: id, ...part });
    }
  }
}

function hasSameParts(a: TaskState, b: TaskState): boolean {
  return a.parts.length === b.parts.length && a.parts.every(({ after }) => b.parts.some((other) => other.after === after));
}

/** Keeps a commit that no chain holds (an agent's draft) from git's garbage collection. */
export function keepDraft(repo: Repository, run: string, task: TaskId, commit: string): Promise<Result<void>> {
  return writeRef(repo, `runs/${run}/drafts/${task}`, commit);
}

/**
 * Keeps what an agent is to go on from, and with it what it had done before: until it begins, that is the task's work, which is kept,
 * landed or discarded when the task is stopped or doomed meanwhile. The agent's next draft takes the place of both.
 */
export async function keepBeginning(
  repo: Repository,
  run: string,
  { task, work }: Pick<TaskState, 'task' | 'work'>,
  beginning: string,
): Promise<Result<void>> {
  if (work.changeset === null) return keepDraft(repo, run, task.id, beginning);
  const tree = await treeOf(repo, beginning);
  if (!tree.ok) return tree;
  const both = await commitTree(repo, tree.value, [beginning, work.changeset], `So far, and before: ${task.title}`);
  return both.ok ? keepDraft(repo, run, task.id, both.value) : both;
}
