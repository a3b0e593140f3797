/** Tasks that were made for another one: children that an agent spawned, and candidates that race. */
import { cancelled, ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import { BUILT_IN_HEADS, type RoleHead } from '../../domain/role';
import type { Joint, Spawn, Spawned } from '../../domain/spawn';
import { isOver, parentOf, type TaskState } from '../../domain/taskState';
import { joinTrees } from '../../repo/draft/joining';
import type { Repository } from '../../repo/repository';
import { commitTree } from '../../repo/trees';
import type { RunRecord } from '../journal/record';
import { keepDraft } from '../landing/landing';
import { endOf, lostRace, madeBy, nameOf, racing, spawning } from '../schedule/offspring';
import { checkSpawn } from '../schedule/spawnRules';
import type { Outcome } from './worker';

export class Family {
  /** Agents that wait for their children. */
  private readonly waiting = new Map<TaskId, (spawned: Result<Spawned>) => void>();
  /** Merges into parents' drafts that are under way. */
  private readonly merging = new Map<TaskId, Promise<void>>();

  constructor(
    private readonly record: RunRecord,
    private readonly repo: Repository,
    private readonly roles: readonly RoleHead[] = BUILT_IN_HEADS,
  ) {}

  /** As {@link Host.spawn}, for the agent of a task. A call that was made before, by an agent whose process went, finds the children that it had. */
  async spawn(id: TaskId, request: Spawn, signal: AbortSignal): Promise<Result<Spawned>> {
    const { draft, children } = request;
    const parent = this.task(id);
    if (signal.aborted || parent?.stage.kind !== 'running') return cancelled;
    const before = madeBy(this.record.state, id, request);
    if (before.length > 0 && before.length === children.length && before.every(({ stage }) => isOver(stage)))
      return ok(this.spawned(parent, before));
    const check = () => checkSpawn(this.record.state, parent, { children, there: before.length, roles: this.roles });
    const allowed = check();
    if (!allowed.ok) return allowed;
    const kept = draft === null ? ok() : await keepDraft(this.repo, this.record.state.start.run, id, draft);
    if (!kept.ok) return kept;
    if (signal.aborted) return cancelled;
    // Others may have spawned meanwhile.
    const still = check();
    if (!still.ok) return still;
    const ended = new Promise<Result<Spawned>>((resolve) => {
      this.waiting.set(id, resolve);
      signal.addEventListener('abort', () => resolve(cancelled), { once: true });
    });
    for (const happening of spawning(this.record.state, id, request, this.roles)) this.record.emit(happening);
    return ended;
  }

  /** Whether the agent of a task is here and waits for its children. */
  isWaiting(id: TaskId): boolean {
    return this.waiting.has(id);
  }

  /** Its children are over: its agent is told what came of them. */
  resume(id: TaskId): void {
    const parent = this.task(id);
    const resolve = this.waiting.get(id);
    if (parent?.stage.kind !== 'awaiting' || resolve === undefined) return;
    this.waiting.delete(id);
    const children = parent.stage.children.flatMap((child) => this.task(child) ?? []);
    this.record.emit({ type: 'task.resumed', task: id });
    resolve(ok(this.spawned(parent, children)));
  }

  private spawned({ work }: TaskState, children: readonly TaskState[]): Spawned {
    const reads = children.flatMap((child) => (child.stage.kind === 'joined' ? child.work.reads : []));
    return { draft: work.changeset, children: children.map((child) => endOf(this.record.state, child)), reads };
  }

  /** The commit from which a child's draft begins: its parent's draft as it is; an arbiter's: the workspace as the conflict has it. */
  baseOf(child: TaskState): string | undefined {
    if (child.origin.kind === 'arbiter') return child.origin.from.base;
    const parent = parentOf(child);
    const work = child.origin.kind === 'child' && parent !== undefined ? this.task(parent)?.work : undefined;
    return work?.changeset ?? work?.base;
  }

  /** Merges what a child did into its parent's draft. Where they contradict each other, both sides stand in the file, for the parent's agent to decide. */
  async join(id: TaskId): Promise<void> {
    const child = this.task(id);
    const parent = child && this.task(parentOf(child) ?? '');
    if (child?.stage.kind !== 'done' || parent === undefined) return;
    const merging = this.merge(child, parent);
    const settled = merging.then(() => undefined);
    this.merging.set(parent.task.id, settled);
    const joined = await merging;
    if (this.merging.get(parent.task.id) === settled) this.merging.delete(parent.task.id);
    // The person may have stopped it, or its parent.
    if (this.task(id)?.stage.kind !== 'done' || this.task(parent.task.id)?.stage.kind !== 'awaiting') return;
    if (joined.ok) this.record.emit({ type: 'task.joined', task: id, ...joined.value });
    else this.record.emit({ type: 'task.failed', task: id, failure: joined.failure, draft: child.work.changeset });
  }

  /** The agent of a task has ended; where it did while it waited for children, what joined its draft by then is kept with it. */
  async ended(id: TaskId, outcome: Outcome): Promise<Outcome> {
    this.waiting.get(id)?.(cancelled);
    this.waiting.delete(id);
    if (this.task(id)?.stage.kind !== 'awaiting') return outcome;
    await this.merging.get(id);
    const changeset = this.task(id)?.work.changeset ?? null;
    if (changeset === null || outcome.kind === 'done') return outcome;
    const kept = await keepDraft(this.repo, this.record.state.start.run, id, changeset);
    return kept.ok ? { ...outcome, draft: changeset } : { kind: 'failed', failure: kept.failure, draft: changeset };
  }

  private async merge(child: TaskState, parent: TaskState): Promise<Result<{ before: string; after: string; conflicts: Joint[] }>> {
    const before = parent.work.changeset ?? parent.work.base;
    const theirs = child.work.changeset;
    if (theirs === null) return ok({ before, after: before, conflicts: [] });
    const { title } = child.task;
    const merge = await joinTrees(this.repo, { base: child.work.base, ours: before, theirs, child: { name: nameOf(child), title } });
    if (!merge.ok) return merge;
    const { tree, conflicts } = merge.value;
    const after = await commitTree(this.repo, tree, [before], `With: ${title}`);
    if (!after.ok) return after;
    const kept = await keepDraft(this.repo, this.record.state.start.run, parent.task.id, after.value);
    return kept.ok ? ok({ before, after: after.value, conflicts }) : kept;
  }

  /** Has several agents race for a task. */
  race(id: TaskId): void {
    const task = this.task(id);
    if (task !== undefined) for (const happening of racing(this.record.state, task)) this.record.emit(happening);
  }

  /** Every candidate is out. */
  lose(id: TaskId): void {
    const task = this.task(id);
    if (task === undefined) return;
    this.record.emit({ type: 'task.failed', task: id, failure: lostRace(this.record.state, task), draft: null });
  }

  private task(id: TaskId): TaskState | undefined {
    return this.record.state.tasks.get(id);
  }
}
