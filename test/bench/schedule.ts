/** How near runs come to the least time that their graphs allow: the real engine, journal, agents and SDK, and a model whose pauses are the work. */
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { checkPlan, type Plan, ROLES } from '../../src/domain/plan';
import { NO_USAGE } from '../../src/domain/usage';
import { beginRun } from '../../src/engine/begin';
import { folderChecker } from '../../src/engine/check';
import { inProcessWorker } from '../../src/engine/inProcess';
import { summarize } from '../../src/engine/summary';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { systemTime } from '../../src/model/time';
import { folderPool } from '../../src/repo/commands/folderPool';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { openRepository, type Repository } from '../../src/repo/repository';
import { makeRepository } from '../run/folders';
import { type Graph, lowerBound, patterns, randomGraph, scaled } from './graphs';
import { atMost, type Row } from './row';
import { must } from './timing';

const SIZES = [20, 60, 200, 1000];
const WORKERS = [5, 8, 16, 64];
const SEED = 7;
/** Short tasks: real agents take minutes, and what Weft adds to each is the same. */
const LEAST_BOUND_MS = 10_000;
const TASK_MS = 400;
const LEAST_APART_MS = 40;

export async function measureSchedule(folder: string, say: (line: string) => void): Promise<Row[]> {
  makeRepository(folder, { 'README.md': 'Measured.\n' });
  const repo = must(await openRepository(folder));
  const rows: Row[] = [];
  try {
    say('a first run, from which later ones know how long a role takes');
    await makespan(repo, scaled(firstGraph(), 64, 4_000), 64);
    for (const [name, graph] of Object.entries(patterns(SEED))) rows.push(await row(repo, `${name}, ${graph.length} tasks`, graph, 5, say));
    for (const size of SIZES) {
      for (const workers of WORKERS) rows.push(await row(repo, `random, ${size} tasks`, randomGraph(size, SEED), workers, say));
    }
  } finally {
    await repo.objects.dispose();
  }
  return rows;
}

/** Five tasks of each role. */
function firstGraph(): Graph {
  return randomGraph(ROLES.length * 5, SEED).map((task) => ({ ...task, dependsOn: [] }));
}

async function row(repo: Repository, name: string, graph: Graph, workers: number, say: (line: string) => void): Promise<Row> {
  const boundMs = Math.max(LEAST_BOUND_MS, (graph.length / workers) * TASK_MS, graph.length * LEAST_APART_MS);
  const work = scaled(graph, workers, boundMs);
  const full = `${name} on ${workers} workers`;
  say(full);
  const samples = [(await makespan(repo, work, workers)) / 1000];
  const reference = { name: 'lower bound', samples: [lowerBound(work, workers) / 1000], ratio: 'over' } as const;
  return { name: full, unit: 's', samples, reference, limit: atMost(1.05) };
}

/** Milliseconds from the run's beginning, its snapshot taken, to its end. */
async function makespan(repo: Repository, graph: Graph, workers: number): Promise<number> {
  const scenario = scenarioSchema.parse({
    tasks: Object.fromEntries(graph.map(({ id, ms }) => [id, [{ thinkMs: ms, calls: [{ tool: 'finish', input: { summary: 'Done.' } }] }]])),
  });
  const model = scriptedModel(scenario, {
    paceMs: 0,
    wait: (ms, signal) => (ms === 0 ? Promise.resolve() : pause(ms, undefined, { signal }).catch(() => undefined)),
  });
  const ports = {
    repo,
    workspace: diskWorkspace(repo, async () => ok()),
    worker: inProcessWorker(repo, model),
    check: folderChecker(folderPool(repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock)),
    clock: systemClock,
    time: systemTime,
  };
  const request = {
    plan: planOf(graph),
    model: 'scripted:bench',
    planning: NO_USAGE,
    limits: { maxWorkers: workers, conflicts: 'leave' },
  } as const;
  const run = must(await beginRun(request, ports, new AbortController().signal));
  const began = performance.now();
  const state = must(await run.drive());
  const took = performance.now() - began;
  run.record.close();
  const { landed } = summarize(state, Date.now()).stages;
  if (landed !== graph.length) throw new Error(`Only ${landed ?? 0} of ${graph.length} tasks landed.`);
  return took;
}

function planOf(graph: Graph): Plan {
  const tasks = graph.map(({ id, role, dependsOn }) => ({
    id,
    role,
    dependsOn,
    title: `Work on ${id}`,
    instructions: 'Wait, and finish.',
  }));
  const { plan, problems } = checkPlan({ goal: 'Measure', tasks });
  if (plan === undefined || problems.length > 0) throw new Error('The plan is not usable.');
  return plan;
}
