/** The rows of the Inbox: what waits for the person, and by which name menus know what can be done with it. */
import * as vscode from 'vscode';
import { never } from '../../domain/failure';
import type { Item } from '../../domain/inbox';
import { askText, othersOf } from '../../domain/inboxText';
import type { TaskState } from '../../domain/taskState';
import { type Waiting, waitingIn } from '../../domain/waiting';
import { COMMANDS } from '../names';
import { runKey, taskKey } from '../runs/runsRows';
import { shortened, taskText } from '../runs/wording';
import type { RunView } from '../session';

/** A row, and what commands get of it: `task`, as rows of tasks have it, where it is about one. */
export interface InboxNode {
  readonly kind: 'inbox';
  readonly view: RunView;
  readonly waiting: Waiting;
  readonly task?: TaskState;
}

/** A longer text is cut: the tooltip has all of it, and so has what asks to confirm. */
const TEXT_LENGTH = 120;

/** All that waits in these runs; what waited longest comes first. */
export function inboxNodes(views: readonly RunView[]): InboxNode[] {
  return views.flatMap((view) => waitingIn(view.state).map((waiting) => nodeOf(view, waiting))).sort((a, b) => sinceOf(a) - sinceOf(b));
}

function nodeOf(view: RunView, waiting: Waiting): InboxNode {
  const tasks = tasksOf(waiting);
  const [task] = tasks;
  return { kind: 'inbox', view, waiting, ...(task !== undefined && tasks.length === 1 && { task }) };
}

function tasksOf(waiting: Waiting): readonly TaskState[] {
  return waiting.kind === 'item' ? waiting.tasks : [waiting.task];
}

/** Milliseconds since 1970. */
function sinceOf({ waiting }: InboxNode): number {
  return waiting.kind === 'item' ? waiting.item.since : waiting.task.work.endedAt;
}

export function inboxKey(node: InboxNode): string {
  const { view, waiting } = node;
  if (waiting.kind === 'item') return `${runKey(view)}/inbox/${waiting.item.id}`;
  return `${taskKey({ kind: 'task', view, task: waiting.task })}/inbox`;
}

/** `now`: milliseconds since 1970. */
export function inboxItem(node: InboxNode, now: number): vscode.TreeItem {
  const { view, waiting } = node;
  const label = shortened(labelOf(node), TEXT_LENGTH);
  const description = describe(node, now);
  return {
    id: inboxKey(node),
    label,
    description,
    iconPath: new vscode.ThemeIcon(ICONS[contextOf(node)], new vscode.ThemeColor('list.warningForeground')),
    contextValue: contextOf(node),
    tooltip: tooltipOf(node),
    command: { command: waiting.kind === 'conflict' ? COMMANDS.openConflict : COMMANDS.answer, title: 'Answer…', arguments: [node] },
    accessibilityInformation: { label: `${label}, ${description}, ${view.state.start.plan.goal}` },
  };
}

/** As menus know it. */
type Context = 'leave' | 'leaveToLand' | 'question' | 'conflict' | 'held';

const ICONS: Readonly<Record<Context, string>> = {
  leave: 'shield',
  leaveToLand: 'lock',
  question: 'question',
  conflict: 'git-merge',
  held: 'warning',
};

function contextOf({ waiting }: InboxNode): Context {
  if (waiting.kind !== 'item') return waiting.kind;
  const { kind } = waiting.item.ask;
  switch (kind) {
    case 'question':
    case 'decision':
      return 'question';
    case 'command':
    case 'mcp':
      return 'leave';
    case 'protected':
    case 'landing':
      return 'leaveToLand';
    default:
      return never(kind);
  }
}

export function labelOf({ view, waiting }: InboxNode): string {
  if (waiting.kind === 'item') return askText(waiting.item.ask);
  // What it says of itself, without what it is called.
  const [said = ''] = taskText(waiting.task, view.state, view.life, 0).split(' · ');
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
}

function describe({ view, waiting }: InboxNode, now: number): string {
  const tasks = tasksOf(waiting);
  const [first] = tasks;
  const who = first === undefined ? view.state.start.plan.goal : tasks.length === 1 ? first.task.title : `${tasks.length} agents`;
  const late = view.life === 'interrupted' ? 'resume its run to answer' : waiting.kind === 'item' ? leftText(waiting.item, now) : '';
  return late === '' ? who : `${who} · ${late}`;
}

/** In whole minutes: a row that is drawn anew closes its tooltip. */
function leftText({ since, seconds }: Item, now: number): string {
  return seconds === null ? '' : `${Math.max(0, Math.ceil((since + seconds * 1000 - now) / 60_000))} min left`;
}

function tooltipOf({ view, waiting }: InboxNode): string {
  if (waiting.kind !== 'item') return `${waiting.task.task.title}\nRun: ${view.state.start.plan.goal}`;
  const { item, tasks } = waiting;
  const lines = [askText(item.ask), ...tasks.map(({ task }) => `For: ${task.title}`), `Run: ${view.state.start.plan.goal}`];
  const others = othersOf(item.ask);
  if (others.length > 0) lines.splice(1, 0, `Also: ${others.join(', ')}`);
  if (item.ask.kind === 'command') lines.push(`In a copy of ${item.ask.folder}, with what the agent changed.`);
  if (item.ask.kind === 'decision') lines.push(item.ask.detail);
  if (item.ask.kind === 'question' && item.ask.options.length > 0) lines.push(`Options: ${item.ask.options.join(', ')}`);
  if (item.seconds !== null)
    lines.push(`Without an answer by ${new Date(item.since + item.seconds * 1000).toLocaleTimeString()} it is a no.`);
  return lines.join('\n');
}
