/** How near runs come to the least time that their graphs allow: the real engine, journal, processes, agents and SDK, and a model whose pauses are the work. */
import { BUILT_IN_ROLES } from '../../src/domain/role';
import type { Pool } from '../../src/engine/agents/pool/pool';
import { processWorker } from '../../src/engine/agents/pool/processWorker';
import { openRepository, type Repository } from '../../src/repo/repository';
import { makeRepository } from '../run/folders';
import { type Graph, lowerBound, patterns, randomGraph, scaled } from './graphs';
import { atMost, type Row } from './row';
import { drivePlan, oneTurnModel, planOf } from './runs';
import { must } from './timing';

const SIZES = [20, 60, 200, 1000];
const WORKERS = [5, 8, 16, 64];
const FEW = 5;
const SEED = 7;
/** Short tasks: real agents take minutes, and what Weft adds to each is the same. */
const LEAST_BOUND_MS = 10_000;
const TASK_MS = 400;
const LEAST_APART_MS = 40;

interface Ports {
  readonly repo: Repository;
  readonly pool: Pool;
  readonly say: (line: string) => void;
}

export async function measureSchedule(folder: string, pool: Pool, say: (line: string) => void): Promise<Row[]> {
  makeRepository(folder, { 'README.md': 'Measured.\n' });
  const repo = must(await openRepository(folder));
  const ports = { repo, pool, say };
  const rows: Row[] = [];
  try {
    say('a first run, from which later ones know how long a role takes');
    await makespan(ports, scaled(firstGraph(), 64, 4_000), 64);
    for (const [name, graph] of Object.entries(patterns(SEED, FEW)))
      rows.push(await row(ports, `${name}, ${graph.length} tasks`, graph, FEW));
    for (const size of SIZES) {
      for (const workers of WORKERS) rows.push(await row(ports, `random, ${size} tasks`, randomGraph(size, SEED), workers));
    }
  } finally {
    await repo.objects.dispose();
  }
  return rows;
}

/** Five tasks of each role. */
function firstGraph(): Graph {
  return randomGraph(BUILT_IN_ROLES.length * 5, SEED).map((task) => ({ ...task, dependsOn: [] }));
}

async function row(ports: Ports, name: string, graph: Graph, workers: number): Promise<Row> {
  const boundMs = Math.max(LEAST_BOUND_MS, (graph.length / workers) * TASK_MS, graph.length * LEAST_APART_MS);
  const work = scaled(graph, workers, boundMs);
  const full = `${name} on ${workers} workers`;
  ports.say(full);
  const samples = [(await makespan(ports, work, workers)) / 1000];
  const reference = { name: 'lower bound', samples: [lowerBound(work, workers) / 1000], ratio: 'over' } as const;
  return { name: full, unit: 's', samples, reference, limit: atMost(1.05) };
}

/** Milliseconds from the run's beginning, its snapshot taken, to its end. */
async function makespan({ repo, pool }: Ports, graph: Graph, workers: number): Promise<number> {
  const plan = planOf(graph.map(({ id, role, dependsOn }) => ({ id, role, dependsOn: [...dependsOn] })));
  const worker = processWorker(pool, { repo, model: oneTurnModel(graph) });
  return (await drivePlan(repo, plan, worker, workers)).driveMs;
}
