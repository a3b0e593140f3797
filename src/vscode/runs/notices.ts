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
import { type Button, MOST_BUTTONS, notify } from '../messages';
import { COMMANDS, VIEWS } from '../names';
import type { Session, Sessions } from '../session';
import { lessonsAtEnd } from './lessons';
import type { RunNode, TaskNode } from './nodes';
import { finishedText, stageCounts } from './wording';

/** Failures and conflicts that come within this many milliseconds are told together. */
const TOGETHER_MS = 400;

interface Happened {
  readonly session: Session;
  readonly event: RunEvent;
  readonly state: RunState;
}

/** What is told, and what its buttons do; the most useful one first. */
interface News {
  readonly severity: 'warning' | 'error';
  readonly text: string;
  readonly buttons: readonly Button[];
}

export function registerNotices(sessions: Sessions): vscode.Disposable {
  const told = new Set<string>();
  const conflicts = gather(conflictNews);
  const failures = gather((tasks) => failureNews(tasks, told));
  const stale = gather(staleNews);
  const all = [failures, conflicts, stale];
  return vscode.Disposable.from(
    ...all,
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
      // What happened just before the end is told with it.
      if (event.type === 'run.finished')
        void tellFinished(
          sessions,
          happened,
          all.flatMap((gathering) => gathering.take(state.start.run) ?? []),
        );
    }),
  );
}

function isPersons({ event, state }: Happened): boolean {
  const task = 'task' in event ? state.tasks.get(event.task) : undefined;
  return task !== undefined && conflictStep(state, task).kind === 'person';
}

interface Gathering extends vscode.Disposable {
  add(happened: Happened): void;
  /** What of a run is not told yet, and now is the caller's to tell. */
  take(run: string): News | undefined;
}

function gather(newsOf: (tasks: readonly TaskNode[]) => News | undefined): Gathering {
  let tasks: readonly TaskNode[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const news = newsOf(tasks);
    tasks = [];
    if (news !== undefined) void notify(news.severity, `Weft: ${news.text}`, [...news.buttons, showRuns()].slice(0, MOST_BUTTONS));
  };
  return {
    add: ({ session, event, state }) => {
      const task = 'task' in event ? state.tasks.get(event.task) : undefined;
      if (task === undefined) return;
      tasks = [...tasks, { kind: 'task', view: { session, state, life: lifeOf(state) }, task }];
      timer ??= setTimeout(flush, TOGETHER_MS);
    },
    take: (run) => {
      const isOf = ({ view }: TaskNode) => view.state.start.run === run;
      const taken = tasks.filter(isOf);
      tasks = tasks.filter((node) => !isOf(node));
      return newsOf(taken);
    },
    dispose: () => clearTimeout(timer),
  };
}

function commandButton(title: string, id: string, row: TaskNode | RunNode): Button {
  return { title, act: () => vscode.commands.executeCommand(id, row) };
}

function conflictNews(tasks: readonly TaskNode[]): News | undefined {
  const [only] = tasks;
  if (only === undefined) return undefined;
  if (tasks.length > 1) {
    const names = tasks.map(({ task }) => `“${task.task.title}”`).join(', ');
    return { severity: 'warning', text: `${counted(tasks.length, 'conflict')} to decide: ${names}.`, buttons: [] };
  }
  const buttons = [commandButton('Resolve', COMMANDS.openConflict, only), commandButton('Show Both Sides', COMMANDS.showConflict, only)];
  return { severity: 'warning', text: conflictSentence(only.task), buttons };
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
function staleNews(tasks: readonly TaskNode[]): News | undefined {
  const held = tasks.filter(({ task }) => task.stage.kind === 'held');
  const all = held.length > 0 ? held : tasks;
  const [only] = all;
  if (only === undefined) return undefined;
  const text = all.length === 1 ? staleSentence(only) : `${all.length} tasks read what was changed meanwhile.`;
  const asked = all.length === 1 && held.length === 1;
  const ways = [
    ['Land Anyway', COMMANDS.landTask],
    ['Rework', COMMANDS.reworkTask],
    ['Discard', COMMANDS.discardTask],
  ] as const;
  const changes = all.length === 1 ? [commandButton('Show Changes', COMMANDS.showTask, only)] : [];
  return { severity: 'warning', text, buttons: asked ? ways.map(([title, id]) => commandButton(title, id, only)) : changes };
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
function failureNews(tasks: readonly TaskNode[], told: Set<string>): News | undefined {
  const news = tasks.filter((node) => {
    const key = `${node.view.state.start.run} ${causeOf(node)}`;
    if (told.has(key)) return false;
    told.add(key);
    return true;
  });
  const [first] = news;
  if (first === undefined) return undefined;
  const same = tasks.filter((node) => causeOf(node) === causeOf(first));
  const who = same.length === 1 ? `“${first.task.task.title}” failed` : `${same.length} tasks failed`;
  const others = news.length > 1 ? ` ${counted(news.length - 1, 'other cause')} in the Runs view.` : '';
  const draft = first.task.work.changeset !== null && same.length === 1;
  const auth = first.task.stage.kind === 'failed' && first.task.stage.failure.kind === 'auth';
  const checked = first.task.stage.kind === 'failed' && first.task.stage.failure.kind === 'check' && same.length === 1;
  const buttons: Button[] = [
    ...(auth ? [{ title: 'Set API Key', act: () => vscode.commands.executeCommand(COMMANDS.setApiKey) }] : []),
    ...(checked ? [commandButton('Show Check Output', COMMANDS.showCheck, first)] : []),
    ...(draft ? [commandButton('Show Draft', COMMANDS.showTask, first)] : []),
  ];
  return { severity: 'error', text: `${who}: ${causeOf(first)}${others}`, buttons };
}

function causeOf({ task }: TaskNode): string {
  if (task.stage.kind !== 'failed') return '';
  const { failure } = task.stage;
  // What a check printed has a document of its own.
  return failure.kind === 'check' ? (failure.message.split('\n')[0] ?? '') : failureText(failure);
}

/** One notification for the end of a run, whatever there is to say; `news`: what happened just before. What has no button has a place in the row's menu. */
async function tellFinished(sessions: Sessions, { session, state }: Happened, news: readonly News[]): Promise<void> {
  const view = { session, state, life: lifeOf(state) };
  const run: RunNode = { kind: 'run', view };
  const lessons = await lessonsAtEnd(sessions, view);
  const counts = stageCounts(state);
  const severity = news.some((one) => one.severity === 'error')
    ? 'error'
    : counts.failed > 0 || news.length > 0
      ? 'warning'
      : 'information';
  const buttons = [
    commandButton('Show Summary', COMMANDS.showSummary, run),
    ...news.flatMap((one) => one.buttons.slice(0, 1)),
    ...(hasRest(state) ? [commandButton('Plan the Rest', COMMANDS.planRest, run)] : []),
    ...(lessons?.buttons ?? []),
    ...(counts.landed > 0 ? [commandButton('Roll Back…', COMMANDS.rollBack, run)] : []),
    showRuns(),
  ];
  const text = [finishedText(state), ...news.map((one) => one.text), ...(lessons === undefined ? [] : [lessons.text])].join(' ');
  await notify(severity, `Weft: ${text}`, buttons.slice(0, MOST_BUTTONS));
}

function showRuns(): Button {
  return { title: 'Show Runs', act: () => vscode.commands.executeCommand(`${VIEWS.runs}.focus`) };
}
