/** `weft run`: plan if need be, run, print what happens, and say how it ended. */
import { type Budget, budgetText } from '../domain/budget';
import { budgetOf } from '../domain/cost';
import { cancelled, type Failure, fail, failureText, ok, type Result, saysDiskFull } from '../domain/failure';
import { tooLargeText } from '../domain/figures';
import { type Plan, readPlan } from '../domain/plan';
import { modelsOfPlan } from '../domain/planModels';
import type { Catalogue } from '../domain/role';
import { isComplete, type RunState } from '../domain/run';
import { DEFAULT_ATTEMPTS, DEFAULT_FOLDERS_QUOTA_GB, DEFAULT_LINKS, DEFAULT_MAX_WORKERS, MAX_FOLDERS } from '../domain/settings';
import { NO_USAGE } from '../domain/usage';
import { type Reuse, reuseFrom } from '../engine/agents/reuse';
import { beginRun } from '../engine/begin';
import { forecastOf, forecastText } from '../engine/budget/forecast';
import { figuresOf } from '../engine/figures';
import { findRun, lifeOf } from '../engine/journal/library';
import { type Listener, readState } from '../engine/journal/record';
import { folderChecker } from '../engine/landing/check';
import { notInterrupted, resumeRun } from '../engine/resume';
import type { LiveRun } from '../engine/run';
import type { RunRequest } from '../engine/runRequest';
import { AdaptiveWidth, memoryLeft } from '../engine/schedule/adaptiveWidth';
import { pastRuns } from '../engine/schedule/estimates';
import { limitsOf, readPools } from '../engine/schedule/limits';
import { arbitrationOf, landedElsewhere } from '../engine/steering/arbitrated';
import { asItStands, decidedElsewhere } from '../engine/steering/elsewhere';
import { retryOf } from '../engine/steering/kept';
import { summarize } from '../engine/summary';
import { sendIfAsked } from '../engine/trace/send';
import type { ModelFetch } from '../model/fetch';
import { planningModel } from '../model/runModel';
import { systemTime } from '../model/time';
import type { Planned } from '../plan/planner';
import { fillTemplate } from '../plan/template';
import { loadTemplate } from '../plan/templates';
import { folderPool } from '../repo/commands/folderPool';
import { type ConflictPaths, writeConflictFiles } from '../repo/land/conflictFiles';
import type { Repository } from '../repo/repository';
import type { Workspace } from '../repo/workspace';
import { type Allowed, actsFor } from './acts';
import { type Agents, agentsOf } from './agents';
import type { Command } from './command';
import { notRun, showUnrun } from './madePlan';
import { modelFor } from './model';
import { budgetNow, capFor, type SaidBudget, unpricedText } from './money';
import { type Output, summaryLines } from './output';
import { planWanted, readSource } from './planning';
import { projectNow } from './project';
import { openRecord, recoveryPorts } from './record';
import { checkPriority } from './runArguments';
import { wishFor } from './steer';
import { synthesisOfRun } from './summary';
import { tellWaits } from './waits';
import { seconds } from './words';

export interface CliPorts {
  readonly repo: Repository;
  readonly workspace: Workspace;
  readonly output: Output;
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal;
  /** From now on these ignored files are part of what agents see and snapshots have. */
  readonly include: (globs: readonly string[]) => void;
}

const FOLDERS = { link: DEFAULT_LINKS, most: MAX_FOLDERS, quotaBytes: DEFAULT_FOLDERS_QUOTA_GB * 1e9 };

type RunCommand = Extract<Command, { kind: 'run' }>;
type RetryCommand = Extract<Command, { kind: 'retry' | 'arbitrate' }>;

