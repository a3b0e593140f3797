/** What a whole run gains by working side by side: the real engine, the real SDK and git, and a model whose pauses are the work. */
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { checkPlan, type Plan } from '../../src/domain/plan';
import { NO_USAGE } from '../../src/domain/usage';
import { beginRun } from '../../src/engine/begin';
import { folderChecker } from '../../src/engine/check';
import { inProcessWorker } from '../../src/engine/inProcess';
import { summarize } from '../../src/engine/summary';
import { type Scenario, scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { systemTime } from '../../src/model/time';
import { folderPool } from '../../src/repo/commands/folderPool';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { openRepository } from '../../src/repo/repository';
import { makeRepository } from '../run/folders';
import { atLeast, type Row } from './row';
import { must } from './timing';

const TASKS = 10;
const PARALLEL_RUNS = 3;
const TURNS = 4;

/** `folder(n)` makes an empty folder for run n; `taskMs` is how long the model takes over each task. */
export async function measureRun(folder: () => string, taskMs: number, say: (line: string) => void): Promise<Row[]> {
  const parallel: number[] = [];
  for (let run = 0; run < PARALLEL_RUNS; run++) {
    say(`ten tasks on ten workers, run ${run + 1} of ${PARALLEL_RUNS}`);
    parallel.push(await runTasks(folder(), TASKS, taskMs));
  }
  say('the same ten tasks on one worker');
  const serial = await runTasks(folder(), 1, taskMs);
  return [
    {
      name: `ten tasks of ${taskMs / 1000} s on ten workers`,
      unit: 's',
      samples: parallel,
      reference: { name: 'on one worker', samples: [serial], ratio: 'under' },
      limit: atLeast(9),
    },
  ];
}

/** Seconds from the snapshot to the last landing. */
async function runTasks(folder: string, maxWorkers: number, taskMs: number): Promise<number> {
  makeRepository(folder, Object.fromEntries(taskIds().map((id) => [`src/${id}.ts`, `export const name = '${id}';\n`])));
  const repo = must(await openRepository(folder));
  const began = performance.now();
  try {
    const model = scriptedModel(scenarioOf(taskMs), {
      paceMs: 0,
      wait: (ms, signal) => (ms === 0 ? Promise.resolve() : pause(ms, undefined, { signal }).catch(() => undefined)),
    });
    const check = folderChecker(folderPool(repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock));
    const ports = {
      repo,
      workspace: diskWorkspace(repo, async () => ok()),
      worker: inProcessWorker(repo, model),
      check,
      clock: systemClock,
      time: systemTime,
    };
    const request = { plan: planOf(), model: 'scripted', planning: NO_USAGE, limits: { maxWorkers, conflicts: 'leave' } } as const;
    const run = must(await beginRun(request, ports, new AbortController().signal));
    const state = must(await run.drive());
    const seconds = (performance.now() - began) / 1000;
    run.record.close();
    const { landed } = summarize(state, Date.now()).stages;
    if (landed !== TASKS) throw new Error(`Only ${landed ?? 0} of ${TASKS} tasks landed.`);
    return seconds;
  } finally {
    await repo.objects.dispose();
  }
}

function taskIds(): string[] {
  return Array.from({ length: TASKS }, (_, at) => `task${at}`);
}

function planOf(): Plan {
  const tasks = taskIds().map((id) => ({ id, title: `Work on ${id}`, instructions: `Edit src/${id}.ts.` }));
  const { plan, problems } = checkPlan({ goal: 'Measure', tasks });
  if (plan === undefined || problems.length > 0) throw new Error('The plan is not usable.');
  return plan;
}

/** Each task reads a file, edits it, writes another and finishes. */
function scenarioOf(taskMs: number): Scenario {
  const thinkMs = taskMs / TURNS;
  const turns = (id: string) =>
    [
      { tool: 'read_file', input: { path: `src/${id}.ts` } },
      { tool: 'edit_file', input: { path: `src/${id}.ts`, old: `'${id}'`, new: `'${id}, edited'` } },
      { tool: 'write_file', input: { path: `test/${id}.test.ts`, content: `import '../src/${id}';\n` } },
      { tool: 'finish', input: { summary: `Edited src/${id}.ts.` } },
    ].map((call) => ({ thinkMs, calls: [call] }));
  return scenarioSchema.parse({ tasks: Object.fromEntries(taskIds().map((id) => [id, turns(id)])) });
}
