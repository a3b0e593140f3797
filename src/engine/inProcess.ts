/** The worker that runs agents in this process, each on a draft of its own. */
import { runAgent } from '../agent/loop';
import { fail, thrownText } from '../domain/failure';
import type { ModelFetch } from '../model/fetch';
import { Draft } from '../repo/draft';
import type { Repository } from '../repo/repository';
import { keepDraft } from './landing';
import type { Outcome, Worker } from './worker';

/** An agent that needs more turns of the model than this goes round in circles. */
const MAX_TURNS = 200;

/** What the agent changed is kept under a ref however the job ends. */
export function inProcessWorker(repo: Repository, model: ModelFetch): Worker {
  return async (job, report, signal) => {
    const { task, run, goal } = job;
    const draft = new Draft(repo, job.base);
    const result = await runAgent({ task, goal, draft, model, modelName: job.model, maxTurns: MAX_TURNS, report, signal }).catch(
      // A bug in a tool or in the SDK must cost this task, not what the other agents are doing.
      (thrown: unknown) =>
        fail(
          'agent',
          `The agent of “${task.title}” broke down: ${thrownText(thrown)}.`,
          'Dispatch the task again; if it goes on, report this.',
        ),
    );
    const kept = await draft.commit(`${task.title}\n\n${result.ok ? result.value.summary : result.failure.message}`);
    if (!kept.ok) return { kind: 'failed', failure: kept.failure, draft: null };
    const { commit, changes } = kept.value;
    const held = commit === null ? kept : await keepDraft(repo, run, task.id, commit);
    return outcome();

    function outcome(): Outcome {
      if (!held.ok) return { kind: 'failed', failure: held.failure, draft: commit };
      if (result.ok) return { kind: 'done', summary: result.value.summary, changeset: commit, changes };
      if (result.failure.kind === 'cancelled') return { kind: 'stopped', draft: commit };
      return { kind: 'failed', failure: result.failure, draft: commit };
    }
  };
}
