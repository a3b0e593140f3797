/** What a whole run gains by working side by side: the real engine, processes, SDK and git, and a model whose pauses are the work. */
import type { Pool } from '../../src/engine/agents/pool/pool';
import { processWorker } from '../../src/engine/agents/pool/processWorker';
import { type Scenario, scenarioSchema } from '../../src/model/scenario';
import { openRepository } from '../../src/repo/repository';
import { makeRepository } from '../run/folders';
import { atLeast, type Row } from './row';
import { drivePlan, pausingModel, planOf } from './runs';
import { must } from './timing';

/** How many tasks, on as many workers, and how much quicker than on one. */
const RUNS = [
  { tasks: 5, speedUp: 4.8 },
  { tasks: 10, speedUp: 9.5 },
];
const PARALLEL_RUNS = 3;
const TURNS = 4;

/** `folder()` makes an empty folder for a run; `taskMs` is how long the model takes over each task. */
export async function measureRun(folder: () => string, pool: Pool, taskMs: number, say: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { tasks, speedUp } of RUNS) {
    const parallel: number[] = [];
    for (let run = 0; run < PARALLEL_RUNS; run++) {
      say(`${tasks} tasks on ${tasks} workers, run ${run + 1} of ${PARALLEL_RUNS}`);
      parallel.push(await runTasks(folder(), pool, { tasks, workers: tasks, taskMs }));
    }
    say(`the same ${tasks} tasks on one worker`);
    const serial = await runTasks(folder(), pool, { tasks, workers: 1, taskMs });
    rows.push({
      name: `${tasks} tasks of ${taskMs / 1000} s on ${tasks} workers`,
      unit: 's',
      samples: parallel,
      reference: { name: 'on one worker', samples: [serial], ratio: 'under' },
      limit: atLeast(speedUp),
    });
  }
  return rows;
}

interface Size {
  readonly tasks: number;
  readonly workers: number;
  readonly taskMs: number;
}

/** Seconds from the snapshot to the last landing. */
async function runTasks(folder: string, pool: Pool, { tasks, workers, taskMs }: Size): Promise<number> {
  const ids = Array.from({ length: tasks }, (_, at) => `task${at}`);
  makeRepository(folder, Object.fromEntries(ids.map((id) => [`src/${id}.ts`, `export const name = '${id}';\n`])));
  const repo = must(await openRepository(folder));
  try {
    const worker = processWorker(pool, { repo, model: pausingModel(scenarioOf(ids, taskMs)) });
    const plan = planOf(ids.map((id) => ({ id, instructions: `Edit src/${id}.ts.` })));
    return (await drivePlan(repo, plan, worker, workers)).wholeMs / 1000;
  } finally {
    await repo.objects.dispose();
  }
}

/** Each task reads a file, edits it, writes another and finishes. */
function scenarioOf(ids: readonly string[], taskMs: number): Scenario {
  const thinkMs = taskMs / TURNS;
  const turns = (id: string) =>
    [
      { tool: 'read_file', input: { path: `src/${id}.ts` } },
      { tool: 'edit_file', input: { path: `src/${id}.ts`, old: `'${id}'`, new: `'${id}, edited'` } },
      { tool: 'write_file', input: { path: `test/${id}.test.ts`, content: `import '../src/${id}';\n` } },
      { tool: 'finish', input: { summary: `Edited src/${id}.ts.` } },
    ].map((call) => ({ thinkMs, calls: [call] }));
  return scenarioSchema.parse({ tasks: Object.fromEntries(ids.map((id) => [id, turns(id)])) });
}
