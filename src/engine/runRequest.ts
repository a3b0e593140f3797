/** What a run is begun with: what is asked of it, and what it works with. */
import type { Budget } from '../domain/budget';
import type { Clock } from '../domain/clock';
import type { Plan } from '../domain/plan';
import type { ConflictRule, OnStale } from '../domain/settings';
import type { Usage } from '../domain/usage';
import type { RunModel } from '../model/runModel';
import type { Time } from '../model/time';
import type { LandPorts } from '../repo/land/land';
import type { ActPorts } from './acts/acts';
import type { Reuse } from './agents/reuse';
import type { Worker } from './agents/worker';
import type { StateReader } from './journal/library';
import type { Checker } from './landing/check';
import type { Project, ProjectReader } from './project/project';
import type { Settled } from './recovery';
import type { AdaptiveWidth } from './schedule/adaptiveWidth';
import type { Estimates } from './schedule/ranking';
import type { Limits } from './schedule/scheduler';
import type { Retry } from './steering/kept';

export interface RunRequest {
  readonly plan: Plan;
  readonly model: string;
  readonly planning: Usage;
  readonly limits: Limits;
  /** Absent: `check`. */
  readonly onStale?: OnStale;
  /** Who decides its conflicts, and the order of roles by which that is. Absent: the person. */
  readonly conflicts?: ConflictRule;
  /** Globs of ignored files that its agents see, where the person named them for this run. */
  readonly include?: readonly string[];
  /** Whether its agents are told the lessons that are kept, as long as it goes on. Absent: as it is set when they begin. */
  readonly lessons?: boolean;
  /** How often an agent may begin on a task whose plan does not say. Absent: once. */
  readonly attempts?: number;
  /** What it may spend; absent: no limit. */
  readonly cap?: Budget;
  /** What was done for its one task in an earlier run: its agent goes on from that. */
  readonly retry?: Retry;
}

/** Of what was asked for, what holds as long as the run goes on. */
export interface LiveRequest extends Pick<RunRequest, 'limits' | 'onStale'> {
  readonly estimates?: Estimates;
  /** Undefined where it was not read. */
  readonly project?: Project | undefined;
}

/** What stands before the worker's model; absent where that is none. */
type AskingPorts = { readonly [Part in Exclude<keyof RunModel, 'model'>]?: RunModel[Part] | undefined };

export interface RunPorts extends AskingPorts {
  readonly repo: LandPorts['repo'];
  readonly workspace: LandPorts['workspace'];
  readonly worker: Worker;
  readonly check: Checker;
  /** Absent: every task is worked on anew. */
  readonly reuse?: Reuse | undefined;
  /** Reads what its agents are told of the project; absent: nothing. */
  readonly project?: ProjectReader | undefined;
  /** What agents may ask of their host beside other agents, and what needs the person's leave; absent: nothing. */
  readonly acts?: ActPorts | undefined;
  readonly clock: Clock;
  /** Reads past runs, which tell how long tasks take; absent: as they stand in their journals. */
  readonly read?: StateReader | undefined;
  readonly time: Time;
  /** Absent: as many agents as the limits say. */
  readonly width?: AdaptiveWidth | undefined;
  /** Told what another process had left half-done in the workspace, and what became of it. */
  readonly onSettled?: ((settled: Settled) => void) | undefined;
}
