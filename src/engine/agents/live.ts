/** What a run shows beside its record while it goes on: the drafts of agents at work, what their commands print, and what will not fit together. */
import type { Failure } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { Why } from '../../model/gate/turnstile';
import type { Repository } from '../../repo/repository';
import type { Workspace } from '../../repo/workspace';
import { type Clash, type LiveDraft, Radar } from './radar';

/** Most characters that are kept of what a task's commands print. */
const MAX_PRINTED = 100_000;

export interface LiveState {
  /** Of agents at work that have changed something. */
  readonly drafts: ReadonlyMap<TaskId, LiveDraft>;
  readonly clashes: readonly Clash[];
  /** What commands of tasks' agents have printed, the end of it. */
  readonly printed: ReadonlyMap<TaskId, string>;
  /** Of a run that is paused: those whose agents have come to the end of their turn, and wait. */
  readonly held: ReadonlySet<TaskId>;
  /** Those whose requests wait before the model. */
  readonly waiting: ReadonlyMap<TaskId, Wait>;
  /** Why the radar could not look, the last time. */
  readonly problem: Failure | undefined;
}

/** Why a request waits, and since when, in milliseconds since 1970. */
export interface Wait {
  readonly why: Why;
  readonly since: number;
}

export class Live {
  private readonly drafts = new Map<TaskId, LiveDraft>();
  private clashes: readonly Clash[] = [];
  private problem: Failure | undefined;
  private readonly printed = new Map<TaskId, string>();
  private readonly readers = new Set<(task: TaskId) => void>();
  private held: ReadonlySet<TaskId> = new Set();
  private readonly waiting = new Map<TaskId, Wait>();
  private readonly listeners = new Set<() => void>();
  private readonly radar: Radar;

  constructor(run: string, ports: { readonly repo: Repository; readonly workspace: Workspace }) {
    this.radar = new Radar({
      repo: ports.repo,
      workspace: ports.workspace,
      run,
      drafts: () => this.drafts,
      told: (result) => {
        const before = JSON.stringify([this.clashes, this.problem]);
        if (result.ok) this.clashes = result.value;
        this.problem = result.ok ? undefined : result.failure;
        if (JSON.stringify([this.clashes, this.problem]) !== before) this.tell();
      },
    });
  }

  get state(): LiveState {
    const { drafts, clashes, printed, held, waiting, problem } = this;
    return { drafts, clashes, printed, held, waiting, problem };
  }

  /** Calls `listener` after every change; the function that comes back ends that. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The agent of a task has changed its draft. */
  draft(task: TaskId, draft: LiveDraft): void {
    this.drafts.set(task, draft);
    this.radar.stir();
    this.tell();
  }

  /** A command of a task's agent has printed something. It comes in many pieces: all but the first are told only to those who {@link read} it. */
  print(task: TaskId, text: string): void {
    const isFirst = !this.printed.has(task);
    this.printed.set(task, `${this.printed.get(task) ?? ''}${text}`.slice(-MAX_PRINTED));
    for (const reader of this.readers) reader(task);
    if (isFirst) this.tell();
  }

  /** Calls `reader` whenever a command of a task's agent has printed something; the function that comes back ends that. */
  read(reader: (task: TaskId) => void): () => void {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  }

  /** The agents of these tasks wait until the run goes on. */
  hold(held: ReadonlySet<TaskId>): void {
    this.held = held;
    this.tell();
  }

  /** The request of a task's agent waits, or goes on waiting for another reason. */
  waits(task: TaskId, why: Why, now: number): void {
    this.waiting.set(task, { why, since: this.waiting.get(task)?.since ?? now });
    this.tell();
  }

  /** The request of a task's agent waits no more. */
  goesOn(task: TaskId): void {
    if (this.waiting.delete(task)) this.tell();
  }

  /** The agent of a task is no longer at work. */
  drop(task: TaskId): void {
    if (!this.drafts.delete(task)) return;
    this.clashes = this.clashes.filter((clash) => clash.task !== task && clash.with !== task);
    this.radar.stir();
    this.tell();
  }

  /** The workspace may have changed. */
  stir(): void {
    if (this.drafts.size > 0) this.radar.stir();
  }

  /** Resolves when nothing of it is under way. */
  close(): Promise<void> {
    return this.radar.close();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
