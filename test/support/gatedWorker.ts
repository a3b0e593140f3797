/** A worker whose agents do nothing until the test says so: order is asserted, never awaited by the clock. */
import assert from 'node:assert/strict';
import type { Change, Look } from '../../src/domain/changes';
import type { FailureKind } from '../../src/domain/failure';
import { fail } from '../../src/domain/failure';
import type { Host, Job, Outcome, Report, Worker } from '../../src/engine/agents/worker';
import { keepDraft } from '../../src/engine/landing/landing';
import { Draft } from '../../src/repo/draft/draft';
import type { Repository } from '../../src/repo/repository';
import { valued } from './result';

/** What an agent changes: the new text by path; null: deleted. */
export type Edits = Readonly<Record<string, string | null>>;

/** An agent at work, held by the test. */
export interface Held {
  readonly job: Job;
  readonly report: (report: Report) => void;
  readonly spawn: Host['spawn'];
  readonly act: Host['act'];
  readonly signal: AbortSignal;
  /** `reads`: paths that the agent read; `looks`: folders that it was told of, null: that is not known. */
  finish(edits?: Edits, summary?: string, reads?: readonly string[], looks?: readonly Look[] | null): Promise<void>;
  /** Ends with a draft that the test made. */
  finishWith(kept: { readonly commit: string | null; readonly changes: readonly Change[] }): void;
  fail(kind?: FailureKind, edits?: Edits): Promise<void>;
  /** Tells of a draft, as it goes on. */
  draft(edits: Edits): Promise<{ readonly commit: string }>;
  /** The worker itself breaks: a bug, not a failure. */
  crash(message: string): void;
}

export interface GatedWorker {
  readonly worker: Worker;
  /** Resolves when the agent of that task has started, for the `time`-th time (the first: 1). */
  agent(task: string, time?: number): Promise<Held>;
  /** Tasks whose agents have started and not ended, in order. */
  running(): string[];
}

/** An agent that is stopped ends at once, with what `stopEdits` says of its task as its draft. */
export function gatedWorker(repo: Repository, stopEdits: Readonly<Record<string, Edits>> = {}): GatedWorker {
  const held = new Map<string, Held[]>();
  const awaited = new Map<string, (agent: Held) => void>();
  const running = new Set<string>();
  return {
    worker: (job, host, signal) =>
      new Promise<Outcome>((resolve, reject) => {
        const { id } = job.task;
        running.add(id);
        const end = (outcome: Outcome) => {
          running.delete(id);
          resolve(outcome);
        };
        const agent: Held = {
          job,
          report: (report) => host.report(report),
          spawn: (request) => host.spawn(request),
          act: (request) => host.act(request),
          signal,
          finish: async (edits = {}, summary = 'Done.', reads = [], looks = []) => {
            const { commit, changes, read } = await keep(repo, job, edits, reads);
            end({ kind: 'done', summary, changeset: commit, changes, reads: read, ...(looks === null ? {} : { looks }) });
          },
          finishWith: ({ commit, changes }) => end({ kind: 'done', summary: 'Done.', changeset: commit, changes }),
          fail: async (kind = 'agent', edits = {}) => {
            const { commit } = await keep(repo, job, edits);
            end({ kind: 'failed', failure: fail(kind, `${id} failed.`).failure, draft: commit });
          },
          draft: async (edits) => {
            const { commit, changes } = await keep(repo, job, edits);
            assert.ok(commit !== null, 'the edits change nothing');
            host.report({ type: 'draft', commit, changes });
            return { commit };
          },
          crash: (message) => {
            running.delete(id);
            reject(new Error(message));
          },
        };
        signal.addEventListener('abort', () => {
          keep(repo, job, stopEdits[id] ?? {}).then(({ commit }) => end({ kind: 'stopped', draft: commit }), reject);
        });
        const all = [...(held.get(id) ?? []), agent];
        held.set(id, all);
        awaited.get(`${id} ${all.length}`)?.(agent);
      }),
    agent: (task, time = 1) => {
      const there = held.get(task)?.[time - 1];
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => awaited.set(`${task} ${time}`, resolve));
    },
    running: () => [...running],
  };
}

async function keep(repo: Repository, job: Job, edits: Edits, reads: readonly string[] = []) {
  const begun =
    job.again?.draft == null ? new Draft(repo, job.base, job.task.title) : valued(await Draft.resume(repo, job.base, job.again.draft));
  for (const path of reads) valued(await begun.read(path));
  const kept = { ...(await committed(begun, edits)), read: valued(await begun.reads()) };
  if (kept.commit !== null) valued(await keepDraft(repo, job.run, job.task.id, kept.commit));
  return kept;
}

/** What an agent makes of a base, as a commit. */
export function changesetOf(repo: Repository, base: string, edits: Edits, message = 'Work') {
  return committed(new Draft(repo, base, message), edits);
}

async function committed(draft: Draft, edits: Edits) {
  for (const [path, text] of Object.entries(edits)) if (text === null) valued(await draft.remove(path));
  for (const [path, text] of Object.entries(edits)) if (text !== null) valued(await draft.write(path, Buffer.from(text)));
  return valued(await draft.commit());
}