/** Resolves to the exit code. */
export async function runCommand(command: RunCommand, ports: CliPorts): Promise<number> {
  const refuse = (failure: Failure) => refused(failure, ports);
  // A plan that cannot be used is told before a key that is missing.
  const project = await projectNow(ports);
  if (!project.ok) return refuse(project.failure);
  const { roles } = project.value;
  const given = await givenPlan(command.work, roles, ports);
  if (!given.ok) return refuse(given.failure);
  const { plan: approval } = command.approvals.verdicts;
  if (given.value === undefined && approval === 'deny')
    return refuse(fail('denied', 'You let no plan run that a model made.', 'Give a plan file, or leave out --approve plan=deny.').failure);
  const pools = readPools(command.pools, '--pool', roles);
  if (!pools.ok) return refuse(pools.failure);
  const priority = checkPriority(command.conflicts, roles);
  if (!priority.ok) return refuse(priority.failure);
  const model = await modelFor({ model: command.model, ...command.asking, warn: ports.output.warn });
  if (!model.ok) return refuse(model.failure);
  const planned =
    given.value === undefined
      ? await planWork(command, ports, planningModel(model.value, capFor({}, command.budget)))
      : ok({ plan: given.value, problems: [], usage: NO_USAGE });
  if (!planned.ok) return refuse(planned.failure);
  const { usage } = planned.value;
  const unrun = given.value === undefined ? notRun(planned.value, command) : undefined;
  if (unrun !== undefined) return showUnrun(planned.value, unrun, ports);
  // What is said at the command line is meant for this run: it goes before what the plan says.
  const { timeoutSeconds } = command;
  const plan =
    timeoutSeconds === undefined ? planned.value.plan : { ...planned.value.plan, limits: { ...planned.value.plan.limits, timeoutSeconds } };
  const own = limitsOf(plan, { maxWorkers: DEFAULT_MAX_WORKERS, pools: {} });
  const { maxWorkers = own.maxWorkers } = command;
  const limits = { maxWorkers, pools: { ...own.pools, ...command.pools }, undecided: 'leave' as const };
  const cap = capFor(plan, command.budget);
  const past = await pastRuns(ports.repo.stateDir, readState);
  const forecast = forecastText(forecastOf(plan, { past, roles, model: command.model, prices: model.value.budget.prices }));
  ports.output.say(`Cost, as past runs tell: ${forecast ?? 'not known, for there is none of such tasks'}. Budget: ${budgetText(cap)}.`);
  const unpriced = unpricedText([command.model, ...modelsOfPlan(plan, roles)], cap, model.value.budget.prices);
  if (unpriced !== undefined) ports.output.warn(unpriced);
  const agents = await agentsOf(ports.repo, model.value, command.inProcess);
  return driveRun(
    {
      plan,
      model: command.model,
      planning: usage,
      limits,
      attempts: command.attempts,
      onStale: command.onStale,
      conflicts: command.conflicts,
      include: command.include,
      lessons: command.lessons,
      cap,
    },
    agents,
    ports,
    {
      approvals: command.approvals,
      servers: command.servers,
      reuse: command.reuse ? reuseFrom(ports.repo) : undefined,
      width: widthOf(command),
    },
  );
}

/** Does a task of an earlier run again, or has its conflict decided, in a run of its own. Resolves to the exit code. */
export async function retryCommand(command: RetryCommand, ports: CliPorts): Promise<number> {
  const state = await findRun(ports.repo, command.run);
  if (!state.ok) return refused(state.failure, ports);
  const { task, fresh, hint, model: name = state.value.start.model } = command;
  if (lifeOf(state.value) === 'running') return retryInside(command, state.value, ports);
  const settled = command.kind === 'arbitrate' ? decidedElsewhere(state.value.tasks.get(task), ports.repo) : undefined;
  if (settled !== undefined) return refused(settled, ports);
  const again =
    command.kind === 'arbitrate' ? arbitrationOf(state.value, task) : retryOf(asItStands(state.value, ports.repo), task, { fresh, hint });
  if (!again.ok) return refused(again.failure, ports);
  const model = await modelFor({ model: name, ...command.asking, warn: ports.output.warn });
  if (!model.ok) return refused(model.failure, ports);
  const limits = { maxWorkers: 1, undecided: 'leave' as const };
  const { plan, retry } = again.value;
  const agents = await agentsOf(ports.repo, model.value, command.inProcess);
  const request = {
    plan,
    retry,
    model: name,
    planning: NO_USAGE,
    limits,
    attempts: DEFAULT_ATTEMPTS,
    onStale: command.onStale,
    cap: capFor(plan, command.budget),
  };
  const onEnd = command.kind === 'arbitrate' ? (decided: RunState) => tellDecided(state.value, task, decided, ports) : undefined;
  return driveRun(request, agents, ports, { approvals: command.approvals, servers: command.servers, onEnd });
}

