/** Notifications of what needs the person: a run that has finished, a conflict, failed tasks; one for what happens at once. */
import * as vscode from 'vscode';
import type { RunEvent } from '../../domain/event';
import { failureText } from '../../domain/failure';
import { counted } from '../../domain/figures';
import type { RunState } from '../../domain/run';
import { parentOf, type TaskState } from '../../domain/taskState';
import { lifeOf } from '../../engine/journal/library';
import { conflictStep } from '../../engine/schedule/conflictStep';
import { hasRest } from '../../plan/rest';
import { type Button, notify } from '../messages';
import { COMMANDS, VIEWS } from '../names';
import type { Session, Sessions } from '../session';
import type { RunNode, TaskNode } from './nodes';
import { finishedText, stageCounts } from './wording';

/** Failures and conflicts that come within this many milliseconds are told together. */
const TOGETHER_MS = 400;

interface Happened {
  readonly session: Session;
  readonly event: RunEvent;
  readonly state: RunState;
}

export function registerNotices(sessions: Sessions): vscode.Disposable {
  const conflicts = gather((tasks) => tellConflicts(tasks));
  const told = new Set<string>();
  const failures = gather((tasks) => tellFailures(tasks, told));
  const stale = gather((tasks) => tellStale(tasks));
  return vscode.Disposable.from(
    conflicts,
    failures,
    stale,
    sessions.onDidHappen((happened) => {
      const { event, state } = happened;
      // Whoever undoes a task is at it: the merge editor opens by itself.
      // Where somebody else is to decide it, it is the person's when that did not work out.
      if (event.type === 'task.leftOpen' || (event.type === 'task.conflicted' && event.conflict.intent === 'land' && isPersons(happened)))
        conflicts.add(happened);
      const landedStale = event.type === 'task.landed' && (state.tasks.get(event.task)?.work.stale.length ?? 0) > 0;
      if (landedStale || (event.type === 'task.stale' && event.held)) stale.add(happened);
      // What was made for another task is that one's to see to.
      const own = 'task' in event ? state.tasks.get(event.task) : undefined;
      if (event.type === 'task.failed' && own !== undefined && parentOf(own) === undefined) failures.add(happened);
      if (event.type === 'run.finished') void tellFinished(happened);
    }),
  );
}

function isPersons({ event, state }: Happened): boolean {
  const task = 'task' in event ? state.tasks.get(event.task) : undefined;
  return task !== undefined && conflictStep(state, task).kind === 'person';
}

interface Gathering extends vscode.Disposable {
  add(happened: Happened): void;
}

function gather(tell: (tasks: TaskNode[]) => Promise<void>): Gathering {
  let tasks: TaskNode[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const all = tasks;
    tasks = [];
    void tell(all);
  };
  return {
    add: ({ session, event, state }) => {
      const task = 'task' in event ? state.tasks.get(event.task) : undefined;
      if (task === undefined) return;
      tasks.push({ kind: 'task', view: { session, state, life: lifeOf(state) }, task });
      timer ??= setTimeout(flush, TOGETHER_MS);
    },
    dispose: () => clearTimeout(timer),
  };
}

async function tellConflicts(tasks: readonly TaskNode[]): Promise<void> {
  const [only] = tasks;
  if (only === undefined) return;
  if (tasks.length > 1) {
    const names = tasks.map(({ task }) => `“${task.task.title}”`).join(', ');
    await notify('warning', `Weft: ${counted(tasks.length, 'conflict')} to decide: ${names}.`, [showRuns()]);
    return;
  }
  const resolve = { title: 'Resolve', act: () => vscode.commands.executeCommand(COMMANDS.openConflict, only) };
  const sides = { title: 'Show Both Sides', act: () => vscode.commands.executeCommand(COMMANDS.showConflict, only) };
  await notify('warning', `Weft: ${conflictSentence(only.task)}`, [resolve, sides, showRuns()]);
}

function conflictSentence({ task, stage }: TaskState): string {
  if (stage.kind !== 'conflicted') return `“${task.title}” is in conflict.`;
  const { files } = stage.conflict;
  const where = files.length === 1 && files[0] !== undefined ? files[0].path : counted(files.length, 'file');
  const others = [...new Set(files.map((file) => file.oursBy))]
    .map((by) => (by === 'Your edits' ? 'your own edits' : `“${by}”`))
    .join(', ');
  const left = stage.left === null ? '' : ` ${stage.left.message.split('\n')[0] ?? ''}`;
  return `“${task.title}” waits for you: it does not fit with ${others} in ${where}.${left}`;
}

