/** What the CLI prints of an event. */
import { budgetText, isLimited } from '../domain/budget';
import { budgetOf } from '../domain/cost';
import type { RunEvent } from '../domain/event';
import { failureText, never } from '../domain/failure';
import { counted } from '../domain/figures';
import type { Ask } from '../domain/inbox';
import { answerText, askText, othersOf } from '../domain/inboxText';
import { partText } from '../domain/part';
import type { RunState } from '../domain/run';
import { waitingIn } from '../domain/waiting';
import { tailOf, verdictText } from '../engine/landing/check';
import { howToAnswer } from './howToAnswer';
import { seconds } from './words';

/** One line for an event; undefined for those that only programs care about. */
export function eventLine(event: RunEvent, state: RunState): string | undefined {
  const time = `${((event.at - state.start.at) / 1000).toFixed(1).padStart(6)} s`;
  const line = (mark: string, text: string) => `${time}  ${mark} ${'task' in event ? `${event.task}: ` : ''}${oneLine(text)}`;
  switch (event.type) {
    case 'run.started':
      return `${time}  Run ${event.run}: ${event.plan.goal}\n          ${counted(event.plan.tasks.length, 'task')}, ${counted(event.maxWorkers, 'agent')} at once, model ${event.model}, snapshot ${event.snapshot}`;
    case 'task.started':
      return line('▶', `${state.tasks.get(event.task)?.task.title ?? ''} (${state.tasks.get(event.task)?.task.role ?? ''})`);
    case 'task.step':
      return line('·', event.step);
    case 'task.turn':
      return undefined;
    case 'task.done':
      return line('✓', event.summary.split('\n')[0] ?? '');
    case 'task.stale':
      return line('⚠', staleText(event, state));
    case 'task.reworked':
      return line('↻', event.why === 'stale' ? 'goes on from the workspace as it is now' : 'goes on: its check failed');
    case 'task.checking':
      return line(
        '?',
        `checking: ${event.commands.join(', ')}${event.together.length === 0 ? '' : ` (together with ${event.together.join(', ')})`}`,
      );
    case 'task.checked':
      return event.ok
        ? line('✓', `check is green, after ${seconds(event.milliseconds)}`)
        : `${line('✗', redVerdict(event))}${redOutput(event)}`;
    case 'task.landed':
      return line('⬇', `landed, ${counted(state.tasks.get(event.task)?.work.changes.length ?? 0, 'file')} changed`);
    case 'task.conflicted':
      return line('⚡', `conflict in ${event.conflict.files.map((file) => `${file.path} (with: ${file.oursBy})`).join(', ')}`);
    case 'task.resolved':
      return line('✓', `${event.path} decided`);
    case 'task.settled':
      return line('✓', settledText(event, state));
    case 'task.leftOpen':
      return line('⚡', `left to you: ${failureText(event.failure)}`);
    case 'task.failed':
      return line('✗', failureText(event.failure));
    case 'task.stopped':
      return line('■', `stopped${event.draft === null ? '' : '; what it did is kept as a draft'}`);
    case 'task.discarded':
      return event.landedIn === undefined ? line('■', 'its draft is discarded') : line('⬇', `landed by run ${event.landedIn}`);
    case 'task.doomed':
      return line('✗', `not started, because “${event.because}” did not land`);
    case 'task.undone':
      return line('↶', 'undone');
    case 'task.redone':
      return line('↷', 'redone');
    case 'task.partUndone':
      return line('↶', `${partText(event.part)} undone`);
    case 'task.partRedone':
      return line('↷', `${partText(event.part)} redone`);
    case 'task.kept':
      return line('·', 'stays as it was');
    case 'task.added':
      return line('+', addedText(event));
    case 'task.awaiting':
      return line('…', awaitingText(event, state));
    case 'task.resumed':
      return line('▶', 'goes on');
    case 'task.joined':
      return line(
        '⬇',
        `joined its parent${event.conflicts.length === 0 ? '' : `, which decides ${event.conflicts.map(({ path }) => path).join(', ')}`}`,
      );
    case 'task.chosen':
      return line('★', `${event.candidate} is ahead`);
    case 'task.passedOver':
      return line('✗', `${event.candidate} did not pass: ${failureText(event.failure)}`);
    case 'task.retrying':
      return line('↻', `begins again in ${seconds(event.waitMs)}${standInText(event)}: ${failureText(event.failure)}`);
    case 'task.parked':
      return line('‖', `stops until there is more budget; what it did is kept: ${event.failure.message}`);
    case 'task.switched':
      return line('↻', `begins as ${event.as.role} with ${event.as.model}: the others keep failing`);
    case 'task.again':
      return line('↻', 'is worked on again');
    case 'task.reused':
      return line('✓', `nothing changed since run ${event.from.run}: taken over from there`);
    case 'inbox.asked':
      return askedLines({ ...event, tasks: event.by === null ? [] : [event.by.task] }, state, line);
    case 'inbox.answered':
      return line('·', `${event.item}: ${answerText(event.answer)}`);
    case 'run.paused':
      return line('‖', 'Paused');
    case 'run.continued':
      return line('▶', 'Goes on');
    case 'run.limited':
      return line('·', limitsText(event));
    case 'run.budgeted':
      return line(
        '·',
        `The budget of ${payerText(event, state)} is ${isLimited(event.budget) ? budgetText(event.budget) : 'without a limit'} now`,
      );
    case 'run.nearBudget':
      return line(
        '⚠',
        `${budgetText(event.spent)} is spent of the budget of ${payerText(event, state)} (${budgetText(budgetOf(state, event.of))})`,
      );
    case 'run.outOfBudget':
      return line(
        '‖',
        `The budget of ${payerText(event, state)} (${budgetText(budgetOf(state, event.of))}) is used up: nothing new starts`,
      );
    case 'run.fallback':
      return event.by === null
        ? line('✓', `${event.model} works again`)
        : line('⚠', `${event.model} keeps failing, and ${event.by} answers in its place: ${event.why}`);
    case 'run.taken':
      return [line('▶', 'Goes on where it was cut off'), ...stillAsked(state, line)].join('\n');
    case 'run.breaker':
      return breakerLine(event, line);
    case 'run.stopping':
      return line('■', event.why === 'timeout' ? 'The run took longer than it may: stopping…' : 'Stopping…');
    case 'run.finished':
      return undefined;
  }
}

