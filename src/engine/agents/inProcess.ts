/** The worker that runs agents in this process, each on a draft of its own. */
import { runAgent } from '../../agent/loop';
import type { ActRequest } from '../../domain/act';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import type { Spawn } from '../../domain/spawn';
import type { ModelFetch } from '../../model/fetch';
import { Draft } from '../../repo/draft/draft';
import type { Repository } from '../../repo/repository';
import { keepDraft } from '../landing/landing';
import type { Job, Outcome, Report, Worker } from './worker';

/** An agent that needs more turns of the model than this goes round in circles. */
const MAX_TURNS = 200;

/** A draft's changes are reported so many milliseconds after the first of them. */
const FOLLOW_MS = 200;

/** What the agent changed is kept under a ref however the job ends. */
export function inProcessWorker(repo: Repository, model: ModelFetch): Worker {
  return async (job, host, signal) => {
    const report = (said: Report) => host.report(said);
    const { task, role, project, spawns, run, goal } = job;
    const opened = await openDraft(repo, job);
    if (!opened.ok) return { kind: 'failed', failure: opened.failure, draft: job.again?.draft ?? null };
    const draft = opened.value;
    const { again, model: modelName, offers } = job;
    const spawn = job.maySpawn ? (request: Spawn) => host.spawn(request) : undefined;
    const act = (request: ActRequest) => host.act(request);
    const following = follow(draft, report);
    const about = { run, task: task.id };
    const save = saver(repo, job, draft);
    const maxTurns = MAX_TURNS;
    const result = await runAgent({
      task,
      role,
      project,
      goal,
      draft,
      model,
      about,
      modelName,
      maxTurns,
      report,
      save,
      signal,
      spawns,
      spawn,
      act,
      offers,
      again,
    }).catch(
      // A bug in a tool or in the SDK must cost this task, not what the other agents are doing.
      (thrown: unknown) =>
        fail(
          'agent',
          `The agent of “${task.title}” broke down: ${thrownText(thrown)}.`,
          'Dispatch the task again; if it goes on, report this.',
        ),
    );
    following.end();
    const kept = await draft.commit();
    if (!kept.ok) return { kind: 'failed', failure: kept.failure, draft: null };
    const { commit, changes } = kept.value;
    const held = await save();
    const read = await draft.reads();
    return outcome();

    function outcome(): Outcome {
      if (!held.ok) return { kind: 'failed', failure: held.failure, draft: commit };
      if (!read.ok) return { kind: 'failed', failure: read.failure, draft: commit };
      const reads = read.value;
      if (result.ok) return { kind: 'done', ...result.value, changeset: commit, changes, reads, looks: draft.looks };
      if (result.failure.kind === 'cancelled') return { kind: 'stopped', draft: commit, reads };
      return { kind: 'failed', failure: result.failure, draft: commit, reads };
    }
  };
}

/** Keeps a draft as it is, under a ref; does nothing where it is as it was. */
function saver(repo: Repository, { run, task, again }: Job, draft: Draft): () => Promise<Result<string | null>> {
  let last = again?.draft ?? null;
  return async () => {
    const now = await draft.soFar();
    if (!now.ok || now.value === null || now.value === last) return now;
    const kept = await keepDraft(repo, run, task.id, now.value);
    if (kept.ok) last = now.value;
    return kept.ok ? now : kept;
  };
}

/** Reports what a draft holds, soon after it changed; what comes in quick succession is reported together. */
function follow(draft: Draft, report: (report: Report) => void): { end(): void } {
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  let over = false;
  const tell = async () => {
    if (over) return;
    const now = await draft.now();
    // What git refuses here it refuses at the end as well, and there it is told.
    if (!over && now.ok) report({ type: 'draft', ...now.value });
  };
  draft.onDidChange = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      last = last.then(tell, tell);
    }, FOLLOW_MS);
  };
  // What it goes on from is there to be seen at once.
  draft.onDidChange();
  return {
    end: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}

/** A new draft, or one that begins with what was done before. */
async function openDraft(repo: Repository, { base, again, task }: Job): Promise<Result<Draft>> {
  const opened = again?.draft == null ? ok(new Draft(repo, base, task.title)) : await Draft.resume(repo, base, again.draft, task.title);
  if (!opened.ok || again === undefined) return opened;
  opened.value.remember(again.session?.reads ?? []);
  // What it was told of folders before is not kept; and what failed of its work, or changed meanwhile, may be anywhere.
  opened.value.noteLook('', 'contents');
  return opened;
}