/** What is held waits for a decision; what is not lands, and the person should know on what ground. */
async function tellStale(tasks: readonly TaskNode[]): Promise<void> {
  const held = tasks.filter(({ task }) => task.stage.kind === 'held');
  const all = held.length > 0 ? held : tasks;
  const [only] = all;
  if (only === undefined) return;
  const what = all.length === 1 ? staleSentence(only) : `${all.length} tasks read what was changed meanwhile.`;
  const asked = all.length === 1 && held.length === 1;
  const command = (title: string, id: string): Button => ({ title, act: () => vscode.commands.executeCommand(id, only) });
  const buttons = asked
    ? [command('Land Anyway', COMMANDS.landTask), command('Rework', COMMANDS.reworkTask), command('Discard', COMMANDS.discardTask)]
    : [...(all.length === 1 ? [command('Show Changes', COMMANDS.showTask)] : []), showRuns()];
  await notify('warning', `Weft: ${what}`, buttons);
}

function staleSentence({ task, view }: TaskNode): string {
  const { stale } = task.work;
  const where = stale.length === 1 && stale[0] !== undefined ? stale[0].path : counted(stale.length, 'file');
  const names = stale.map(({ by }) => (by === null ? 'you' : `“${view.state.tasks.get(by)?.task.title ?? by}”`));
  const who = [...new Set(names)].join(', ');
  const end = task.stage.kind === 'held' ? 'It waits for you' : 'Look whether its work still holds';
  return `“${task.task.title}” had read ${where}, which ${who} changed meanwhile. ${end}.`;
}

/** `told`: what was said of which run; a wrong key is news once, not for every task. */
async function tellFailures(tasks: readonly TaskNode[], told: Set<string>): Promise<void> {
  const news = tasks.filter((node) => {
    const key = `${node.view.state.start.run} ${causeOf(node)}`;
    if (told.has(key)) return false;
    told.add(key);
    return true;
  });
  const [first] = news;
  if (first === undefined) return;
  const same = tasks.filter((node) => causeOf(node) === causeOf(first));
  const who = same.length === 1 ? `“${first.task.task.title}” failed` : `${same.length} tasks failed`;
  const others = news.length > 1 ? ` ${counted(news.length - 1, 'other cause')} in the Runs view.` : '';
  const draft = first.task.work.changeset !== null && same.length === 1;
  const auth = first.task.stage.kind === 'failed' && first.task.stage.failure.kind === 'auth';
  const checked = first.task.stage.kind === 'failed' && first.task.stage.failure.kind === 'check' && same.length === 1;
  const buttons: Button[] = [
    ...(auth ? [{ title: 'Set API Key', act: () => vscode.commands.executeCommand(COMMANDS.setApiKey) }] : []),
    ...(checked ? [{ title: 'Show Check Output', act: () => vscode.commands.executeCommand(COMMANDS.showCheck, first) }] : []),
    ...(draft ? [{ title: 'Show Draft', act: () => vscode.commands.executeCommand(COMMANDS.showTask, first) }] : []),
    showRuns(),
  ];
  await notify('error', `Weft: ${who}: ${causeOf(first)}${others}`, buttons);
}

function causeOf({ task }: TaskNode): string {
  if (task.stage.kind !== 'failed') return '';
  const { failure } = task.stage;
  // What a check printed has a document of its own.
  return failure.kind === 'check' ? (failure.message.split('\n')[0] ?? '') : failureText(failure);
}

async function tellFinished({ session, state }: Happened): Promise<void> {
  const run: RunNode = { kind: 'run', view: { session, state, life: lifeOf(state) } };
  const button = (title: string, id: string): Button => ({ title, act: () => vscode.commands.executeCommand(id, run) });
  const counts = stageCounts(state);
  const severity = counts.failed > 0 ? 'warning' : 'information';
  await notify(severity, `Weft: ${finishedText(state)}`, [
    button('Show Summary', COMMANDS.showSummary),
    ...(hasRest(state) ? [button('Plan the Rest', COMMANDS.planRest)] : []),
    ...(counts.landed > 0 ? [button('Roll Back…', COMMANDS.rollBack)] : []),
    showRuns(),
  ]);
}

function showRuns(): Button {
  return { title: 'Show Runs', act: () => vscode.commands.executeCommand(`${VIEWS.runs}.focus`) };
}
