/** What rows, notifications and the status bar say about runs and tasks. Pure. */
import type { StaleFile } from '../../domain/changes';
import { emptyAccount, isOutOfBudget, type Spent, spentIn, spentText } from '../../domain/cost';
import { never } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { askText } from '../../domain/inboxText';
import { isUnanswered } from '../../domain/reduceInbox';
import { type Broken, ownTasks, type RunState, waitsForPerson, wentOnMs } from '../../domain/run';
import { isDecided, isIn, isOver, isReversal, parentOf, placeOf, type Stage, type TaskState, workedMs } from '../../domain/taskState';
import type { LiveState, Wait } from '../../engine/agents/live';
import type { Clash } from '../../engine/agents/radar';
import type { Life } from '../../engine/journal/library';
import { isPaused } from '../../engine/schedule/pausing';
import { needsCheck } from '../../engine/schedule/scheduler';
import { agentOf, keyOf } from '../../engine/schedule/standIn';

/** `0.4 s`, `12 s`, `2 min 5 s`, `1 h 3 min`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return wholeSeconds(Math.round(seconds));
}

/** As {@link durationText}, for what goes on: whole seconds, so that it ticks and does not flicker. */
export function elapsedText(ms: number): string {
  return wholeSeconds(Math.floor(Math.max(0, ms) / 1000));
}

function wholeSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A text of at most so many characters, cut between words. */
export function shortened(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= most) return line;
  const cut = line.slice(0, most);
  const words = cut.replace(/[\s,.:;]+\S*$/, '');
  return `${words.length > most / 2 ? words : cut.trimEnd()}…`;
}

