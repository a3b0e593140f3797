/** Runs whose agents work in processes of their own. */
import { join } from 'node:path';
import { systemClock } from '../../src/domain/clock';
import type { Failure } from '../../src/domain/failure';
import { planSchema } from '../../src/domain/plan';
import type { RunState } from '../../src/domain/run';
import { NO_USAGE } from '../../src/domain/usage';
import type { ActPorts } from '../../src/engine/acts/acts';
import { Pool, type PoolOptions } from '../../src/engine/agents/pool/pool';
import { processWorker } from '../../src/engine/agents/pool/processWorker';
import { beginRun } from '../../src/engine/begin';
import { folderChecker } from '../../src/engine/landing/check';
import type { LiveRun } from '../../src/engine/run';
import type { ModelFetch } from '../../src/model/fetch';
import { systemTime } from '../../src/model/time';
import { folderPool } from '../../src/repo/commands/folderPool';
import { editor } from './editor';
import { NEVER, valued } from './result';
import { afterThisTest, type Files, type Sandbox, sandbox } from './sandbox';

/** The scripts of processes of agents: Weft's own, and one whose workers misbehave. */
export const AGENTS = join(__dirname, '..', '..', 'src', 'engine', 'agents', 'pool', 'entry.js');
export const ODD_AGENTS = join(__dirname, 'oddAgents.js');

export interface PooledRun extends Sandbox {
  readonly pool: Pool;
  readonly run: LiveRun;
  readonly ended: ReturnType<LiveRun['drive']>;
}

export interface Given {
  readonly files?: Files;
  /** Instead of one with these files. */
  readonly box?: Sandbox;
  /** What each is told, by its id. */
  readonly tasks: Readonly<Record<string, string>>;
  /** Default: 1. */
  readonly attempts?: number;
  readonly model?: ModelFetch;
  readonly pool?: Partial<PoolOptions>;
  readonly acts?: ActPorts;
}

export function openPool(options: Partial<PoolOptions> = {}): Pool {
  const pool = new Pool({ entry: AGENTS, ...options });
  afterThisTest(() => void pool.close());
  return pool;
}

/** A run of tasks that do not depend on each other, all at once. Nothing waits between attempts. */
export async function pooledRun(given: Given): Promise<PooledRun> {
  const { files = { 'a.txt': 'a\n' }, tasks, attempts = 1, model = noModel, pool: options } = given;
  const box = given.box ?? (await sandbox(files));
  const pool = openPool(options);
  const list = Object.entries(tasks).map(([id, instructions]) => ({ id, title: `Task ${id}`, instructions, attempts }));
  const run = valued(
    await beginRun(
      {
        plan: planSchema.parse({ goal: 'A goal', tasks: list }),
        model: 'scripted:x',
        planning: NO_USAGE,
        limits: { maxWorkers: 64, undecided: 'leave' },
      },
      {
        repo: box.repo,
        workspace: editor(box.repo.root),
        worker: processWorker(pool, { repo: box.repo, model }),
        check: folderChecker(folderPool(box.repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock)),
        clock: systemClock,
        acts: given.acts,
        time: { ...systemTime, wait: async () => undefined },
      },
      NEVER,
    ),
  );
  return { ...box, pool, run, ended: run.drive() };
}

const noModel: ModelFetch = () => Promise.reject(new Error('no agent of this test asks a model'));

/** Resolves when a run is as it is asked for; asked after each of its events. */
export function until(run: LiveRun, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo()) return;
      for (const unlisten of listening) unlisten();
      resolve();
    };
    const listening = [run.record.listen(look), run.live.listen(look)];
    look();
  });
}

/** Why a task failed. */
export function failureOf(state: RunState, task: string): Failure | undefined {
  const stage = state.tasks.get(task)?.stage;
  return stage?.kind === 'failed' ? stage.failure : undefined;
}
