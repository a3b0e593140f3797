/** Undoing and redoing, while a run goes on or long after: of the run, of a task, of a file of it, or of a hunk of a file. */
import type { Change, Step } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import type { Part } from '../../domain/part';
import { isSamePart, partText } from '../../domain/part';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { stageText } from '../../domain/stageText';
import { isReversal, type Link, parentOf, placeOf, type TaskState } from '../../domain/taskState';
import { changedFile, withoutParts } from '../../repo/history/hunks';
import { type Incoming, type Landing, type LandPorts, land, previewLanding } from '../../repo/land/land';
import type { Repository } from '../../repo/repository';
import { tellLanding } from '../agents/outcome';
import { lifeOf } from '../journal/library';
import type { RunRecord } from '../journal/record';

/** What is to be undone or redone. Hunks of a file are counted from 1; null stands for all of the file. */
export type Target =
  | { readonly of: 'run' }
  | { readonly of: 'task'; readonly task: TaskId }
  | { readonly of: 'part'; readonly task: TaskId; readonly path: string; readonly hunk: number | null };

export interface Reversal {
  readonly intent: 'undo' | 'redo';
  readonly target: Target;
}

/**
 * Undoes, or redoes, and keeps everything else: whole or not at all. In conflict where later work stands on the same lines; that
 * waits at its task for the person's decision.
 */
export async function reverse(record: RunRecord, ports: LandPorts, reversal: Reversal, signal: AbortSignal): Promise<Result<Landing>> {
  const incoming = await incomingFor(record.state, ports.repo, reversal);
  if (!incoming.ok) return incoming;
  return land({ ...ports, report: (landing) => tellLanding(record, incoming.value, landing) }, incoming.value, signal);
}

/** {@link reverse} for the undo of one task. */
export function undoTask(record: RunRecord, ports: LandPorts, task: TaskId, signal: AbortSignal): Promise<Result<Landing>> {
  return reverse(record, ports, { intent: 'undo', target: { of: 'task', task } }, signal);
}

/** What {@link reverse} would change, and where it would be in conflict. */
export async function previewReversal(
  state: RunState,
  ports: LandPorts,
  reversal: Reversal,
  signal: AbortSignal,
): Promise<Result<{ changes: Change[]; conflicts: string[] }>> {
  const incoming = await incomingFor(state, ports.repo, reversal);
  return incoming.ok ? previewLanding(ports, incoming.value, signal) : incoming;
}

/** The tasks that an undo or a redo is about, in the order in which it merges them. */
export function reversedTasks(state: RunState, { intent, target }: Reversal): TaskState[] {
  const all = [...state.tasks.values()].sort((a, b) => b.order - a.order);
  if (target.of !== 'run') return all.filter(({ task }) => task.id === target.task);
  // What came last goes first: it may stand on what came before.
  return all.filter(({ stage, landing }) =>
    intent === 'redo' ? stage.kind === 'undone' : stage.kind === 'landed' && landing !== null && landing.before !== landing.after,
  );
}

async function incomingFor(state: RunState, repo: Repository, reversal: Reversal): Promise<Result<Incoming>> {
  const { intent, target } = reversal;
  const { run, plan } = state.start;
  if (target.of === 'run') {
    const steps = await stepsForRun(state, repo, reversal);
    if (!steps.ok) return steps;
    const [first, ...after] = steps.value;
    if (first === undefined)
      return (
        reversalOpen(state) ??
        fail('input', `No task of “${plan.goal}” is ${intent === 'undo' ? 'in the workspace' : 'undone'}.`, 'There is nothing to do.')
      );
    const title = state.tasks.get(first.task)?.task.title ?? first.task;
    return ok({ run, title, intent, ...first, others: { before: [], after } });
  }
  const task = state.tasks.get(target.task);
  if (task === undefined) {
    const known = [...state.tasks.keys()].join(', ');
    return fail('input', `Run ${run} has no task “${target.task}”.`, `Its tasks: ${known}.`);
  }
  const own = checkOwn(state, task);
  if (!own.ok) return own;
  const { title } = task.task;
  if (target.of === 'task') {
    const step = await stepFor({ state, repo, intent }, task);
    return step.ok ? ok({ run, title, intent, ...step.value }) : step;
  }
  const part = intent === 'undo' ? await partToUndo({ state, repo, intent }, task, target) : await partToRedo(state, task, target);
  return part.ok ? ok({ run, title, intent, task: target.task, ...part.value }) : part;
}

/** What was done for another task came into the workspace with that, and leaves it with that. */
function checkOwn(state: RunState, { task, stage, origin }: TaskState): Result<void> {
  if (stage.kind !== 'joined' || origin.kind === 'person' || origin.kind === 'plan') return ok();
  let root = state.tasks.get(origin.parent);
  for (let above = root; above !== undefined; above = state.tasks.get(parentOf(above) ?? '')) root = above;
  const { id, title } = root?.task ?? task;
  return fail(
    'input',
    `“${task.title}” (${task.id}) came into the workspace as a part of “${title}” (${id}), and cannot be undone or redone by itself.`,
    `Name ${id}: all that was done for it goes with it. Of a single file or hunk it can be done alone.`,
  );
}

async function stepsForRun(state: RunState, repo: Repository, reversal: Reversal): Promise<Result<Step[]>> {
  if (lifeOf(state) === 'running')
    return fail('input', `The run “${state.start.plan.goal}” is still going on.`, `Stop it first, or ${reversal.intent} single tasks.`);
  const steps: Step[] = [];
  for (const task of reversedTasks(state, reversal)) {
    const step = await stepFor({ state, repo, intent: reversal.intent }, task);
    if (!step.ok) return step;
    steps.push(step.value);
  }
  return ok(steps);
}

