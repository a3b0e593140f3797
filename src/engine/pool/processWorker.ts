/** The worker that runs agents in processes of their own: they have no secret, and what happens to them happens to nobody else. */
import { fail, failureText, ok, type Result } from '../../domain/failure';
import type { ModelFetch } from '../../model/fetch';
import { type Gateway, openGateway } from '../../model/gateway/gateway';
import type { Repository } from '../../repo/repository';
import { keepDraft } from '../landing';
import type { Host, Job, Outcome, Worker } from '../worker';
import type { Pool } from './pool';

/**
 * The model is asked through a gateway of this process, which is open while there are jobs. An agent whose process ended has failed as
 * `crash`, with what it had last reported as its draft.
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
      return ending.kind === 'outcome' ? ending.outcome : await lost(repo, job, { draft: draft(), why: ending.why, signal });
    } finally {
      await gateway.leave();
    }
  };
}

/** Knows the newest commit of what an agent has done, as far as its host was told; null where it has done nothing, or the run knows better. */
function watching({ again }: Job, host: Host): { readonly watched: Host; readonly draft: () => string | null } {
  let draft = again?.draft ?? null;
  return {
    draft: () => draft,
    watched: {
      report: (said) => {
        if (said.type === 'draft') draft = said.changes.length === 0 ? null : said.commit;
        host.report(said);
      },
      spawn: async (request) => {
        // Until its children are over, the run itself knows what is in its draft by now.
        draft = null;
        const spawned = await host.spawn(request);
        draft = spawned.ok ? spawned.value.draft : request.draft;
        return spawned;
      },
    },
  };
}

async function lost(
  repo: Repository,
  { run, task }: Job,
  { draft, why, signal }: { readonly draft: string | null; readonly why: string; readonly signal: AbortSignal },
): Promise<Outcome> {
  const kept = draft === null ? ok() : await keepDraft(repo, run, task.id, draft);
  if (signal.aborted && kept.ok) return { kind: 'stopped', draft };
  const { failure } = fail(
    'crash',
    `The process in which the agent of “${task.title}” worked ${why}.${kept.ok ? '' : ` Its draft could not be kept: ${failureText(kept.failure)}`}`,
    'Retry the task: its agent goes on from what it had done by then.',
  );
  return { kind: 'failed', failure, draft: kept.ok ? draft : null };
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
