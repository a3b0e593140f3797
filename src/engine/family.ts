/** Tasks that were made for another one: children that an agent spawned, and candidates that race. */
import type { Happening } from '../domain/event';
import { cancelled, fail, failureText, ok, type Result } from '../domain/failure';
import type { Task, TaskId } from '../domain/plan';
import type { ChildEnd, Joint, Spawn, Spawned } from '../domain/spawn';
import { isOver, parentOf, type TaskState } from '../domain/taskState';
import { joinTrees } from '../repo/draft/joining';
import type { Repository } from '../repo/repository';
import { commitTree } from '../repo/trees';
import { keepDraft } from './landing';
import type { RunRecord } from './record';
import { checkSpawn } from './spawnRules';
import type { Outcome } from './worker';

type Origin = Extract<Happening, { type: 'task.added' }>['origin'];

export class Family {
  /** Agents that wait for their children. */
  private readonly waiting = new Map<TaskId, (spawned: Result<Spawned>) => void>();
  /** Merges into parents' drafts that are under way. */
  private readonly merging = new Map<TaskId, Promise<void>>();

  constructor(
    private readonly record: RunRecord,
    private readonly repo: Repository,
  ) {}

  /** As {@link Host.spawn}, for the agent of a task. A call that was made before, by an agent whose process went, finds the children that it had. */
  async spawn(id: TaskId, { call, draft, children }: Spawn, signal: AbortSignal): Promise<Result<Spawned>> {
    const parent = this.task(id);
    if (signal.aborted || parent?.stage.kind !== 'running') return cancelled;
    const before = this.madeBy(id, call, children);
    const allowed = before.length > 0 ? ok() : checkSpawn(this.record.state, parent, children);
    if (!allowed.ok) return allowed;
    if (before.length === children.length && before.every(({ stage }) => isOver(stage))) return ok(this.spawned(parent, before));
    const kept = draft === null ? ok() : await keepDraft(this.repo, this.record.state.start.run, id, draft);
    if (!kept.ok) return kept;
    if (signal.aborted) return cancelled;
    const first = this.made(id).length - before.length + 1;
    const idOf = new Map(children.map(({ name }, at) => [name, `${id}.${first + at}`]));
    const definitions = children.map(({ name, dependsOn, ...child }) => ({
      name,
      task: { ...child, id: idOf.get(name) ?? '', dependsOn: dependsOn.flatMap((on) => idOf.get(on) ?? []), context: [] },
    }));
    const ended = new Promise<Result<Spawned>>((resolve) => {
      this.waiting.set(id, resolve);
      signal.addEventListener('abort', () => resolve(cancelled), { once: true });
    });
    // In the order of their dependencies: a task can only wait for what is there.
    const left = new Set(definitions);
    while (left.size > 0) {
      for (const definition of left) {
        const { name, task } = definition;
        if ([...left].some((other) => task.dependsOn.includes(other.task.id))) continue;
        left.delete(definition);
        if (this.task(task.id) === undefined) this.add(task, { kind: 'child', parent: id, name, call });
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
    resolve(ok(this.spawned(parent, children)));
  }

  private spawned({ work }: TaskState, children: readonly TaskState[]): Spawned {
    const reads = children.flatMap((child) => (child.stage.kind === 'joined' ? child.work.reads : []));
    return { draft: work.changeset, children: children.map((child) => this.endOf(child)), reads };
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

  /** Has several agents race for a task: the first as its plan says, the others with what stands in `fallback`, as far as that goes. */
  race(id: TaskId): void {
    const found = this.task(id);
    if (found === undefined) return;
    const { candidates = 1, fallback = [], pick: _, ...task } = found.task;
    const made = this.made(id);
    // Some may be there: the process went before all of them were.
    const ids = made.filter(({ origin, stage }) => origin.kind === 'candidate' && !isOver(stage)).map((one) => one.task.id);
    // What the person said when they had it raced for again.
    const instructions = [task.instructions, ...(found.work.next === null ? [] : [found.work.next.message])].join('\n\n');
    for (let number = made.length + 1; ids.length < candidates; number++) {
      const { role = task.role, model = task.model } = fallback[ids.length - 1] ?? {};
      const definition = { ...task, instructions, id: `${id}.${number}`, dependsOn: [], role, ...(model === undefined ? {} : { model }) };
      this.add(definition, { kind: 'candidate', parent: id });
      ids.push(definition.id);
    }
    this.record.emit({ type: 'task.awaiting', task: id, children: ids, draft: null });
  }

  /** Every candidate is out. */
  lose(id: TaskId): void {
    const stage = this.task(id)?.stage;
    const raced = stage?.kind === 'awaiting' ? stage.children : [];
    const ends = raced.flatMap((candidate) => this.task(candidate) ?? []).map((one) => `${one.task.id}: ${this.endOf(one).text}`);
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

  /** The children that a call has made before. Some servers give different calls the same id. */
  private madeBy(id: TaskId, call: string, children: Spawn['children']): TaskState[] {
    const made = this.made(id).filter(({ origin }) => origin.kind === 'child' && origin.call === call);
    const isSame = made.every((one) =>
      children.some(({ name, instructions }) => name === nameOf(one) && instructions === one.task.instructions),
    );
    return isSame ? made : [];
  }

  private endOf(child: TaskState): ChildEnd {
    const { task, stage, work } = child;
    const common = { name: nameOf(child), title: task.title, conflicts: [] };
    switch (stage.kind) {
      case 'joined':
        return { ...common, end: 'joined', text: work.summary, conflicts: stage.conflicts };
      case 'failed':
        return { ...common, end: 'failed', text: failureText(stage.failure) };
      case 'doomed': {
        const because = this.task(stage.because);
        const name = because === undefined ? stage.because : nameOf(because);
        return { ...common, end: 'doomed', text: `It did not start, because ${name} did not end well.` };
      }
      default:
        return { ...common, end: 'stopped', text: 'It was stopped.' };
    }
  }
}

/** What a child is called by its parent's agent. */
function nameOf({ task, origin }: TaskState): string {
  return (origin.kind === 'child' ? origin.name : undefined) ?? task.id;
}
