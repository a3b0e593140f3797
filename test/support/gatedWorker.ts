/** A worker whose agents do nothing until the test says so: order is asserted, never awaited by the clock. */
import type { FailureKind } from '../../src/domain/failure';
import { fail } from '../../src/domain/failure';
import { keepDraft } from '../../src/engine/landing';
import type { Job, Outcome, Report, Worker } from '../../src/engine/worker';
import { Draft } from '../../src/repo/draft';
import type { Repository } from '../../src/repo/repository';
import { valued } from './result';

/** What an agent changes: the new text by path; null: deleted. */
export type Edits = Readonly<Record<string, string | null>>;

/** An agent at work, held by the test. */
export interface Held {
  readonly job: Job;
  readonly report: (report: Report) => void;
  readonly signal: AbortSignal;
  finish(edits?: Edits, summary?: string): Promise<void>;
  fail(kind?: FailureKind, edits?: Edits): Promise<void>;
  /** The worker itself breaks: a bug, not a failure. */
  crash(message: string): void;
}

export interface GatedWorker {
  readonly worker: Worker;
  /** Resolves when the agent of that task has started. */
  agent(task: string): Promise<Held>;
  /** Tasks whose agents have started and not ended, in order. */
  running(): string[];
}

/** An agent that is stopped ends at once, with what `stopEdits` says of its task as its draft. */
export function gatedWorker(repo: Repository, stopEdits: Readonly<Record<string, Edits>> = {}): GatedWorker {
  const held = new Map<string, Held>();
  const awaited = new Map<string, (agent: Held) => void>();
  const running = new Set<string>();
  return {
    worker: (job, report, signal) =>
      new Promise<Outcome>((resolve, reject) => {
        const { id } = job.task;
        running.add(id);
        const end = (outcome: Outcome) => {
          running.delete(id);
          resolve(outcome);
        };
        const agent: Held = {
          job,
          report,
          signal,
          finish: async (edits = {}, summary = 'Done.') => {
            const { commit, changes } = await keep(repo, job, edits);
            end({ kind: 'done', summary, changeset: commit, changes });
          },
          fail: async (kind = 'agent', edits = {}) => {
            const { commit } = await keep(repo, job, edits);
            end({ kind: 'failed', failure: fail(kind, `${id} failed.`).failure, draft: commit });
          },
          crash: (message) => {
            running.delete(id);
            reject(new Error(message));
          },
        };
        signal.addEventListener('abort', () => {
          keep(repo, job, stopEdits[id] ?? {}).then(({ commit }) => end({ kind: 'stopped', draft: commit }), reject);
        });
        held.set(id, agent);
        awaited.get(id)?.(agent);
      }),
    agent: (task) => {
      const there = held.get(task);
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => awaited.set(task, resolve));
    },
    running: () => [...running],
  };
}

async function keep(repo: Repository, job: Job, edits: Edits) {
  const kept = await changesetOf(repo, job.base, edits, job.task.title);
  if (kept.commit !== null) valued(await keepDraft(repo, job.run, job.task.id, kept.commit));
  return kept;
}

/** What an agent makes of a base, as a commit. */
export async function changesetOf(repo: Repository, base: string, edits: Edits, message = 'Work') {
  const draft = new Draft(repo, base);
  for (const [path, text] of Object.entries(edits)) if (text === null) valued(await draft.remove(path));
  for (const [path, text] of Object.entries(edits)) if (text !== null) valued(await draft.write(path, Buffer.from(text)));
  return valued(await draft.commit(message));
}
