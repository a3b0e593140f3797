/** Plans, and live runs whose agents the test holds. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Budget } from '../../src/domain/budget';
import type { Conflict } from '../../src/domain/changes';
import type { Clock } from '../../src/domain/clock';
import type { Happening } from '../../src/domain/event';
import { type Plan, planSchema, type Task } from '../../src/domain/plan';
import type { RunState } from '../../src/domain/run';
import type { ConflictRule, OnStale } from '../../src/domain/settings';
import type { Stage } from '../../src/domain/taskState';
import { NO_USAGE } from '../../src/domain/usage';
import type { ActPorts } from '../../src/engine/acts/acts';
import { inProcessWorker } from '../../src/engine/agents/inProcess';
import type { Reuse } from '../../src/engine/agents/reuse';
import type { Worker } from '../../src/engine/agents/worker';
import { beginRun } from '../../src/engine/begin';
import { journalFile } from '../../src/engine/journal/journal';
import { type Checker, folderChecker } from '../../src/engine/landing/check';
import { projectReader } from '../../src/engine/project/readProject';
import { type ResumeRequest, resumeRun } from '../../src/engine/resume';
import type { LiveRun } from '../../src/engine/run';
import type { RunPorts } from '../../src/engine/runRequest';
import type { AdaptiveWidth } from '../../src/engine/schedule/adaptiveWidth';
import type { Limits } from '../../src/engine/schedule/scheduler';
import type { Retry } from '../../src/engine/steering/kept';
import type { RunBudget } from '../../src/model/budget/runBudget';
import type { ModelFetch } from '../../src/model/fetch';
import type { Hold } from '../../src/model/hold';
import type { RunModel } from '../../src/model/runModel';
import { folderPool } from '../../src/repo/commands/folderPool';
import type { Repository } from '../../src/repo/repository';
import { countingClock } from './clock';
import { type Editor, editor } from './editor';
import { type Edits, type GatedWorker, gatedWorker } from './gatedWorker';
import { type HandTime, handTime } from './handTime';
import { NEVER, valued } from './result';
import { ROLES_FOLDER } from './roles';
import { type Files, type Sandbox, sandbox } from './sandbox';

/** A plan of these tasks, by id, with what each depends on. */
export function planOf(tasks: Readonly<Record<string, readonly string[]>>): Plan {
  const list = Object.entries(tasks).map(([id, dependsOn]) => ({
    id,
    title: `Task ${id}`,
    instructions: 'Do it.',
    dependsOn: [...dependsOn],
  }));
  return planSchema.parse({ goal: 'A goal', tasks: list });
}

export function startOf(plan: Plan): Extract<Happening, { type: 'run.started' }> {
  const facts = { version: 1 as const, run: 'r1', root: '/work', model: 'scripted:x', maxWorkers: 5, snapshot: 's1', commit: 'c0', pid: 1 };
  return { type: 'run.started', ...facts, plan, planning: NO_USAGE };
}

/** A conflict in one file that is deleted on one side. */
export function conflictOf(path: string): Conflict {
  const entry = { mode: '100644' as const, blob: 'x' };
  return { intent: 'land', ours: 'c', tree: 't', files: [{ path, base: entry, ours: entry, theirs: null, oursBy: 'Your edits' }] };
}

export interface Rig extends Sandbox {
  readonly workspace: Editor;
  readonly run: LiveRun;
  readonly agents: GatedWorker;
  readonly clock: Clock;
  readonly time: HandTime;
  /** Resolves when the run has finished. */
  readonly ended: ReturnType<LiveRun['drive']>;
  /** Resolves when a task is in that stage. */
  reaches(task: string, stage: Stage['kind']): Promise<void>;
  stages(): Record<string, Stage['kind']>;
}

export interface RigOptions {
  /** For a second run in the same folder, whose id must be another. */
  readonly clock?: Clock;
  /** Absent: none passes until the test says so. */
  readonly time?: HandTime;
  readonly attempts?: number;
  /** Whether its agents are told lessons; absent: as it is set. */
  readonly lessons?: boolean;
  /** What is set of that; absent: they are. */
  readonly lessonsSet?: boolean;
  readonly retry?: Retry;
  readonly limits?: Partial<Limits>;
  readonly onStale?: OnStale;
  readonly conflicts?: ConflictRule;
  readonly plan?: Partial<Plan>;
  /** What tasks have beside what they depend on, by their ids. */
  readonly fields?: Readonly<Record<string, Partial<Task>>>;
  readonly cap?: Budget;
  readonly check?: Checker;
  readonly reuse?: Reuse;
  /** Its agents are real ones, on this model; absent: the test holds them. */
  readonly model?: ModelFetch;
  /** As `model`, with what stands before it. */
  readonly asking?: RunModel;
  /** By which prices what it spends is counted. */
  readonly budget?: RunBudget;
  /** Works instead of agents that the test holds. */
  readonly worker?: Worker;
  readonly hold?: Hold;
  readonly acts?: ActPorts;
  /** Whether its agents are told of the project; else their roles have their names alone. */
  readonly project?: boolean;
  readonly width?: AdaptiveWidth;
  readonly stopEdits?: Readonly<Record<string, Edits>>;
}

