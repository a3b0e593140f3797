/** The port to whoever runs agents: in this process now; jobs and results are data, so that it can be another one. */
import type { Change } from '../domain/changes';
import type { Failure } from '../domain/failure';
import type { Task } from '../domain/plan';
import type { Usage } from '../domain/usage';

/** One task for one agent. */
export interface Job {
  readonly run: string;
  readonly goal: string;
  readonly task: Task;
  readonly model: string;
  /** Commit that the draft begins from. */
  readonly base: string;
}

/** What an agent says while it works. */
export type Report = { readonly type: 'step'; readonly step: string } | { readonly type: 'turn'; readonly usage: Usage };

/** How a job ended; a commit that keeps what the agent changed is there in every case, null where it changed nothing. */
export type Outcome =
  | { readonly kind: 'done'; readonly summary: string; readonly changeset: string | null; readonly changes: readonly Change[] }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly draft: string | null }
  | { readonly kind: 'stopped'; readonly draft: string | null };

export type Worker = (job: Job, report: (report: Report) => void, signal: AbortSignal) => Promise<Outcome>;