/** What an arbiter decided and landed waits for the person in its own run no more. */
async function tellDecided({ start, tasks }: RunState, id: string, decided: RunState, { repo, output }: CliPorts): Promise<void> {
  const opened = await openRecord(start.run, repo);
  const told = opened.ok ? await landedElsewhere(opened.value, repo, id, decided) : opened;
  if (opened.ok) opened.value.close();
  if (!told.ok) output.warn(`“${tasks.get(id)?.task.title ?? id}” of run ${start.run} is in conflict still: ${failureText(told.failure)}`);
}

/** In its run, which goes on as it was begun. */
async function retryInside({ kind, task, fresh, hint, ownRun }: RetryCommand, state: RunState, ports: CliPorts): Promise<number> {
  const where = `run ${state.start.run}, which goes on`;
  const code =
    kind === 'arbitrate'
      ? await wishFor(state, { kind, task }, `An arbiter is asked about “${task}” in ${where}.`, ports)
      : await wishFor(state, { kind, task, fresh, hint }, `“${task}” is worked on again in ${where}.`, ports);
  if (code === 0 && ownRun.length > 0)
    ports.output.warn(
      `That is done as the run was begun: ${ownRun.join(', ')} ${ownRun.length === 1 ? 'changes' : 'change'} nothing of it.`,
    );
  return code;
}

export function refused(failure: Failure, { output }: CliPorts): number {
  const isTheirs = !['model', 'refused', 'agent'].includes(failure.kind) && !saysDiskFull(failure.message);
  const exitCode = failure.kind === 'cancelled' ? 130 : isTheirs ? 2 : 1;
  output.result({ exitCode, failure });
  return exitCode;
}

/** Takes over a run whose process went, and drives it to its end. Resolves to the exit code. */
export async function resumeCommand(
  { run, asking, inProcess, adaptive, approvals, servers, budget, task }: Extract<Command, { kind: 'resume' }>,
  ports: CliPorts,
): Promise<number> {
  const { repo, output, include } = ports;
  const state = await findRun(repo, run);
  if (!state.ok) return refused(state.failure, ports);
  const failure = notInterrupted(state.value);
  if (failure !== undefined) return refused(failure, ports);
  const { start } = state.value;
  const model = await modelFor({ model: start.model, ...asking, warn: output.warn });
  if (!model.ok) return refused(model.failure, ports);
  include(start.include ?? []);
  const listener: Listener = (event, now) => output.event(event, now);
  const working = await agentsOf(repo, model.value, inProcess);
  const recovery = recoveryPorts(ports);
  const folders = folderPool(repo, FOLDERS, recovery.clock);
  const check = folderChecker(folders);
  const reuse = start.reuse === true ? reuseFrom(repo) : undefined;
  // Whoever resumes it here wants it to go on.
  const request = {
    run: start.run,
    undecided: 'leave' as const,
    paused: 'continue' as const,
    listener,
    cap: raisedCap(state.value, budget, task),
    of: task,
  };
  const { acts, agents } = await actsFor({ approvals, servers }, ports, { agents: working, folders });
  const agentPorts = { ...agents, check, reuse, width: widthOf({ adaptive }), acts };
  const resumed = await resumeRun(request, { ...recovery, ...agentPorts, time: systemTime }, ports.signal);
  if (resumed.ok) return drive(resumed.value, agents, ports);
  await agents.close();
  return refused(resumed.failure, ports);
}

/** What a run may spend from now on; undefined where nothing was said. */
function raisedCap(state: RunState, { usd, tokens }: SaidBudget, task: string | undefined): Budget | undefined {
  if (usd === undefined && tokens === undefined) return undefined;
  const before = budgetOf(state, task);
  return budgetNow({ usd, tokens }, before);
}

function widthOf({ adaptive }: { readonly adaptive: boolean }): AdaptiveWidth | undefined {
  return adaptive ? new AdaptiveWidth({ time: systemTime, memoryLeft, first: DEFAULT_MAX_WORKERS }) : undefined;
}

