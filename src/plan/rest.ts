/** What is left of a run that did not do all of its plan, as the request for a new plan. Pure. */
import { failureText } from '../domain/failure';
import { arbitrated, ownTasks, type RunState } from '../domain/run';
import { isIn, type TaskState } from '../domain/taskState';
import { type Around, aroundTexts, fenced } from './context';

/** Characters of a summary, of instructions, and of the end of what a check printed. */
const MAX_SUMMARY = 1_500;
const MAX_INSTRUCTIONS = 4_000;
const MAX_OUTPUT = 6_000;
/** More files of a task are counted. */
const MAX_FILES = 30;

/** Whether there is anything left to be planned: tasks that neither landed nor wait for the person, nor were taken back by them. A conflict waits in its own run. */
export function hasRest(state: RunState): boolean {
  return arbitrated(state) === undefined && ownTasks(state).some(({ stage }) => isLost(stage.kind));
}

/** `note`: what the person says about it; empty for nothing. */
export function restText(state: RunState, note: string, around: Around): string {
  const tasks = ownTasks(state);
  const parts = [
    `A run was to reach this goal, and did not do all of it:\n${state.start.plan.goal}`,
    'Plan what is left, and nothing else. The workspace is as the run left it, with what landed and with what I changed since: look at it. Go by why things failed: cut them otherwise, give them to another role, tell the agent what went wrong, or do first what was missing. A task that failed for a reason that has nothing to do with it (a stop, a lost connection, a limit) can stay as it was. What I took back I do not want again.',
    list('What landed, and is in the workspace', tasks.filter(({ stage }) => isIn(stage)).map(landedText)),
    list(
      'What was not done',
      tasks.filter(({ stage }) => isLost(stage.kind)).map((task) => lostText(task, state)),
    ),
    list(
      'What waits for me to decide; leave it out',
      tasks.filter(({ stage }) => ['conflicted', 'held', 'done'].includes(stage.kind)).map(nameText),
    ),
    list('What I took back', tasks.filter(({ stage }) => stage.kind === 'undone').map(nameText)),
    note.trim() === '' ? '' : `What I say about it:\n${note.trim()}`,
  ];
  const checks = state.start.plan.check === undefined ? [] : [`The check of the whole plan was: ${state.start.plan.check}`];
  return [...parts.filter((part) => part !== ''), ...checks, ...aroundTexts(around)].join('\n\n');
}

function isLost(kind: TaskState['stage']['kind']): boolean {
  return ['failed', 'stopped', 'doomed', 'waiting', 'running', 'awaiting', 'asking'].includes(kind);
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `${title}:\n\n${items.join('\n\n')}`;
}

function nameText({ task }: TaskState): string {
  return `- ${task.id}: ${task.title}`;
}

function landedText(task: TaskState): string {
  const { summary, changes } = task.work;
  const said = summary === '' ? '' : `\n  ${cut(summary, MAX_SUMMARY).replaceAll('\n', '\n  ')}`;
  return `${nameText(task)}${said}\n  Files: ${filesText(changes.map(({ path }) => path))}`;
}

function lostText(task: TaskState, state: RunState): string {
  const { role, instructions, dependsOn } = task.task;
  const { work, check } = task;
  const lines = [
    `${nameText(task)} (${role}${dependsOn.length === 0 ? '' : `, after ${dependsOn.join(', ')}`})`,
    `What its agent was told:\n${fenced(cut(instructions, MAX_INSTRUCTIONS))}`,
    whyText(task, state),
  ];
  if (work.failures.length > 0)
    lines.push(`Attempts before that failed: ${work.failures.map(({ message }) => firstLine(message)).join(' ')}`);
  if (check?.kind === 'ended' && !check.ok)
    lines.push(`Its last check was red (${check.command}), and printed at its end:\n${fenced(check.output.slice(-MAX_OUTPUT))}`);
  if (work.summary !== '') lines.push(`What its agent said of its work:\n${fenced(cut(work.summary, MAX_SUMMARY))}`);
  if (work.changeset !== null && work.changes.length > 0)
    lines.push(`It left a draft, which is not in the workspace. Changed in it: ${filesText(work.changes.map(({ path }) => path))}`);
  return lines.join('\n');
}

function whyText({ stage }: TaskState, state: RunState): string {
  if (stage.kind === 'failed') return `It failed: ${failureText({ ...stage.failure, message: cut(stage.failure.message, MAX_SUMMARY) })}`;
  if (stage.kind === 'doomed') return `It was not started, because of “${state.tasks.get(stage.because)?.task.title ?? stage.because}”.`;
  return stage.kind === 'stopped' ? 'I stopped it.' : 'It did not come to its end.';
}

function filesText(files: readonly string[]): string {
  if (files.length === 0) return 'none';
  const more = files.length - MAX_FILES;
  return `${files.slice(0, MAX_FILES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
