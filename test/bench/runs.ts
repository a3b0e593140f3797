/** Whole runs as the benchmarks drive them: the real engine with its journal on disk, and whoever is to do the work. */
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/domain/clock';
import type { Happening } from '../../src/domain/event';
import { ok } from '../../src/domain/failure';
import { checkPlan, type Plan, planSchema } from '../../src/domain/plan';
import type { RunState } from '../../src/domain/run';
import { NO_USAGE } from '../../src/domain/usage';
import type { Worker } from '../../src/engine/agents/worker';
import { beginRun } from '../../src/engine/begin';
import { folderChecker } from '../../src/engine/landing/check';
import type { ModelFetch } from '../../src/model/fetch';
import { type Scenario, scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { systemTime } from '../../src/model/time';
import { folderPool } from '../../src/repo/commands/folderPool';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import type { Repository } from '../../src/repo/repository';
import { must } from './timing';

export interface Driven {
  readonly state: RunState;
  /** From the run's beginning, its snapshot taken, to its end; and with the snapshot. */
  readonly driveMs: number;
  readonly wholeMs: number;
}

/** Drives a plan to its end; throws where not every task came to its place. */
export async function drivePlan(repo: Repository, plan: Plan, worker: Worker, maxWorkers: number): Promise<Driven> {
  const began = performance.now();
  const ports = {
    repo,
    workspace: diskWorkspace(repo, async () => ok()),
    worker,
    check: folderChecker(folderPool(repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock)),
    clock: systemClock,
    time: systemTime,
  };
  const request = { plan, model: 'scripted:bench', planning: NO_USAGE, limits: { maxWorkers, undecided: 'leave' } } as const;
  const run = must(await beginRun(request, ports, new AbortController().signal));
  const begun = performance.now();
  const state = must(await run.drive());
  const ended = performance.now();
  run.record.close();
  const astray = [...state.tasks.values()].filter(({ stage }) => stage.kind !== 'landed' && stage.kind !== 'joined');
  const [first] = astray;
  if (first !== undefined) throw new Error(`${astray.length} tasks did not land, such as ${first.task.id}: ${JSON.stringify(first.stage)}`);
  return { state, driveMs: ended - begun, wholeMs: ended - began };
}

/** A model whose pauses are the work. */
export function pausingModel(scenario: Scenario, paceMs = 0): ModelFetch {
  return scriptedModel(scenario, {
    paceMs,
    wait: (ms, signal) => (ms === 0 ? Promise.resolve() : pause(ms, undefined, { signal }).catch(() => undefined)),
  });
}

/** A model whose tasks each take so many milliseconds for their only turn. */
export function oneTurnModel(tasks: Iterable<{ readonly id: string; readonly ms: number }>): ModelFetch {
  const turns = (ms: number) => [{ thinkMs: ms, calls: [{ tool: 'finish', input: { summary: 'Done.' } }] }];
  return pausingModel(scenarioSchema.parse({ tasks: Object.fromEntries([...tasks].map(({ id, ms }) => [id, turns(ms)])) }));
}

export function planOf(tasks: readonly Partial<Plan['tasks'][number]>[], limits?: Plan['limits']): Plan {
  const whole = tasks.map((task) => ({ title: `Work on ${task.id}`, instructions: 'Wait, and finish.', ...task }));
  const { plan, problems } = checkPlan({ goal: 'Measure', tasks: whole, ...(limits && { limits }) });
  if (plan === undefined || problems.length > 0) throw new Error(`The plan is not usable: ${JSON.stringify(problems)}`);
  return planSchema.parse(plan);
}

/** The first event of a run that nobody drives. */
export function startOf(plan: Plan, run: string): Extract<Happening, { type: 'run.started' }> {
  const facts = { root: '/work', model: 'scripted:bench', maxWorkers: 5, snapshot: 's', commit: 'c', pid: process.pid, planning: NO_USAGE };
  return { type: 'run.started', version: 1, run, plan, ...facts };
}
