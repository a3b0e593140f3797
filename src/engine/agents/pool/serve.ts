/** A process of agents, from within: works on the jobs that its host gives it, many at a time, for as long as there is a host. */
import { Agent } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { ActAnswer } from '../../../domain/act';
import { fail, never, ok, type Result, thrownText } from '../../../domain/failure';
import type { Spawned } from '../../../domain/spawn';
import type { ModelFetch } from '../../../model/fetch';
import { gatewayModel } from '../../../model/gateway/gatewayModel';
import type { Repository } from '../../../repo/repository';
import { openWorkspace } from '../../../repo/spanning';
import type { Outcome, Worker } from '../worker';
import { type Assignment, HELLO, type ToHost, type ToProcess, toProcessSchema } from './protocol';
import { openWire } from './wire';

/** How long agents may take to keep what they have when their host is gone. */
const FAREWELL_MS = 3_000;

export interface Serving {
  readonly input: Readable;
  readonly output: Writable;
  /** Who works on a job. */
  readonly workerOf: (repo: Repository, model: ModelFetch) => Worker;
}

/** A job under way. */
interface Under {
  readonly abort: AbortController;
  /** What its agent asked of the host and waits for. */
  readonly spawns: Map<number, (spawned: Result<Spawned>) => void>;
  readonly acts: Map<number, (answer: Result<ActAnswer>) => void>;
  readonly over: Promise<void>;
}

/**
 * Serves until the host wants no more, or is gone: then agents at work are stopped, and what they have is kept. Fails where the host says
 * what this process does not understand.
 */
export async function serveJobs({ input, output, workerOf }: Serving): Promise<Result<void>> {
  const jobs = new Map<number, Under>();
  const repos = new Map<string, Promise<Result<Repository>>>();
  // One for all jobs: connections to a gateway are used again by whoever asks next, and go with the gateway.
  const connections = new Agent({ keepAlive: true });
  let end: (result: Result<void>) => void = () => undefined;
  const ended = new Promise<Result<void>>((resolve) => {
    end = resolve;
  });
  const say = openWire<ToHost, ToProcess>({
    input,
    output,
    schema: toProcessSchema,
    hear,
    refuse: (why) => end(fail('crash', `Its host sent ${why}.`, 'Reload the window: one of the two is of another version of Weft.')),
  });
  for (const gone of ['end', 'close']) input.on(gone, () => end(ok()));
  say(HELLO);

  function hear(message: ToProcess): void {
    switch (message.type) {
      case 'hello':
        break;
      case 'ping':
        say({ type: 'pong' });
        break;
      case 'start':
        begin(message.id, message.assignment);
        break;
      case 'abort':
        jobs.get(message.id)?.abort.abort();
        break;
      case 'spawned':
        answered(jobs.get(message.id)?.spawns, message);
        break;
      case 'acted':
        answered(jobs.get(message.id)?.acts, message);
        break;
      default:
        never(message);
    }
  }

  function begin(id: number, assignment: Assignment): void {
    const abort = new AbortController();
    const spawns: Under['spawns'] = new Map();
    const acts: Under['acts'] = new Map();
    let asked = 0;
    const work = async (): Promise<Outcome> => {
      const { job, gateway } = assignment;
      const repo = await repoOf(assignment);
      if (!repo.ok) return { kind: 'failed', failure: repo.failure, draft: job.again?.draft ?? null };
      const worker = workerOf(repo.value, gatewayModel(gateway.address, gateway.token, connections));
      return worker(
        job,
        {
          report: (report) => say({ type: 'report', id, report }),
          spawn: (request) =>
            new Promise((resolve) => {
              const call = ++asked;
              spawns.set(call, resolve);
              say({ type: 'spawn', id, call, request });
            }),
          act: (request) =>
            new Promise((resolve) => {
              const call = ++asked;
              acts.set(call, resolve);
              say({ type: 'act', id, call, request });
            }),
        },
        abort.signal,
      );
    };
    const over = work()
      .then(
        (outcome) => say({ type: 'ended', id, outcome }),
        (thrown: unknown) => say({ type: 'broke', id, text: thrownText(thrown) }),
      )
      .finally(() => jobs.delete(id));
    jobs.set(id, { abort, spawns, acts, over });
  }

  /** Opened once; again where that failed, for git may have been repaired. */
  async function repoOf({ workspace: { folders, stateDir } }: Assignment): Promise<Result<Repository>> {
    const known = repos.get(stateDir) ?? openHere(folders, stateDir);
    repos.set(stateDir, known);
    const repo = await known;
    if (!repo.ok) repos.delete(stateDir);
    return repo;
  }

  const served = await ended;
  for (const { abort } of jobs.values()) abort.abort();
  const farewell = new AbortController();
  await Promise.race([
    Promise.all([...jobs.values()].map(({ over }) => over)),
    pause(FAREWELL_MS, undefined, { signal: farewell.signal }).catch(() => undefined),
  ]);
  farewell.abort();
  for (const repo of await Promise.all(repos.values())) if (repo.ok) await repo.value.objects.dispose();
  connections.destroy();
  return served;
}

/** What an agent asked is answered. */
function answered<Value>(
  calls: Map<number, (result: Result<Value>) => void> | undefined,
  { call, result }: { readonly call: number; readonly result: Result<Value> },
): void {
  calls?.get(call)?.(result);
  calls?.delete(call);
}

/** Drafts read git's objects and nothing else of the workspace: which ignored files belong to it is the host's to know. */
async function openHere(folders: readonly string[], stateDir: string): Promise<Result<Repository>> {
  const repo = await openWorkspace(folders);
  if (!repo.ok || repo.value.stateDir === stateDir) return repo;
  await repo.value.objects.dispose();
  return fail(
    'git',
    `The agents’ process finds the states of ${folders.join(', ')} in ${repo.value.stateDir}, and the run has them in ${stateDir}.`,
    'The folder was made a repository, or moved, while Weft had it open: reload the window, then dispatch again.',
  );
}
