/** The port to whoever runs agents: in this process now; jobs and results are data, so that it can be another one. */
import type { Entry, Session } from '../../agent/transcript';
import type { ActAnswer, ActRequest, Offers } from '../../domain/act';
import type { Change, Look, Read } from '../../domain/changes';
import type { Failure, Result } from '../../domain/failure';
import type { Task } from '../../domain/plan';
import type { AgentRole } from '../../domain/role';
import type { Spawn, Spawned } from '../../domain/spawn';
import type { Usage } from '../../domain/usage';

/** One task for one agent. */
export interface Job {
  readonly run: string;
  readonly goal: string;
  readonly task: Task;
  /** The task's role, as the run knows it. */
  readonly role: AgentRole;
  /** What all agents of the run are told of the project; empty for nothing. */
  readonly project: string;
  readonly model: string;
  /** Commit that the draft begins from. */
  readonly base: string;
  /** Whether agents of the run have others do parts of their tasks at all: then all of them are told how. */
  readonly spawns: boolean;
  /** Whether its agent may have others do parts of it, as far as the run's limits on depth go. */
  readonly maySpawn: boolean;
  /** What else its agent may ask of its host. */
  readonly offers: Offers;
  /** Set where work on this task is to go on. */
  readonly again?: AgainJob | undefined;
}

/** How work on a task goes on: what the draft begins with, and what the agent is told. */
export interface AgainJob {
  /** Commit of what was done so far, on top of the job's base; null for nothing. */
  readonly draft: string | null;
  /** Where the conversation of its agent with the model stands; undefined where that is lost, or the agent is a new one. */
  readonly session: Session | undefined;
  /** Undefined where it goes on as if nothing had been. */
  readonly message: string | undefined;
}

/** What an agent says while it works. */
export type Report =
  | { readonly type: 'step'; readonly step: string }
  /** `model`: which one answered, where not the one that was asked. */
  | { readonly type: 'turn'; readonly usage: Usage; readonly model?: string | undefined }
  /** An entry of its transcript: told before anything comes of it. */
  | { readonly type: 'said'; readonly entry: Entry }
  /** What it has changed by now, as a commit on top of the job's base; not after every change, and not the last thing said. */
  | { readonly type: 'draft'; readonly commit: string; readonly changes: readonly Change[] };

/** How a job ended; a commit that keeps what the agent changed is there in every case, null where it changed nothing. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly summary: string;
      readonly changeset: string | null;
      readonly changes: readonly Change[];
      /** What the agent read of its draft's base; absent: not told. */
      readonly reads?: readonly Read[];
      /** The folders that it was told of; absent: not told, so it may be all. */
      readonly looks?: readonly Look[];
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly draft: string | null; readonly reads?: readonly Read[] }
  | { readonly kind: 'stopped'; readonly draft: string | null; readonly reads?: readonly Read[] };

/** What an agent's run has for it while it works. */
export interface Host {
  report(report: Report): void;
  /** Has other agents do a part of its task; resolves when all of them are over. Fails, and starts nothing, where the run's limits do not allow it. */
  spawn(request: Spawn): Promise<Result<Spawned>>;
  /** Does something for it outside of its draft, where the person allows it; may wait for their answer. What it fails with the agent is told. */
  act(request: ActRequest): Promise<Result<ActAnswer>>;
}

export type Worker = (job: Job, host: Host, signal: AbortSignal) => Promise<Outcome>;