/** A run under way on a real repository. */
export async function rig(files: Files, tasks: Readonly<Record<string, readonly string[]>>, options: RigOptions = {}): Promise<Rig> {
  return rigIn(await sandbox(files), tasks, options);
}

export async function rigIn(box: Sandbox, tasks: Readonly<Record<string, readonly string[]>>, options: RigOptions = {}): Promise<Rig> {
  const limits: Limits = { maxWorkers: 5, undecided: 'wait', ...options.limits };
  const { onStale = 'check' } = options;
  const plan = planOf(tasks);
  const request = {
    plan: { ...plan, tasks: plan.tasks.map((task) => ({ ...task, ...options.fields?.[task.id] })), ...options.plan },
    model: 'scripted:x',
    planning: NO_USAGE,
    limits,
    onStale,
    ...(options.conflicts !== undefined && { conflicts: options.conflicts }),
    ...(options.cap !== undefined && { cap: options.cap }),
    ...(options.lessons !== undefined && { lessons: options.lessons }),
    ...(options.retry !== undefined && { retry: options.retry }),
    ...(options.attempts !== undefined && { attempts: options.attempts }),
  };
  const parts = partsOf(box, options);
  return driven(box, parts, valued(await beginRun(request, parts.ports, NEVER)));
}

/** As {@link rigIn}, of a run that {@link leave} left. */
export async function resumedRig(box: Sandbox, request: ResumeRequest, options: RigOptions = {}): Promise<Rig> {
  const parts = partsOf(box, options);
  return driven(box, parts, valued(await resumeRun(request, parts.ports, NEVER)));
}

/** Leaves a run as its process does that is killed. */
export async function leave({ run, ended, repo }: Rig): Promise<void> {
  run.leave();
  valued(await ended);
  run.record.close();
  abandon(repo, run.id);
}

/** Has a run's journal say that another process drove it, which is gone. */
export function abandon({ stateDir }: Pick<Repository, 'stateDir'>, run: string): void {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const file = journalFile(stateDir, run);
  const lines = readFileSync(file, 'utf8').replace(/"pid":\d+(,"birth":"[^"]*")?/g, `"pid":${pid}`);
  writeFileSync(file, lines);
}

interface Parts {
  readonly workspace: Editor;
  readonly agents: GatedWorker;
  readonly clock: Clock;
  readonly time: HandTime;
  readonly ports: RunPorts;
}

function partsOf(box: Sandbox, options: RigOptions): Parts {
  const workspace = editor(box.root);
  const agents = gatedWorker(box.repo, options.stopEdits);
  // Of now: whether a run's process lives is asked for the time when it began.
  const clock = options.clock ?? countingClock(Date.now());
  const time = options.time ?? handTime();
  const check = options.check ?? folderChecker(folderPool(box.repo, { link: [], most: 1, quotaBytes: 1e9 }, clock));
  const { model = options.model, ...asking } = options.asking ?? { hold: options.hold };
  const worker = options.worker ?? (model === undefined ? agents.worker : inProcessWorker(box.repo, model));
  const ports = {
    repo: box.repo,
    workspace,
    worker,
    check,
    clock,
    time,
    ...asking,
    ...(options.budget !== undefined && { budget: options.budget }),
    width: options.width,
    reuse: options.reuse,
    acts: options.acts,
    ...(options.project === true && {
      project: projectReader(box.repo, { builtIn: ROLES_FOLDER, lessons: () => options.lessonsSet ?? true }),
    }),
  };
  return { workspace, agents, clock, time, ports };
}

function driven(box: Sandbox, { workspace, agents, clock, time }: Parts, run: LiveRun): Rig {
  const ended = run.drive();
  return {
    ...box,
    workspace,
    run,
    agents,
    clock,
    time,
    ended,
    reaches: (task, stage) =>
      new Promise((resolve) => {
        const look = (state: RunState) => {
          if (state.tasks.get(task)?.stage.kind !== stage) return;
          unlisten();
          resolve();
        };
        const unlisten = run.record.listen((_, state) => look(state));
        look(run.record.state);
      }),
    stages: () => stagesOf(run.record.state),
  };
}

export function stagesOf(state: RunState): Record<string, Stage['kind']> {
  return Object.fromEntries([...state.tasks].map(([id, task]) => [id, task.stage.kind]));
}
