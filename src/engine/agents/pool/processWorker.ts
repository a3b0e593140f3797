/** The worker that runs agents in processes of their own: they have no secret, and what happens to them happens to nobody else. */
import { fail, type Result } from '../../../domain/failure';
import type { ModelFetch } from '../../../model/fetch';
import { type Gateway, openGateway } from '../../../model/gateway/gateway';
import type { Repository } from '../../../repo/repository';
import type { Host, Job, Outcome, Worker } from '../worker';
import type { Pool } from './pool';

/**
 * The model is asked through a gateway of this process, which is open while there are jobs. An agent whose process ended has failed as
 * `crash`, with what it had done by its last call as its draft.
 */
export function processWorker(pool: Pool, { repo, model }: { readonly repo: Repository; readonly model: ModelFetch }): Worker {
  const gateway = sharedGateway(model);
  return async (job, host, signal) => {
    const opened = await gateway.enter(job.run);
    try {
      if (!opened.ok) return { kind: 'failed', failure: opened.failure, draft: job.again?.draft ?? null };
      const { address, token } = opened.value;
      const { watched, draft } = watching(job, host);
      const workspace = { folders: foldersOf(repo), stateDir: repo.stateDir };
      const ending = await pool.run({ job, workspace, gateway: { address, token } }, watched, signal);
      return ending.kind === 'outcome' ? ending.outcome : lost(job, draft(), { why: ending.why, signal });
    } finally {
      await gateway.leave();
    }
  };
}

/** Knows the newest commit of what an agent has done, as far as its host was told. The process keeps each of them before it tells. */
function watching({ again }: Job, host: Host): { readonly watched: Host; readonly draft: () => string | null } {
  let draft = again?.draft ?? null;
  return {
    draft: () => draft,
    watched: {
      report: (said) => {
        if (said.type === 'said' && said.entry.type === 'result') draft = said.entry.draft;
        host.report(said);
      },
      spawn: async (request) => {
        const spawned = await host.spawn(request);
        if (spawned.ok) draft = spawned.value.draft;
        return spawned;
      },
      act: async (request) => {
        const answer = await host.act(request);
        // The draft of the call is kept by now, and what came of it, too.
        draft = (answer.ok ? answer.value.draft : undefined) ?? request.draft;
        return answer;
      },
    },
  };
}

function lost({ task }: Job, draft: string | null, { why, signal }: { readonly why: string; readonly signal: AbortSignal }): Outcome {
  if (signal.aborted) return { kind: 'stopped', draft };
  const { failure } = fail(
    'crash',
    `The process in which the agent of “${task.title}” worked ${why}.`,
    'Retry the task: its agent goes on from what it had done by then.',
  );
  return { kind: 'failed', failure, draft };
}

function foldersOf({ root }: Repository): string[] {
  return typeof root === 'string' ? [root] : root.map(({ folder }) => folder);
}

/** A gateway that is open as long as somebody is inside. */
function sharedGateway(model: ModelFetch): { enter(run: string): Promise<Result<Gateway>>; leave(): Promise<void> } {
  let inside = 0;
  let opened: Promise<Result<Gateway>> | undefined;
  return {
    enter: (run) => {
      inside += 1;
      opened ??= openGateway({ model, run });
      return opened;
    },
    leave: async () => {
      inside -= 1;
      if (inside > 0) return;
      const last = opened;
      opened = undefined;
      const gateway = await last;
      if (gateway?.ok === true) await gateway.value.close();
    },
  };
}
