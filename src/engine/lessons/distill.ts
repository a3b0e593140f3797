/** What a run learned: what went wrong in it, and how that was mended, as short notes. From its events, without a model. Pure. */
import type { Conflict, StaleFile } from '../../domain/changes';
import type { RunEvent } from '../../domain/event';
import type { Failure } from '../../domain/failure';
import { oneLine } from '../../domain/lessons';
import type { RunState } from '../../domain/run';
import { isIn, type TaskState } from '../../domain/taskState';

/** More than that would be no notes. */
const MOST = 12;
/** Characters of what a command printed, of what an agent said, and of a title. */
const PRINTED = 120;
const SAID = 160;
/** Files that are named. */
const FILES = 3;

/** What says most of an output, the best first: an error by its name, what a test runner calls a failure, any word of trouble. */
const TELLING = [
  /^(Uncaught )?[\w.]*(Error|Exception)\b.*:/,
  /^(not ok\b|FAIL|[✗✖×]|E {2,}|error[:[ ])/i,
  /\b(error|fail(ed|ure|s)?|assert\w*|expected|exception|cannot|panic)\b/i,
];

/** Lessons of a run, in the order in which they were learned; each thing once. Of what the person, a key or a server stopped there is none. */
export function lessonsOf(state: RunState, events: readonly RunEvent[]): string[] {
  const found: string[] = [];
  for (const task of state.tasks.values())
    found.push(
      ...ofTask(
        state,
        task,
        events.filter((event) => 'task' in event && event.task === task.task.id),
      ),
    );
  found.push(...denied(events));
  return [...new Set(found.map(oneLine))].slice(0, MOST);
}

function ofTask(state: RunState, task: TaskState, events: readonly RunEvent[]): string[] {
  const lessons: string[] = [];
  const mended = isIn(task.stage);
  const how = mended ? `Mended so: ${sentence(task.work.summary)}` : 'Nobody mended it.';
  for (const event of events) {
    switch (event.type) {
      case 'task.checked':
        if (!event.ok && !isCheckKnown(lessons, event.command))
          lessons.push(
            `\`${event.command}\` ${event.timedOut ? 'took too long' : 'turned red'} after “${task.task.title}”${printed(event.output)}. ${how} ${about(task)}`,
          );
        break;
      case 'task.retrying':
        if (isLesson(event.failure))
          lessons.push(`An agent failed at “${task.task.title}”: ${sentence(event.failure.message)} ${mended ? how : ''} ${about(task)}`);
        break;
      case 'task.failed':
        if (isLesson(event.failure)) lessons.push(`“${task.task.title}” failed: ${sentence(event.failure.message)} ${about(task)}`);
        break;
      case 'task.stale':
        lessons.push(...staleLesson(state, task, event.files));
        break;
      case 'task.conflicted':
        lessons.push(...conflictLesson(task, event.conflict));
        break;
      default:
    }
  }
  return lessons;
}

/** What another time would be the same: not a server that was away, nor a person who stopped it. A red check is told as such. */
function isLesson({ kind }: Failure): boolean {
  return kind === 'agent' || kind === 'loop' || kind === 'timeout' || kind === 'budget';
}

function isCheckKnown(lessons: readonly string[], command: string): boolean {
  return lessons.some((lesson) => lesson.startsWith(`\`${command}\``));
}

/** What the person changed meanwhile teaches nothing: it is theirs to change. */
function staleLesson(state: RunState, { task }: TaskState, changed: readonly StaleFile[]): string[] {
  const others = changed.flatMap(({ by, path }) => (by === null ? [] : [{ path, title: `“${state.tasks.get(by)?.task.title ?? by}”` }]));
  if (others.length === 0) return [];
  const [who, where] = [listed(others.map(({ title }) => title)), files(others.map(({ path }) => path))];
  return [`While “${task.title}” was worked on, ${who} changed ${where}, which it rested on: let such a task depend on the other.`];
}

const PERSON = 'Your edits';

function conflictLesson({ task }: TaskState, { intent, files: all }: Conflict): string[] {
  const others = all.filter(({ oursBy }) => oursBy !== PERSON);
  if (intent !== 'land' || others.length === 0) return [];
  const [who, where] = [listed(others.map(({ oursBy }) => `“${oursBy}”`)), files(others.map(({ path }) => path))];
  return [`“${task.title}” and ${who} changed the same lines of ${where}: let one of such tasks depend on the other.`];
}

/** What the person did not allow; asked in vain, an agent loses a turn, and the person their time. */
function denied(events: readonly RunEvent[]): string[] {
  const asked = new Map(events.flatMap((event) => (event.type === 'inbox.asked' ? [[event.item, event.ask] as const] : [])));
  return events.flatMap((event) => {
    if (event.type !== 'inbox.answered' || event.answer.kind !== 'denied') return [];
    const ask = asked.get(event.item);
    const why = event.answer.reason === '' ? '' : ` (“${sentence(event.answer.reason)}”)`;
    if (ask?.kind === 'command') return [`The person did not allow \`${ask.command}\`${why}: do without it.`];
    if (ask?.kind === 'mcp') return [`The person did not allow the tool ${ask.tool} of ${ask.server}${why}: do without it.`];
    if (ask?.kind === 'protected') return [`The person did not want ${files(ask.paths)} changed${why}.`];
    return [];
  });
}

function printed(output: string): string {
  const lines = output.split(/\r?\n/).map((line) => line.trim());
  const told = TELLING.flatMap((pattern) => lines.find((one) => pattern.test(one)) ?? []);
  const line = told[0] ?? lines.filter((one) => one !== '').at(-1) ?? '';
  return line === '' ? '' : ` (${shortened(line, PRINTED)})`;
}

/** Whose work it was, and on which files: by that it is found again. */
function about({ task, work }: TaskState): string {
  const paths = work.changes.map(({ path }) => path);
  const named = paths.length > 0 ? paths : task.writes;
  return `(${task.role}${named.length === 0 ? '' : `: ${files(named)}`})`;
}

function files(paths: readonly string[]): string {
  const all = [...new Set(paths)];
  return all.length <= FILES ? all.join(', ') : `${all.slice(0, FILES).join(', ')} and ${all.length - FILES} more`;
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].join(' and ');
}

/** The first sentence of what somebody said, with its full stop. */
function sentence(said: string): string {
  const flat = said.replaceAll(/\s+/g, ' ').trim();
  const first = /^.*?[.!?](?=\s|$)/.exec(flat)?.[0] ?? flat;
  const short = shortened(first, SAID);
  return /[.!?…]$/.test(short) || short === '' ? short : `${short}.`;
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
