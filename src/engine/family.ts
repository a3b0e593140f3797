/** Tasks that were made for another one: children that an agent spawned, and candidates that race. */
import type { Happening } from '../domain/event';
import { cancelled, fail, failureText, ok, type Result } from '../domain/failure';
import type { Task, TaskId } from '../domain/plan';
import type { ChildEnd, Spawn, Spawned } from '../domain/spawn';
import { parentOf, type TaskState } from '../domain/taskState';
import type { Repository } from '../repo/repository';
import { commitTree, mergeTrees } from '../repo/trees';
import { keepDraft } from './landing';
import type { RunRecord } from './record';
import { checkSpawn } from './spawnRules';

type Origin = Extract<Happening, { type: 'task.added' }>['origin'];

export class Family {
  /** Agents that wait for their children. */
  private readonly waiting = new Map<TaskId, (spawned: Result<Spawned>) => void>();
  /** What a child is called by its parent's agent. */
  private readonly names = new Map<TaskId, string>();

  constructor(
    private readonly record: RunRecord,
    private readonly repo: Repository,
  ) {}

  /** As {@link Host.spawn}, for the agent of a task. */
  async spawn(id: TaskId, { draft, children }: Spawn, signal: AbortSignal): Promise<Result<Spawned>> {
    const parent = this.task(id);
    if (signal.aborted || parent?.stage.kind !== 'running') return cancelled;
    const allowed = checkSpawn(this.record.state, parent, children);
    if (!allowed.ok) return allowed;
    const kept = draft === null ? ok() : await keepDraft(this.repo, this.record.state.start.run, id, draft);
    if (!kept.ok) return kept;
    if (signal.aborted) return cancelled;
    const first = this.made(id).length + 1;
    const idOf = new Map(children.map(({ name }, at) => [name, `${id}.${first + at}`]));
    for (const [name, child] of idOf) this.names.set(child, name);
    const definitions = children.map(({ name, dependsOn, ...child }) => ({
      ...child,
      id: idOf.get(name) ?? '',
      dependsOn: dependsOn.flatMap((on) => idOf.get(on) ?? []),
      context: [],
    }));
    const ended = new Promise<Result<Spawned>>((resolve) => {
      this.waiting.set(id, resolve);
      signal.addEventListener('abort', () => resolve(cancelled), { once: true });
    });
    // In the order of their dependencies: a task can only wait for what is there.
    const left = new Set(definitions);
    while (left.size > 0) {
      for (const definition of left) {
        if ([...left].some((other) => definition.dependsOn.includes(other.id))) continue;
        left.delete(definition);
        this.add(definition, { kind: 'child', parent: id });
      }
    }
    this.record.emit({ type: 'task.awaiting', task: id, children: [...idOf.values()], draft });
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
    resolve(ok({ draft: parent.work.changeset, children: children.map((child) => this.endOf(child)) }));
  }

  /** The commit from which a child's draft begins: its parent's draft as it is. */
  baseOf(child: TaskState): string | undefined {
    const parent = parentOf(child);
    const work = child.origin.kind === 'child' && parent !== undefined ? this.task(parent)?.work : undefined;
    return work?.changeset ?? work?.base;
  }

  /** Merges what a child did into its parent's draft. Where they contradict each other, both sides stand in the file, for the parent's agent to decide. */
  async join(id: TaskId): Promise<void> {
    const child = this.task(id);
    const parent = child && this.task(parentOf(child) ?? '');
    if (child?.stage.kind !== 'done' || parent === undefined) return;
    const joined = await this.merge(child, parent);
    if (this.task(id)?.stage.kind !== 'done') return;
    if (joined.ok) this.record.emit({ type: 'task.joined', task: id, ...joined.value });
    else this.record.emit({ type: 'task.failed', task: id, failure: joined.failure, draft: child.work.changeset });
  }

  private async merge(child: TaskState, parent: TaskState): Promise<Result<{ before: string; after: string; conflicts: string[] }>> {
    const before = parent.work.changeset ?? parent.work.base;
    const theirs = child.work.changeset;
    if (theirs === null) return ok({ before, after: before, conflicts: [] });
    const merge = await mergeTrees(this.repo, { base: child.work.base, ours: before, theirs });
    if (!merge.ok) return merge;
    const after = await commitTree(this.repo, merge.value.tree, [parent.work.base], `With: ${child.task.title}`);
    if (!after.ok) return after;
    const kept = await keepDraft(this.repo, this.record.state.start.run, parent.task.id, after.value);
    return kept.ok ? ok({ before, after: after.value, conflicts: merge.value.conflicts.map(({ path }) => path) }) : kept;
  }

  /** Has several agents race for a task: the first as its plan says, the others with what stands in `fallback`, as far as that goes. */
  race(id: TaskId): void {
    const found = this.task(id);
    if (found === undefined) return;
    const { candidates = 1, fallback = [], pick: _, ...task } = found.task;
    const ids = Array.from({ length: candidates }, (_, at) => `${id}.${at + 1}`);
    for (const [at, candidate] of ids.entries()) {
      const other = at === 0 ? {} : fallback[at - 1];
      const { role = task.role, model = task.model } = other ?? {};
      const definition = { ...task, id: candidate, dependsOn: [], role, ...(model === undefined ? {} : { model }) };
      this.add(definition, { kind: 'candidate', parent: id });
    }
    this.record.emit({ type: 'task.awaiting', task: id, children: ids, draft: null });
  }

  /** Every candidate is out. */
  lose(id: TaskId): void {
    const ends = this.made(id).map((candidate) => `${candidate.task.id}: ${this.endOf(candidate).text}`);
    const { failure } = fail(
      'agent',
      `None of the ${ends.length} candidates passed. ${ends.join(' ')}`,
      'Look at their drafts; land one by hand, or retry the task.',
    );
    this.record.emit({ type: 'task.failed', task: id, failure, draft: null });
  }

  private add(definition: Task, origin: Origin): void {
    this.record.emit({ type: 'task.added', task: definition.id, definition, origin });
  }

  private task(id: TaskId): TaskState | undefined {
    return this.record.state.tasks.get(id);
  }

  private made(id: TaskId): TaskState[] {
    return [...this.record.state.tasks.values()].filter((task) => parentOf(task) === id);
  }

  private endOf({ task, stage, work }: TaskState): ChildEnd {
    const common = { name: this.names.get(task.id) ?? task.id, title: task.title, conflicts: [] };
    switch (stage.kind) {
      case 'joined':
        return { ...common, end: 'joined', text: work.summary, conflicts: stage.conflicts };
      case 'failed':
        return { ...common, end: 'failed', text: failureText(stage.failure) };
      case 'doomed':
        return {
          ...common,
          end: 'doomed',
          text: `It did not start, because ${this.names.get(stage.because) ?? stage.because} did not end well.`,
        };
      default:
        return { ...common, end: 'stopped', text: 'It was stopped.' };
    }
  }
}