interface Stepping extends Pick<Reversal, 'intent'> {
  readonly state: RunState;
  readonly repo: Repository;
}

/** The inverse of a task's landing, as far as it is still in the workspace; or the inverse of its undo. */
async function stepFor({ state, repo, intent }: Stepping, task: TaskState): Promise<Result<Step>> {
  const { id, title } = task.task;
  if (intent === 'redo') {
    if (task.stage.kind === 'elsewhere') return fail('input', `“${title}” was landed by run ${task.stage.run}.`, 'Redo that run.');
    if (task.stage.kind !== 'undone' || task.undone === null)
      return (
        reversalText(state, task) ??
        fail('input', `“${title}” is not undone (it is ${stageText(task.stage)}).`, 'Only what was undone can be redone.')
      );
    return ok({ task: id, base: task.undone.after, theirs: task.undone.before });
  }
  const landing = landingOf(state, task);
  if (!landing.ok) return landing;
  const base = await withoutParts(repo, landing.value, partsOf(task));
  return base.ok ? ok({ task: id, base: base.value, theirs: landing.value.before }) : base;
}

function landingOf(state: RunState, found: TaskState): Result<Link> {
  const { task, stage, landing } = found;
  if (stage.kind === 'landed' && landing !== null) return ok(landing);
  if (stage.kind === 'elsewhere') return fail('input', `“${task.title}” was landed by run ${stage.run}.`, 'Undo that run.');
  return (
    reversalText(state, found) ??
    fail(
      'input',
      `“${task.title}” is not in the workspace (it is ${stageText(stage)}).`,
      stage.kind === 'undone' ? 'Redo it first.' : 'Only a task that has landed can be undone.',
    )
  );
}

/** Why a task can be neither undone nor redone while its undo, or redo, is in conflict; undefined where none is. */
function reversalText({ start }: RunState, task: TaskState) {
  const { stage } = task;
  if (!isReversal(stage)) return undefined;
  const { id, title } = task.task;
  const { intent } = stage.conflict;
  return fail(
    'input',
    `“${title}” is ${placeOf(task) === 'landed' ? 'in the workspace' : 'undone'}, and its ${intent} is in conflict.`,
    `Decide it (merge its files, then: weft land ${start.run} ${id}), or leave all as it is: weft ${intent} ${start.run} ${id} --call-off.`,
  );
}

/** {@link reversalText} of the first task of which that is so. */
function reversalOpen(state: RunState) {
  const open = [...state.tasks.values()].find(({ stage }) => isReversal(stage));
  return open === undefined ? undefined : reversalText(state, open);
}

function partsOf(task: TaskState): Part[] {
  return task.parts.map(({ part }) => part);
}

type PartTarget = Extract<Target, { of: 'part' }>;
type PartStep = Required<Pick<Incoming, 'base' | 'theirs' | 'part'>>;

async function partToUndo({ state, repo }: Stepping, task: TaskState, target: PartTarget): Promise<Result<PartStep>> {
  const { title } = task.task;
  const landing = landingOf(state, task);
  if (!landing.ok) return landing;
  const file = await changedFile(repo, landing.value, target.path);
  if (!file.ok) return file.failure.kind === 'input' ? fail('input', `“${title}”: ${file.failure.message}`, file.failure.fix) : file;
  const { path, from, hunks } = file.value;
  const hunk = target.hunk === null ? null : hunks.find(({ number }) => number === target.hunk);
  if (hunk === undefined) {
    const why = hunks.length === 0 ? 'was added, deleted, or is no text: it has no hunks' : `has ${counted(hunks.length, 'hunk')} there`;
    return fail(
      'input',
      `${path} of “${title}” ${why}.`,
      hunks.length === 0
        ? 'Undo the whole file.'
        : hunks.length === 1
          ? 'Give 1, or undo the whole file.'
          : `Give one from 1 to ${hunks.length}.`,
    );
  }
  const part: Part = { path, from, hunk };
  const undone = partsOf(task);
  const over = undone.find((one) => isSamePart(one, part) || isSamePart(one, { ...part, hunk: null }));
  if (over !== undefined) return fail('input', `“${title}”: ${partText(over)} is undone already.`, 'Redo it to have it back.');
  const base = await withoutParts(repo, landing.value, undone);
  if (!base.ok) return base;
  const theirs = await withoutParts(repo, landing.value, [...undone, part]);
  return theirs.ok ? ok({ base: base.value, theirs: theirs.value, part }) : theirs;
}

function partToRedo(state: RunState, task: TaskState, target: PartTarget): Result<PartStep> {
  const { title } = task.task;
  const landing = landingOf(state, task);
  if (!landing.ok) return landing;
  const here = task.parts.filter(({ part }) => part.path === target.path || part.from === target.path);
  const found = here.find(({ part }) => (part.hunk?.number ?? null) === target.hunk);
  if (found === undefined) {
    const others = task.parts.map(({ part }) => partText(part)).join(', ');
    return fail(
      'input',
      `“${title}”: ${target.hunk === null ? target.path : `hunk ${target.hunk} of ${target.path}`} is not undone.`,
      others === '' ? 'No part of it is.' : `What is: ${others}.`,
    );
  }
  if (target.hunk !== null && here.some(({ part }) => part.hunk === null))
    return fail('input', `“${title}”: all of ${target.path} is undone.`, 'Redo the file first.');
  return ok({ base: found.after, theirs: found.before, part: found.part });
}