/** Begins a run and drives it to its end, telling all of it. */
async function driveRun(
  request: RunRequest,
  working: Agents,
  ports: CliPorts,
  {
    reuse,
    width,
    onEnd,
    ...allowed
  }: Allowed & {
    readonly reuse?: Reuse | undefined;
    readonly width?: AdaptiveWidth | undefined;
    readonly onEnd?: OnEnd | undefined;
  },
): Promise<number> {
  const { repo, output, signal } = ports;
  const recovery = recoveryPorts(ports);
  const folders = folderPool(repo, FOLDERS, recovery.clock);
  const check = folderChecker(folders);
  const { acts, agents } = await actsFor(allowed, ports, { agents: working, folders });
  const begun = await beginRun(request, { ...recovery, ...agents, acts, check, reuse, width, time: systemTime }, signal);
  if (!begun.ok) {
    await agents.close();
    return refused(begun.failure, ports);
  }
  const run = begun.value;
  const { tooLarge } = run.record.state.start;
  if (tooLarge !== undefined) output.warn(tooLargeText(tooLarge));
  output.event({ ...run.record.state.start }, run.record.state);
  run.record.listen((event, state) => output.event(event, state));
  return drive(run, agents, ports, onEnd);
}

/** What is still to be done when a run has ended, and before it is told of. */
type OnEnd = (ended: RunState) => Promise<void>;

/** To its end, and that of its agents. */
async function drive(run: LiveRun, agents: Agents, ports: CliPorts, onEnd?: OnEnd): Promise<number> {
  const { signal } = ports;
  tellWaits(run, ports.output);
  const stop = () => run.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const ended = await run.drive().finally(() => agents.close());
  signal.removeEventListener('abort', stop);
  run.record.close();
  const sent = await sendIfAsked(ports.repo.stateDir, run.id, process.env['WEFT_OTLP_ENDPOINT'] ?? '');
  if (!sent.ok) ports.output.warn(failureText(sent.failure));
  if (ended.ok) await onEnd?.(ended.value);
  return ended.ok ? report(ended.value, ports) : brokenOff(run.id, ended.failure, ports);
}

/** Its journal could not be kept. What was given could be used: whoever calls is not told otherwise. */
function brokenOff(run: string, { message, fix, kind }: Failure, { output }: CliPorts): number {
  const first = saysDiskFull(message) ? 'Free some space, then go on with it' : 'Mend that, then go on with it';
  output.result({ exitCode: 1, failure: { kind, message, fix: `${first}: weft resume ${run}. ${fix}` } });
  return 1;
}

async function report(state: RunState, { repo, output, signal }: CliPorts): Promise<number> {
  const conflicts: { task: string; files: ConflictPaths[] }[] = [];
  for (const [
    task,
    {
      stage,
      task: { title },
    },
  ] of state.tasks) {
    if (stage.kind !== 'conflicted') continue;
    const files = await writeConflictFiles(repo, { run: state.start.run, task, title, keep: true }, stage.conflict);
    if (files.ok) conflicts.push({ task, files: files.value });
    else output.say(`weft: ${files.failure.message} ${files.failure.fix}`);
  }
  const summary = summarize(state, Date.now());
  const synthesis = synthesisOfRun(repo, state);
  if (synthesis.ok) output.say(`\n${synthesis.value}`);
  else {
    output.warn(failureText(synthesis.failure));
    for (const [name, value] of figuresOf(summary, seconds)) output.say(`  ${name.padEnd(14)} ${value}`);
  }
  for (const line of summaryLines(state, summary, conflicts)) output.say(line);
  const exitCode = signal.aborted ? 130 : isComplete(state) ? 0 : 1;
  output.result({ exitCode, summary, conflicts });
  return exitCode;
}

async function planWork({ work, model: modelName }: RunCommand, ports: CliPorts, model: ModelFetch): Promise<Result<Planned>> {
  return 'goal' in work ? planWanted(work, { model, modelName }, ports) : cancelled;
}

/** The plan that the person gives, as a file or by its template; undefined where one is still to be made. */
async function givenPlan(work: RunCommand['work'], roles: Catalogue, { repo, signal }: CliPorts): Promise<Result<Plan | undefined>> {
  if ('plan' in work) return planFrom(work.plan, roles, signal);
  if (!('template' in work)) return ok(undefined);
  const template = await loadTemplate(repo, work.template);
  return template.ok ? fillTemplate(template.value, work.values, roles) : template;
}

async function planFrom(source: string, roles: Catalogue, signal: AbortSignal): Promise<Result<Plan>> {
  const text = await readSource(source, 'plan', signal);
  return text.ok ? readPlan(text.value, source === '-' ? 'The plan on standard input' : source, roles) : text;
}
