/** What one run has of the pipeline, in the order in which its requests go through: its hold, its budget, its recording, then what all runs share. */
import type { Budget } from '../domain/budget';
import type { OwnPrices } from '../domain/prices';
import { aboutOf, setAbout } from './about';
import { RunBudget } from './budget/runBudget';
import type { ModelFetch } from './fetch';
import { Hold } from './hold';
import { runPipeline } from './pipeline';
import type { RecorderOptions } from './record/recorder';
import type { SharedModels } from './sharedModels';
import type { Traffic } from './traffic';

export interface RunModelOptions {
  /** The model, with nothing before it, and the name of its server and key. */
  readonly source: ModelFetch;
  readonly door: string;
  readonly shared: SharedModels;
  readonly prices: OwnPrices;
  /** Models to ask in the place of one that keeps failing. */
  readonly fallbacks: readonly string[];
  /** Undefined: nothing is recorded. */
  readonly record: RecorderOptions | undefined;
}

/** One for a run. */
export interface RunModel {
  /** What its agents ask, and what plans for it. */
  readonly model: ModelFetch;
  readonly hold: Hold;
  readonly budget: RunBudget;
  /** What is to be seen of its requests. */
  readonly traffic: Traffic;
}

/** Stands for the run of a plan that is being made: it has none yet. */
const PLANNING = 'planning';

/** The model of a run for those who plan for it; `cap`: what the planning may cost. What it did cost the run is told when it begins. */
export function planningModel({ model, budget }: Pick<RunModel, 'model' | 'budget'>, cap: Budget): ModelFetch {
  const { usd, tokens } = cap;
  budget.accounts.open(PLANNING, { label: 'the plan', cap: { usd, tokens }, parent: undefined, isKept: false });
  return (request) => {
    setAbout(request.headers, { ...aboutOf(request), run: PLANNING });
    return model(request);
  };
}

export function runModel({ source, door, shared, prices, fallbacks, record }: RunModelOptions): RunModel {
  const hold = new Hold();
  const budget = new RunBudget(prices, fallbacks);
  const own = runPipeline({ accounts: budget.accounts, prices, fallbacks, record });
  return { model: hold.part(own(shared.behind(source, door, fallbacks))), hold, budget, traffic: shared.traffic };
}
