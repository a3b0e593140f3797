/** `weft pause`, `weft continue`, `weft stop`, `weft budget`, `weft limit` and `weft add`: what is wished of a run that another process drives. */
import * as z from 'zod';
import { systemClock } from '../domain/clock';
import { budgetOf } from '../domain/cost';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import type { RunState } from '../domain/run';
import { findRun } from '../engine/journal/library';
import type { Pools } from '../engine/schedule/limits';
import { tellWish, type Wish } from '../engine/steering/wishes';
import { countOf, poolsOf } from './limits';
import { checkPlayed } from './model';
import { budgetNow, dollarsOf, type SaidBudget, saidBudget } from './money';
import type { Values } from './options';
import { ended } from './output';
import { readSource } from './planning';
import type { CliPorts } from './run';

export type Steer =
  | { readonly kind: 'pause' | 'continue' | 'stop'; readonly run: string }
  /** What it may spend, of dollars or tokens; `task`: that task of it. */
  | { readonly kind: 'budget'; readonly run: string; readonly task: string | undefined; readonly budget: SaidBudget }
  /** How many agents run at once; undefined: as many as before. `pools`: of a role. */
  | { readonly kind: 'limit'; readonly run: string; readonly maxWorkers: number | undefined; readonly pools: Pools }
  /** `source`: the file that has the task, or `-` for standard input. */
  | { readonly kind: 'add'; readonly run: string; readonly source: string };

/** What is so now, of a run by its id. */
const DONE: Readonly<Record<Steer['kind'], (run: string) => string>> = {
  pause: (run) => `is paused: agents come to the end of their turn; “weft continue ${run}” has it go on`,
  continue: () => 'goes on',
  stop: () => 'is being stopped; what its agents did is kept',
  budget: () => 'has the budget; what stopped for it goes on',
  limit: () => 'has the limits; agents that are too many by now come to the end of their tasks',
  add: () => 'has the task',
};

export function budgetSteerOf([run, said, task]: readonly string[], values: Values): Result<Steer> {
  if (run === undefined || (said === undefined && values['budget-tokens'] === undefined))
    return fail('input', '“weft budget” needs a run and dollars.', 'Give both: weft budget RUN 20; 0 means no limit.');
  const usd = dollarsOf(`weft budget ${run}`, said);
  if (!usd.ok) return usd;
  const rest = saidBudget(values);
  return rest.ok ? ok({ kind: 'budget', run, task, budget: { usd: usd.value, tokens: rest.value.tokens } }) : rest;
}

export function limitSteerOf([run]: readonly string[], values: Values): Result<Steer> {
  if (run === undefined || (values['max-workers'] ?? values.pool) === undefined)
    return fail('input', '“weft limit” needs a run and a limit.', 'Give --max-workers N, or --pool ROLE=N, or both.');
  const maxWorkers = countOf('max-workers', values, 'left out, it stays as it is');
  if (!maxWorkers.ok) return maxWorkers;
  const pools = poolsOf(values.pool ?? []);
  return pools.ok ? ok({ kind: 'limit', run, maxWorkers: maxWorkers.value, pools: pools.value }) : pools;
}

export function steerOf(kind: Exclude<Steer['kind'], 'budget' | 'limit'>, [run, source]: readonly string[]): Result<Steer> {
  if (run === undefined) return fail('input', `“weft ${kind}” needs a run.`, 'Run “weft runs” for those that go on.');
  if (kind !== 'add') return ok({ kind, run });
  if (source !== undefined) return ok({ kind, run, source });
  return fail(
    'input',
    '“weft add” needs a run and a task.',
    'Give the path of a file that has one, as in a plan, or “-” for standard input.',
  );
}

export async function steerCommand(steer: Steer, ports: CliPorts): Promise<number> {
  const { output } = ports;
  const state = await findRun(ports.repo, steer.run);
  if (!state.ok) return ended(output, state);
  const wish = await wishOf(steer, state.value, ports.signal);
  if (!wish.ok) return ended(output, wish);
  const { run } = state.value.start;
  return wishFor(state.value, wish.value, `Run ${run} ${DONE[steer.kind](run)}.`, ports);
}

/** Wishes something of a run that goes on, and says `done` when it is. Resolves to the exit code. */
export async function wishFor(state: RunState, wish: Wish, done: string, { repo, output, signal }: CliPorts): Promise<number> {
  const { run } = state.start;
  const onWait = (pid: number) => output.say(`Process ${pid}, which drives run ${run}, has not answered yet: waiting for it.`);
  const told = await tellWish(repo.stateDir, state, wish, { clock: systemClock, signal, onWait });
  if (!told.ok) return ended(output, told);
  output.say(done);
  output.result({ exitCode: 0, run });
  return 0;
}

/** The rest is for the run to read, which knows its roles. */
const modelOf = z.looseObject({ model: z.string() });

async function wishOf(steer: Steer, state: RunState, signal: AbortSignal): Promise<Result<Wish>> {
  if (steer.kind === 'budget') {
    const { task } = steer;
    const budget = budgetNow(steer.budget, budgetOf(state, task));
    return ok({ kind: 'budget', budget, ...(task === undefined ? {} : { task }) });
  }
  if (steer.kind === 'limit') {
    const { maxWorkers, pools } = steer;
    return ok({ kind: 'limit', pools, ...(maxWorkers === undefined ? {} : { maxWorkers }) });
  }
  if (steer.kind !== 'add') return ok({ kind: steer.kind });
  const { source } = steer;
  const said = await readSource(source, 'task', signal);
  if (!said.ok) return said;
  const name = source === '-' ? 'Standard input' : source;
  const fix = 'Give JSON with a task as in a plan: id, title, instructions, dependsOn …';
  let task: unknown;
  try {
    task = JSON.parse(said.value.replace(/^\ufeff/, ''));
  } catch (thrown) {
    return fail('input', `${name} has no task: ${thrownText(thrown)}.`, fix);
  }
  if (typeof task === 'object' && task !== null && 'tasks' in task)
    return fail('input', `${name} has a plan, and a task is added alone.`, fix);
  const named = modelOf.safeParse(task).data?.model;
  const played = await checkPlayed(named === undefined ? [] : [named]);
  return played.ok ? ok({ kind: 'add', task }) : played;
}