/** Text as Markdown that shows it, and nothing else: no link, picture, heading or code comes of it. */
export function escaped(text: string): string {
  return text
    .replace(/[!-/:-@[-`{-~]/g, '\\$&')
    .replace(/^[ \t]+/gm, '')
    .replace(/\n/g, '  \n');
}

/** Text for a notification, where VS Code would make links, of commands too, of Markdown ones: it shows them as they are written. */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u2060(');
}

/** How many of the person's tasks are in each stage; and whatever waits for the person. */
export function stageCounts(state: RunState): Record<Stage['kind'], number> {
  const counts = {
    waiting: 0,
    running: 0,
    awaiting: 0,
    asking: 0,
    done: 0,
    conflicted: 0,
    held: 0,
    landed: 0,
    joined: 0,
    undone: 0,
    failed: 0,
    stopped: 0,
    elsewhere: 0,
    doomed: 0,
  };
  for (const task of state.tasks.values()) {
    const { kind } = task.stage;
    if (parentOf(task) === undefined && isReversal(task.stage)) counts[placeOf(task)]++;
    if (parentOf(task) === undefined || kind === 'conflicted' || kind === 'held' || kind === 'asking') counts[kind]++;
  }
  return counts;
}

/** Whether an agent of a paused run has still to come to the end of its turn; `held`: those that have; undefined where that is not known. */
export function isPausing(state: RunState, held: ReadonlySet<string> | undefined): boolean {
  if (!isPaused(state) || held === undefined) return false;
  return [...state.tasks.values()].some(({ task, stage }) => stage.kind === 'running' && !held.has(task.id));
}

/** `3/8 landed · 1 conflict · 12 s`; `held` as in {@link isPausing}. */
export function runText(state: RunState, life: Life, now: number, held?: ReadonlySet<string>): string {
  const counts = stageCounts(state);
  const parts: string[] = [];
  if (life === 'interrupted') parts.push('interrupted');
  else if (isPaused(state)) parts.push(isPausing(state, held) ? 'pausing' : 'paused');
  else if (state.phase === 'stopping') parts.push('stopping');
  if (state.stopReason === 'timeout') parts.push('out of time');
  parts.push(`${counts.landed}/${ownTasks(state).length} landed`, ...spawnedText(state), ...troubles(state));
  if (life === 'running') {
    if (isOutOfBudget(state)) parts.push('out of budget');
    for (const key of state.breakers.keys()) parts.push(`${key} keeps failing`);
    for (const [model, by] of state.fallbacks) parts.push(`${by} for ${model}`);
  }
  const cost = costText(spentIn(state));
  if (cost !== undefined) parts.push(cost);
  // How long it waits for the person is no news to them.
  if (life === 'running' && !waitsForPerson(state) && !isPaused(state)) parts.push(elapsedText(coarse(wentOnMs(state, now))));
  if (state.endedAt > 0) parts.push(durationText(wentOnMs(state, state.endedAt)));
  return parts.join(' · ');
}

/** `$0.12`; undefined where nothing was spent, or what was played costs nothing. */
export function costText(spent: Spent): string | undefined {
  return spent.tokens === 0 || (spent.usd === 0 && spent.unpriced === 0) ? undefined : spentText(spent);
}

/** `12/30 parts done`, of what agents spawned. */
function spawnedText({ tasks }: RunState): string[] {
  const spawned = [...tasks.values()].filter(({ origin }) => origin.kind === 'child');
  const joined = spawned.filter(({ stage }) => stage.kind === 'joined');
  return spawned.length === 0 ? [] : [`${joined.length}/${counted(spawned.length, 'part')} done`];
}

/** In steps of five seconds: a row that is drawn anew takes the tooltips of the rows below it with it. */
function coarse(ms: number): number {
  return Math.floor(ms / 5_000) * 5_000;
}

function troubles(state: RunState): string[] {
  const counts = stageCounts(state);
  const parts: string[] = [];
  if (counts.conflicted > 0) parts.push(counted(counts.conflicted, 'conflict'));
  if (counts.held > 0) parts.push(`${counts.held} held`);
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.doomed > 0) parts.push(`${counts.doomed} not started`);
  if (counts.stopped > 0) parts.push(`${counts.stopped} stopped`);
  if (counts.elsewhere > 0) parts.push(`${counts.elsewhere} landed by another run`);
  if (counts.undone > 0) parts.push(`${counts.undone} undone`);
  return parts;
}

/** What came of a run, as a sentence: `7 of 8 tasks landed in 17 s; 1 conflict.` */
export function finishedText(state: RunState): string {
  const counts = stageCounts(state);
  const landed = `${counts.landed} of ${counted(ownTasks(state).length, 'task')} landed in ${durationText(wentOnMs(state, state.endedAt))}`;
  const late = state.stopReason === 'timeout' ? ['it took longer than it may'] : [];
  return `${[landed, ...troubles(state), ...late].join('; ')}.`;
}

/** Why agents of one role with one model do not start, and until when; `key`: as `coder@model`. */
export function brokenText(key: string, { state, why, since, waitMs }: Broken): string {
  const until = new Date(since + waitMs).toLocaleTimeString();
  const then = { open: `None starts until ${until}`, 'half-open': 'One tries again', 'given-up': 'None starts any more' }[state];
  return `${key} keeps failing. ${then}. The last failure: ${why}`;
}

/** `coder · Reading src/a.ts · 4 s`, `coder · landed · 4.3 s`, `coder · waiting for “Search”`; `live`: what is to be seen of it now, where that is known. */
export function taskText(task: TaskState, state: RunState, life: Life, now: number, live?: Pick<LiveState, 'held' | 'waiting'>): string {
  const held = life === 'running' && isPaused(state) ? pausedText(task, state, live?.held) : undefined;
  const paused = held ?? (task.stage.kind === 'running' ? modelText(live?.waiting.get(task.task.id), now) : undefined);
  const { role, model } = agentOf(state.start, task);
  // What changes comes first: a narrow side bar cuts the end.
  return [...(paused ?? stageText(task, state, life, now)), role, ...(model === state.start.model ? [] : [model])].join(' · ');
}

/** A turn that waits for its place for less than this is on its way, as far as a person is concerned. */
const SOON_MS = 1_000;

/** What an agent does whose request waits; undefined where that is not worth saying. */
function modelText(wait: Wait | undefined, now: number): string[] | undefined {
  if (wait === undefined || now - wait.since < SOON_MS) return undefined;
  return [`waiting for the model${WAITS[wait.why]}`, elapsedText(now - wait.since)];
}

const WAITS: Readonly<Record<Wait['why'], string>> = {
  turn: '',
  limit: ' (rate limit)',
  overloaded: ' (overloaded)',
  error: ' (server error)',
  lost: ' (no connection)',
  silent: ' (no answer)',
};

/** What a task of a paused run does otherwise than one of a run that goes on; undefined where there is no difference. */
function pausedText(
  { task, stage, work, origin }: TaskState,
  state: RunState,
  held: ReadonlySet<string> | undefined,
): string[] | undefined {
  const later = 'when the run goes on';
  switch (stage.kind) {
    case 'waiting':
      return missingOf(task, state).length === 0 ? [`starts ${later}`] : undefined;
    case 'running':
      return held === undefined || held.has(task.id) ? ['paused'] : ['pausing', ...(work.step === '' ? [] : [work.step])];
    case 'done':
      return origin.kind === 'candidate' ? undefined : [`${origin.kind === 'child' ? 'joins' : 'lands'} ${later}`];
    case 'conflicted':
      return isDecided(stage) ? [`decided, lands ${later}`] : undefined;
    default:
      return undefined;
  }
}

function stageText(whole: TaskState, state: RunState, life: Life, now: number): string[] {
  const { task, stage, work, check, parts, origin } = whole;
  const took = work.startedAt > 0 && work.endedAt > 0 ? [durationText(workedMs(whole, work.endedAt))] : [];
  switch (stage.kind) {
    case 'waiting': {
      if (life !== 'running') return ['not started'];
      const missing = missingOf(task, state);
      if (work.reworks.check > 0 && check?.kind === 'ended') return ['check failed, waiting for its agent'];
      const key = keyOf(agentOf(state.start, whole));
      if (missing.length === 0 && emptyAccount(state, whole) !== undefined)
        return [whole.work.parked === null ? 'waiting for more budget' : 'out of budget, goes on with more'];
      if (missing.length === 0 && state.breakers.has(key)) return [`waiting: ${key} keeps failing`];
      if (work.failures.length > 0) return [`attempt ${work.failures.length} failed, trying again`];
      return [missing.length === 0 ? 'waiting for a free agent' : `waiting for ${missing.map((id) => quoted(state, id)).join(', ')}`];
    }
    case 'running':
      if (life !== 'running') return ['interrupted'];
      return [work.step === '' ? (work.reworks.check > 0 ? 'repairing' : 'starting') : work.step, elapsedText(workedMs(whole, now))];
    case 'awaiting': {
      if (life !== 'running') return ['interrupted'];
      const open = stage.children.flatMap((id) => state.tasks.get(id) ?? []).filter((one) => !isOver(one.stage));
      const isRace = open.some(({ origin }) => origin.kind === 'candidate');
      return [isRace ? `${counted(open.length, 'agent')} at it` : `waiting for ${counted(open.length, 'part')}`];
    }
    case 'asking':
      return [isUnanswered(state.inbox, whole) ? askingText(stage, state) : 'answered, waiting for a free agent'];
    case 'joined':
      if (origin.kind === 'candidate') return ['chosen', ...took];
      if (origin.kind === 'arbiter') return ['decided the conflict', ...took];
      return [work.changeset === null ? 'changed nothing' : `joined${jointText(stage)}`, ...took];
    case 'done':
      if (life !== 'running') return ['did not land'];
      return [origin.kind === 'plan' || origin.kind === 'person' ? landingText(check, needsCheck(state, whole)) : 'done', ...took];
    case 'conflicted':
      return isDecided(stage) ? ['landing what you decided'] : [conflictText(stage), ...deciderText(stage, state)];
    case 'held':
      if (stage.item === null) return [`waits for you: ${changedMeanwhile(work.stale)}`];
      // Of a run that is over nobody asks any more: the draft is there to be landed.
      return [life === 'finished' ? `held: ${askedText({ item: stage.item }, state)}` : askingText({ item: stage.item }, state)];
    case 'landed':
      return [
        work.changeset === null ? 'changed nothing' : parts.length > 0 ? 'landed in part' : 'landed',
        ...(work.reused === null ? [] : ['taken over from an earlier run']),
        ...settledText(whole),
        ...(work.stale.length > 0 ? [`though ${changedMeanwhile(work.stale)}`] : []),
        ...took,
      ];
    case 'undone':
      return ['undone'];
    case 'failed':
      return [stage.failure.kind === 'check' ? 'check failed' : 'failed', ...took];
    case 'stopped':
      return ['stopped', ...took];
    case 'elsewhere':
      return [`landed by run ${stage.run}`, ...took];
    case 'doomed':
      return [
        `${work.changeset === null ? 'not started' : 'stopped'}: ${quoted(state, stage.because)} did not ${origin.kind === 'child' ? 'end well' : 'land'}`,
      ];
    default:
      return never(stage);
  }
}

/** `asks: May it run npm test`. */
function askingText(asking: { readonly item: string }, state: RunState): string {
  return `asks: ${askedText(asking, state)}`;
}

function askedText({ item }: { readonly item: string }, { inbox }: RunState): string {
  const ask = inbox.get(item)?.ask;
  return ask === undefined ? 'something' : shortened(askText(ask), 4 * COMMAND_LENGTH);
}

/** What a task still waits for. */
function missingOf({ dependsOn }: TaskState['task'], { tasks }: RunState): string[] {
  return dependsOn.filter((id) => {
    const stage = tasks.get(id)?.stage;
    return stage === undefined || !isIn(stage);
  });
}

/** Whether its parent had to decide something. */
function jointText({ conflicts }: Extract<Stage, { kind: 'joined' }>): string {
  const [first] = conflicts;
  if (first === undefined) return '';
  return `, with a conflict in ${conflicts.length === 1 ? first.path : counted(conflicts.length, 'file')}`;
}

/** `a.ts was changed meanwhile`. */
function changedMeanwhile(stale: readonly StaleFile[]): string {
  const [first] = stale;
  return stale.length === 1 && first !== undefined
    ? `${first.path} was changed meanwhile`
    : `${counted(stale.length, 'file was', 'files were')} changed meanwhile`;
}

function landingText(check: TaskState['check'], isChecked: boolean): string {
  if (check?.kind === 'running') return `checking: ${shortened(check.commands.join(', '), COMMAND_LENGTH)}`;
  return isChecked && check?.ok !== true ? 'waiting for its check' : 'landing';
}

/** `check is green: npm test, 4.2 s`. */
export function checkText(check: Extract<TaskState['check'], { kind: 'ended' }>): string {
  return `Check is ${check.ok ? 'green' : 'red'}: ${shortened(check.command, 4 * COMMAND_LENGTH)}, ${durationText(check.milliseconds)}`;
}

/** A longer command is cut: rows are narrow. */
const COMMAND_LENGTH = 30;

/** `will conflict with “Search”: a.ts`; undefined where the radar shows nothing. */
export function clashText(clashes: readonly Clash[], state: RunState): string | undefined {
  const [first] = clashes;
  if (first === undefined) return undefined;
  const files = [...new Set(clashes.flatMap((clash) => clash.files))];
  const names = clashes.map((clash) => (clash.with === null ? 'your edits' : quoted(state, clash.with)));
  const where = files.length === 1 ? first.files[0] : counted(files.length, 'file');
  return `will conflict with ${names.length > 2 ? `${names.length} others` : names.join(' and ')}: ${where}`;
}

function conflictText(stage: Extract<Stage, { kind: 'conflicted' }>): string {
  const open = stage.conflict.files.filter((file) => !stage.resolved.has(file.path));
  const [first] = open;
  const where = open.length === 1 && first !== undefined ? first.path : counted(open.length, 'file');
  return stage.conflict.intent === 'land' ? `conflict in ${where}` : `${stage.conflict.intent} in conflict in ${where}`;
}

/** Who else than the person is at a conflict, or has left it to them. */
function deciderText({ arbiter, left, resolved }: Extract<Stage, { kind: 'conflicted' }>, { tasks }: RunState): string[] {
  const asked = arbiter === null || resolved.size > 0 ? undefined : tasks.get(arbiter);
  if (asked !== undefined && !isOver(asked.stage)) return ['an arbiter is at it'];
  return left === null ? [] : ['left to you'];
}

/** `conflict decided by an arbiter`. */
function settledText({ settlements }: TaskState): string[] {
  const by = { person: 'you', arbiter: 'an arbiter', rule: 'the order of roles' };
  const all = [...new Set(settlements.map((one) => by[one.by.kind]))];
  return all.length === 0 ? [] : [`conflict decided by ${all.join(' and ')}`];
}

function quoted(state: RunState, id: string): string {
  return `“${state.tasks.get(id)?.task.title ?? id}”`;
}

/** `12,345 tokens, $0.12`; an unknown price is said. */
export function usageText(spent: Spent): string {
  return `${counted(spent.tokens, 'token')}, ${spentText(spent)}`;
}