function limitsText({ limits }: Extract<RunEvent, { type: 'run.limited' }>): string {
  const pools = Object.entries(limits.pools).map(([role, many]) => `, of ${role} ${many}`);
  return `${counted(limits.maxWorkers, 'agent')} at once${pools.join('')}`;
}

function breakerLine({ key, state, why, waitMs }: Extract<RunEvent, { type: 'run.breaker' }>, line: Line): string {
  switch (state) {
    case 'open':
      return line('‖', `${key} keeps failing, so none starts for ${seconds(waitMs)}: ${why}`);
    case 'half-open':
      return line('▶', `${key}: one tries again`);
    case 'given-up':
      return line('✗', `${key} is given up: ${why}`);
    case 'closed':
      return line('✓', `${key} works again`);
    default:
      return never(state);
  }
}

type Line = (mark: string, text: string) => string;

/** What was asked before it was cut off, and waits: whoever resumes it may never have seen it. */
function stillAsked(state: RunState, line: Line): string[] {
  return waitingIn(state).flatMap((waiting) => {
    if (waiting.kind !== 'item') return [];
    const { id, ask } = waiting.item;
    return [askedLines({ tasks: waiting.tasks.map(({ task }) => task.id), ask, item: id }, state, line)];
  });
}

interface Asked {
  /** None where the run asks. */
  readonly tasks: readonly string[];
  readonly ask: Ask;
  readonly item: string;
}

function askedLines({ tasks, ask, item }: Asked, { start }: RunState, line: Line): string {
  const all = othersOf(ask).length === 0 ? [] : ['all of them: weft inbox'];
  const more = [...all, howToAnswer(start.run, item, ask)].map((row) => `\n          ${row}`).join('');
  const who = tasks.length === 0 ? '' : `${tasks.join(', ')} ${tasks.length === 1 ? 'asks' : 'ask'}: `;
  return `${line('?', `${who}${askText(ask)}`)}${more}`;
}

/** Whose budget it is. */
function payerText({ of }: { readonly of?: string | undefined }, { tasks }: RunState): string {
  return of === undefined ? 'the run' : `“${tasks.get(of)?.task.title ?? of}”`;
}

function awaitingText({ children }: Extract<RunEvent, { type: 'task.awaiting' }>, { tasks }: RunState): string {
  const isRace = children.some((id) => tasks.get(id)?.origin.kind === 'candidate');
  return isRace ? `${counted(children.length, 'agent')} race for it` : `waits for ${counted(children.length, 'part')}`;
}

function addedText({ definition, origin }: Extract<RunEvent, { type: 'task.added' }>): string {
  switch (origin.kind) {
    case 'person':
      return `${definition.title} (${definition.role})`;
    case 'child':
      return `${definition.title} (${definition.role}), for ${origin.parent}`;
    case 'candidate':
      return `races for ${origin.parent}`;
    case 'arbiter':
      return `is to decide the conflict of ${origin.parent}`;
    default:
      return never(origin);
  }
}

function settledText({ task, by }: Extract<RunEvent, { type: 'task.settled' }>, { tasks }: RunState): string {
  const files = counted(tasks.get(task)?.settlements.at(-1)?.files.length ?? 0, 'file');
  if (by.kind === 'arbiter') return `conflict in ${files} decided by ${by.arbiter}`;
  return by.files.map(({ path, role, over }) => `conflict in ${path} decided by rule: ${role} before ${over.join(', ')}`).join('; ');
}

function standInText({ as }: Extract<RunEvent, { type: 'task.retrying' }>): string {
  return as === undefined ? '' : `, as ${as.role} with ${as.model}`;
}

function staleText({ files, held }: Extract<RunEvent, { type: 'task.stale' }>, state: RunState): string {
  const by = ({ by: task }: (typeof files)[number]) => (task === null ? 'you' : (state.tasks.get(task)?.task.title ?? task));
  const changed = files.map((file) => `${file.path} (by: ${by(file)})`).join(', ');
  return `read what was changed meanwhile: ${changed}${held ? '; it waits for you' : ''}`;
}

/** Why a check is red, with the end of what it printed. */
/** Titles, summaries and names of files are an agent's words: a second line of theirs would look like an event. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

function redVerdict(event: Checked): string {
  return `check is red${event.onTopOf.length === 0 ? '' : `, on top of ${event.onTopOf.join(', ')}`}: ${verdictText(event)}`;
}

/** In rows that nobody takes for events. */
function redOutput({ output }: Checked): string {
  const said = tailOf(output, SHOWN)
    .split('\n')
    .filter((row) => row !== '');
  return said.map((row) => `\n          ${row}`).join('');
}

type Checked = Extract<RunEvent, { type: 'task.checked' }>;

/** Most characters of a check's output that are shown. */
const SHOWN = 800;
