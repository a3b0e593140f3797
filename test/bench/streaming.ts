/** What many agents at work cost the host: how long its event loop is held up, and its memory. As shipped: processes, gateway, a server over HTTP. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { checkPlan, type Plan } from '../../src/domain/plan';
import { NO_USAGE } from '../../src/domain/usage';
import { Pool } from '../../src/engine/agents/pool/pool';
import { processWorker } from '../../src/engine/agents/pool/processWorker';
import type { Worker } from '../../src/engine/agents/worker';
import { beginRun } from '../../src/engine/begin';
import { folderChecker } from '../../src/engine/landing/check';
import { anthropicModel } from '../../src/model/anthropic';
import { systemTime } from '../../src/model/time';
import { folderPool } from '../../src/repo/commands/folderPool';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { openRepository, type Repository } from '../../src/repo/repository';
import { makeRepository } from '../run/folders';
import { root } from '../run/versions';
import { atMost, noLimit, type Row } from './row';
import { must } from './timing';

const AGENTS = 50;
const SECONDS = 10;
const ROUNDS = 3;
const PER_SECOND = 50;
/** The loop is looked at so often; the wait for the next look is no delay. */
const LOOK_MS = 5;

export async function measureStreaming(folder: string, say: (line: string) => void): Promise<Row[]> {
  makeRepository(folder, { 'README.md': 'Measured.\n' });
  const repo = must(await openRepository(folder));
  const server = spawn(process.execPath, [join(__dirname, 'streamServer.js'), String(SECONDS), String(PER_SECOND)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [address]: Buffer[] = await once(server.stdout, 'data');
  const model = anthropicModel({ baseUrl: String(address).trim(), key: 'none', fetch });
  const pool = new Pool({ entry: join(root, 'dist', 'worker.js') });
  const idle: number[] = [];
  const busy: number[] = [];
  const [before, during]: [number[], number[]] = [[], []];
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      say(`the event loop of a host that does nothing, ${round} of ${ROUNDS}`);
      idle.push(await delayDuring(pause(SECONDS * 1000)));
      before.push(process.memoryUsage().rss / 1024);
      say(`the same with ${AGENTS} agents, to each of which ${PER_SECOND} pieces a second are streamed`);
      busy.push(await delayDuring(talk(repo, processWorker(pool, { repo, model }))));
      during.push(process.memoryUsage().rss / 1024);
    }
  } finally {
    await pool.close();
    server.stdin.end();
    await repo.objects.dispose();
  }
  return [
    {
      name: `event-loop delay of the host at ${AGENTS} streaming agents, p99`,
      unit: 'ms',
      samples: busy,
      reference: null,
      limit: atMost(20),
    },
    { name: 'event-loop delay of a host that does nothing, p99', unit: 'ms', samples: idle, reference: null, limit: noLimit },
    {
      name: `memory of the host at ${AGENTS} streaming agents`,
      unit: 'KiB',
      samples: during,
      reference: { name: 'before', samples: before, ratio: 'over' },
      limit: noLimit,
    },
  ];
}

async function talk(repo: Repository, worker: Worker): Promise<void> {
  const check = folderChecker(folderPool(repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock));
  const ports = { repo, workspace: diskWorkspace(repo, async () => ok()), worker, check, clock: systemClock, time: systemTime };
  const request = { plan: planOf(), model: 'streaming', planning: NO_USAGE, limits: { maxWorkers: AGENTS, undecided: 'leave' } } as const;
  const run = must(await beginRun(request, ports, new AbortController().signal));
  const state = must(await run.drive());
  run.record.close();
  const landed = [...state.tasks.values()].filter(({ stage }) => stage.kind === 'landed').length;
  if (landed !== AGENTS) throw new Error(`Only ${landed} of ${AGENTS} tasks landed.`);
}

/** How late the event loop comes to what is due while something goes on: 99 of 100 looks are no later, in milliseconds. */
async function delayDuring(work: Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: LOOK_MS });
  histogram.enable();
  await work;
  histogram.disable();
  return Math.max(0, histogram.percentile(99) / 1e6 - LOOK_MS);
}

function planOf(): Plan {
  const tasks = Array.from({ length: AGENTS }, (_, at) => ({ id: `task${at}`, title: `Talk ${at}`, instructions: 'Talk, then finish.' }));
  const { plan, problems } = checkPlan({ goal: 'Measure', tasks });
  if (plan === undefined || problems.length > 0) throw new Error('The plan is not usable.');
  return plan;
}
