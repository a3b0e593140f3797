/** Checked before it lands: what tasks did is merged in memory, checked as merged, and lands if it is green. */
import { type Failure, fail, ok, type Result } from '../../domain/failure';
import { checksOf, type TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { DEFAULT_CHECK_SECONDS, DEFAULT_REPAIRS } from '../../domain/settings';
import { type CheckResult, isOver, type Rework, settlementOf, type TaskState, winnerOf } from '../../domain/taskState';
import { chainNow, type LandPorts } from '../../repo/land/land';
import { type ChainTips, chainTips, landingsSince } from '../../repo/land/landingsSince';
import { commitTree, diffTrees, lookUp, mergeTrees } from '../../repo/trees';
import { truthOf } from '../../repo/truth/truth';
import type { RunRecord } from '../journal/record';
import { goingOn, isPaused } from '../schedule/pausing';
import { type Guilty, sortOut } from './bisect';
import { type Checker, tailOf, verdictText } from './check';
import { keepBeginning, landTask } from './landing';
import { type Found, repairMessage } from './repairMessage';

/** How often a batch is checked again because the workspace moved under it, before that is a failure. */
const ROUNDS = 5;
/** From this round on, the run lands nothing else while the check runs. */
const INSISTING = 3;
/** Most characters of a check's output that a failure quotes. */
const QUOTED = 600;

export interface CheckedPorts {
  readonly record: RunRecord;
  readonly land: LandPorts;
  readonly check: Checker;
  /** Sends a task back to its agent. */
  readonly sendBack: (task: TaskId, rework: Rework) => void;
  /** Is told that nothing else of the run should land until the batch has: it was overtaken too often. */
  readonly insist: () => void;
  /** Is told which task is being written to the workspace: that one cannot be stopped any more. */
  readonly writing: (task: TaskId | undefined) => void;
}

/** A task's changes merged on top of others'. */
interface Layer {
  readonly task: TaskState;
  readonly ours: string;
  readonly merged: string;
}

/** The workspace as a batch is merged into it. */
interface Ground {
  readonly commit: string;
  readonly tips: ChainTips;
}

type Batch = CheckedPorts & {
  /** Green verdicts of this batch, by tree and commands: the same tree is not checked twice. */
  readonly greens: Map<string, CheckResult>;
  readonly signal: AbortSignal;
};

/**
 * Merges tasks that are done on top of each other and of the workspace, checks them together, and lands what is green. What turns it
 * red goes back to its agent, or fails where that was tried often enough; the others land. What does not merge with the workspace goes
 * the way of every conflict. No lock is held while a check runs: when something else landed meanwhile, or the person changed the same
 * files, what was to land is checked again.
 */
export async function landChecked(ports: CheckedPorts, tasks: readonly TaskId[], signal: AbortSignal): Promise<void> {
  const batch: Batch = { ...ports, greens: new Map(), signal };
  for (let round = 1; ; round++) {
    await goingOn(ports.record, signal);
    const wanted = stillDone(ports.record, tasks);
    if (wanted.length === 0 || signal.aborted) return;
    const done = await checkAndLand(batch, wanted);
    if (done.ok) return;
    if (done.failure.kind === 'cancelled') return;
    if (round + 1 >= INSISTING) batch.insist();
    if (done.failure.kind === 'moved' && round < ROUNDS) continue;
    for (const task of stillDone(ports.record, wanted.map(idOf))) failTask(ports.record, task, done.failure);
    return;
  }
}

function stillDone(record: RunRecord, tasks: readonly TaskId[]): TaskState[] {
  return tasks.flatMap((id) => {
    const task = record.state.tasks.get(id);
    return task?.stage.kind === 'done' ? [task] : [];
  });
}

function idOf({ task }: TaskState): TaskId {
  return task.id;
}

/** One round. Fails as `moved` where some are to be checked again; otherwise there is an event for each, or it did not fit on the others yet. */
async function checkAndLand(batch: Batch, tasks: readonly TaskState[]): Promise<Result<void>> {
  const ground = await groundNow(batch);
  if (!ground.ok) return ground;
  const mergeable: TaskState[] = [];
  for (const task of tasks) {
    const stacked = await stack(batch, ground.value, [...mergeable, task]);
    if (!stacked.ok) return stacked;
    if (stacked.value !== undefined) mergeable.push(task);
    // Not on the others: it waits until those have landed. Not even alone: it is a conflict.
    else if (mergeable.length === 0) await landTask(batch.record, batch.land, idOf(task), batch.signal);
    else {
      const alone = await stack(batch, ground.value, [task]);
      if (!alone.ok) return alone;
      if (alone.value === undefined) await landTask(batch.record, batch.land, idOf(task), batch.signal);
    }
  }
  if (mergeable.length === 0) return ok();
  announce(batch.record, mergeable);
  const sorted = await sortOut(mergeable, (some) => verdictOn(batch, ground.value, some));
  if (!sorted.ok) return sorted;
  const landed = await landGreen(batch, ground.value, sorted.value.fit);
  for (const guilty of sorted.value.guilty) {
    const told = await tellRed(batch, ground.value, guilty);
    if (!told.ok) return told;
  }
  return landed;
}

async function groundNow({ record, land, signal }: Batch): Promise<Result<Ground>> {
  const tips = await chainTips(land.repo);
  if (!tips.ok) return tips;
  const commit = await chainNow(land, record.state.start.run, signal);
  return commit.ok ? ok({ commit: commit.value, tips: tips.value }) : commit;
}

/** The changes of tasks merged on top of each other, in order; undefined where they do not fit. */
async function stack({ land }: Batch, ground: Ground, tasks: readonly TaskState[]): Promise<Result<Layer[] | undefined>> {
  const layers: Layer[] = [];
  let ours = ground.commit;
  for (const task of tasks) {
    const merge = await mergeTrees(land.repo, { base: task.work.base, ours, theirs: task.work.changeset ?? task.work.base });
    if (!merge.ok) return merge;
    if (merge.value.conflicts.length > 0) return ok(undefined);
    layers.push({ task, ours, merged: merge.value.tree });
    ours = merge.value.tree;
  }
  return ok(layers);
}

function announce(record: RunRecord, tasks: readonly TaskState[]): void {
  const ids = tasks.map(idOf);
  for (const { task } of tasks) {
    const commands = checksOf(record.state.start.plan, task);
    record.emit({ type: 'task.checking', task: task.id, commands, together: ids.filter((id) => id !== task.id) });
  }
}

/** What the commands of some tasks, and the run's, say of those tasks merged on top of each other. */
async function verdictOn(batch: Batch, ground: Ground, tasks: readonly TaskState[]): Promise<Result<CheckResult>> {
  const { plan } = batch.record.state.start;
  const layers = await stack(batch, ground, tasks);
  if (!layers.ok) return layers;
  const merged = layers.value?.at(-1)?.merged;
  // They all fitted on more than these: without some of them, they do so again unless git finds other renames.
  if (merged === undefined)
    return fail('moved', 'Tasks that were checked together do not merge without each other.', 'Land them one by one.');
  const own = tasks.flatMap(({ task }) => task.check ?? []);
  return verdictOf(batch, merged, [...new Set([...own, ...(plan.check === undefined ? [] : [plan.check])])]);
}

async function verdictOf(batch: Batch, merged: string, commands: readonly string[]): Promise<Result<CheckResult>> {
  const { plan } = batch.record.state.start;
  const key = JSON.stringify([merged, commands]);
  const known = batch.greens.get(key);
  if (known !== undefined) return ok(known);
  const timeoutMs = (plan.limits?.checkTimeoutSeconds ?? DEFAULT_CHECK_SECONDS) * 1000;
  const verdict = await batch.check(merged, { commands, timeoutMs }, batch.signal);
  if (verdict.ok && verdict.value.ok) batch.greens.set(key, verdict.value);
  return verdict;
}

/** Lands what was checked together, one after the other; fails as `moved`, with the rest still to land, where it is not as it was checked. */
async function landGreen(batch: Batch, ground: Ground, fit: readonly TaskState[]): Promise<Result<void>> {
  const { record, land, signal } = batch;
  const layers = await stack(batch, ground, fit);
  if (!layers.ok) return layers;
  const verdict = fit.length === 0 ? undefined : await verdictOn(batch, ground, fit);
  if (verdict === undefined) return ok();
  if (!verdict.ok) return verdict;
  const ids = fit.map(idOf);
  const ours = new Set<string>();
  for (const [at, layer] of (layers.value ?? []).entries()) {
    const id = idOf(layer.task);
    await goingOn(record, signal);
    // The person may have stopped it: what is above it was checked with it.
    if (record.state.tasks.get(id)?.stage.kind !== 'done') return again(id);
    record.emit({ type: 'task.checked', task: id, ...verdict.value, onTopOf: ids.slice(0, at) });
    batch.writing(id);
    const landed = await landTask(record, land, id, signal, () => isAsChecked(batch, ground, layer, ours));
    batch.writing(undefined);
    const now = record.state.tasks.get(id);
    if (!landed.ok && landed.failure.kind === 'moved' && now?.stage.kind === 'done') return landed;
    if (now?.stage.kind !== 'landed' || now.landing === null) return again(id);
    ours.add(now.landing.after);
  }
  return ok();
}

function again(task: TaskId): Result<void> {
  return fail('moved', `What was checked together with “${task}” is to be checked without it.`, 'Land the task again: its draft is kept.');
}

/**
 * Whether what is to land is what was checked: nothing else landed, and the files that it changes are as they were. What the person
 * edits in other files does not count: they edit all the time, and a check that began anew at every key would never end.
 */
async function isAsChecked({ record, land }: Batch, ground: Ground, layer: Layer, ours: ReadonlySet<string>): Promise<Result<void>> {
  if (isPaused(record.state))
    return fail('moved', 'The run was paused while the task waited for its turn.', 'Land the task by hand: its draft is kept.');
  const landings = await landingsSince(land.repo, ground.tips);
  if (!landings.ok) return landings;
  if (landings.value.some((commit) => !ours.has(commit)))
    return fail('moved', 'Something else landed while the check ran, five times in a row.', 'Land the task by hand: its draft is kept.');
  const { base, changeset } = layer.task.work;
  const changes = await diffTrees(land.repo, base, changeset ?? base);
  if (!changes.ok) return changes;
  const paths = changes.value.map((change) => change.path);
  const expected = await lookUp(land.repo, layer.ours, paths);
  if (!expected.ok) return expected;
  const truths = await truthOf(land.repo, land.workspace, paths, expected.value);
  if (!truths.ok) return truths;
  for (const path of paths) {
    const was = expected.value.get(path);
    const blob = was === undefined || was === 'folder' ? null : was.blob;
    if ((truths.value.get(path)?.entry.blob ?? null) !== blob)
      return fail('moved', `${path} was changed while the check ran, five times in a row.`, 'Land the task by hand: its draft is kept.');
  }
  return ok();
}

/** What turned a check red goes back to its agent, on top of what has landed by now, or fails. */
async function tellRed(batch: Batch, under: Ground, { item, onTopOf, verdict }: Guilty<TaskState, CheckResult>): Promise<Result<void>> {
  const { record, land, signal } = batch;
  const id = idOf(item);
  if (record.state.tasks.get(id)?.stage.kind !== 'done') return ok();
  record.emit({ type: 'task.checked', task: id, ...verdict, onTopOf: onTopOf.map(idOf) });
  const winner = winnerOf(record.state.tasks, id);
  if (winner !== undefined && isRacing(record.state, id)) {
    const failure = redFailure({ verdict, under: onTopOf.map(({ task }) => task.title), redWithout: false }, 0);
    record.emit({ type: 'task.passedOver', task: id, candidate: winner.task.id, failure });
    return ok();
  }
  if (settlementOf(item) !== undefined) {
    // Whoever decided it has no other go at it: the person sees both sides as they were.
    const failure = redSettlement({ verdict, under: onTopOf.map(({ task }) => task.title), redWithout: false });
    record.emit({ type: 'task.leftOpen', task: id, failure });
    return ok();
  }
  const { plan, run } = record.state.start;
  const repairs = plan.limits?.repairs ?? DEFAULT_REPAIRS;
  // Whoever is to repair it should know whether it was red before they came.
  const without = onTopOf.length > 0 ? ok({ ok: true }) : await verdictOf(batch, under.commit, [verdict.command]);
  if (!without.ok) return without;
  const found: Found = { verdict, under: onTopOf.map(({ task }) => task.title), redWithout: !without.value.ok };
  if (record.state.tasks.get(id)?.stage.kind !== 'done') return ok();
  if (item.work.reworks.check >= repairs) {
    failTask(record, item, redFailure(found, item.work.reworks.check));
    return ok();
  }
  const ground = await groundNow(batch);
  if (!ground.ok) return ground;
  const { base, changeset } = item.work;
  const merge = await mergeTrees(land.repo, { base, ours: ground.value.commit, theirs: changeset ?? base });
  if (!merge.ok) return merge;
  // What landed meanwhile does not fit with it: that is for the person to decide.
  if (merge.value.conflicts.length > 0) {
    await landTask(record, land, id, signal);
    return ok();
  }
  const draft = await commitTree(land.repo, merge.value.tree, [ground.value.commit], `To be repaired: ${item.task.title}`);
  if (!draft.ok) return draft;
  const kept = await keepBeginning(land.repo, run, item, draft.value);
  if (!kept.ok) return kept;
  const others = await diffTrees(land.repo, base, ground.value.commit);
  if (!others.ok) return others;
  const message = repairMessage(
    found,
    others.value.map((change) => change.path),
  );
  if (record.state.tasks.get(id)?.stage.kind === 'done') batch.sendBack(id, { base: ground.value.commit, draft: draft.value, message });
  return ok();
}

/** Whether others still race for a task. The last one left has its agent repair it, as a task does that does not race. */
function isRacing({ tasks }: RunState, id: TaskId): boolean {
  return [...tasks.values()].some(({ origin, stage }) => origin.kind === 'candidate' && origin.parent === id && !isOver(stage));
}

function redSettlement(found: Found): Failure {
  const { message } = redFailure(found, 0);
  return {
    kind: 'unsure',
    message: `As the conflict was decided, it does not pass. ${message}`,
    fix: 'Decide the conflict yourself, or ask another arbiter.',
  };
}

function redFailure({ verdict, under, redWithout }: Found, repairs: number): Failure {
  const tried = repairs === 0 ? '' : repairs === 1 ? ', and a repair did not help' : `, and ${repairs} repairs did not help`;
  const names = under.map((title) => `“${title}”`).join(', ');
  const before = redWithout ? ' Without the task it is red as well.' : under.length === 0 ? '' : ` It was green with ${names} alone.`;
  const said = tailOf(verdict.output, QUOTED);
  const output = said === '' ? '' : `\nIt said:\n${said}\n`;
  return fail(
    'check',
    `Merged into the workspace, its check is red: ${verdictText(verdict)}${tried}.${before}${output}`,
    'Nothing of it landed, and its draft is kept: “Show Check Output” has the rest, “Land Draft” lands it all the same.',
  ).failure;
}

function failTask(record: RunRecord, { task, work }: TaskState, failure: Failure): void {
  record.emit({ type: 'task.failed', task: task.id, failure, draft: work.changeset });
}
