/** What a person selected for a run, as the text of a planning request. Pure. */
import { never } from '../domain/failure';
import { counted } from '../domain/figures';
import type { RoleHead } from '../domain/role';
import { cutOutput } from './failingOutput';
import type { ProjectCommands } from './projectChecks';

/** One thing that a person selected. Paths are workspace paths. */
export type Selected =
  /** What they wrote. */
  | { readonly kind: 'text'; readonly text: string }
  /** Lines of a file, counted from 1, the last one included. */
  | { readonly kind: 'lines'; readonly path: string; readonly startLine: number; readonly endLine: number; readonly text: string }
  /** A file; `text` is null where it has none to show. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string | null }
  | { readonly kind: 'folder'; readonly path: string }
  /** What editors, compilers and linters complain of. */
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  /** Comments that say what is left to do. */
  | { readonly kind: 'todos'; readonly todos: readonly Todo[] }
  /** Open items of a list of tasks, in a file. */
  | { readonly kind: 'tasks'; readonly path: string; readonly items: readonly ListItem[] }
  /** What something printed that failed; `from`: what it was, such as `Clipboard` or `npm test`. */
  | { readonly kind: 'failing'; readonly from: string; readonly output: string };

/** A complaint about a place in a file; `line` counts from 1; `source`: who complains, such as `ts 2304`, empty where that is not known. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly severity: 'error' | 'warning' | 'information';
  readonly source: string;
  readonly message: string;
}

/** A comment such as `TODO: close the file`; `line` counts from 1. */
export interface Todo {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** An open item of a task list. */
export interface ListItem {
  /** Line in its file, counted from 1. */
  readonly line: number;
  readonly text: string;
  /** What stands below it: its paragraphs and its open sub-items, as they are written; empty for nothing. */
  readonly details: string;
  /** The headings that it stands under, outermost first. */
  readonly under: readonly string[];
}

/** Characters: of all that is quoted from files, of each quotation, and of the list of files. */
const MAX_QUOTED = 120_000;
const MAX_QUOTE = 30_000;
const MAX_LIST = 60_000;

/** What is known of the workspace that the plan is for. */
export interface Around {
  readonly files: readonly string[];
  readonly commands: Pick<ProjectCommands, 'checks'>;
  readonly roles: readonly RoleHead[];
}

/** The request for a plan: what is wanted, what was selected, and what the workspace has, cut to what a model can take. */
export function planningText(selected: readonly Selected[], around: Around): string {
  const written = selected.flatMap((part) => (part.kind === 'text' && part.text.trim() !== '' ? [part.text.trim()] : []));
  const things = selected.filter((part) => part.kind !== 'text');
  const meant = [...new Set(things.flatMap(({ kind }) => MEANT[kind] ?? []))];
  const wanted = [...written, ...meant];
  const parts = [
    wanted.length > 0
      ? `What I want:\n${wanted.join('\n\n')}`
      : 'I selected the following and wrote nothing about it. Work out what needs doing there: what is unfinished, wrong or marked to be done.',
  ];
  if (things.length > 0) parts.push(`What I selected, and what this is about:\n\n${quotations(things).join('\n\n')}`);
  return [...parts, ...aroundTexts(around)].join('\n\n');
}

/** What somebody wants who selects such things. */
const MEANT: Readonly<Partial<Record<Selected['kind'], string>>> = {
  problems:
    'Mend the problems listed below. Group them by cause, not by line: what one change mends is one task, and problems of one file belong to one task. Mend what is wrong, and silence nothing.',
  todos:
    'Do what the comments listed below ask for, and take each of them away once it is done. What hangs together, or stands in one file, is one task. A comment that only notes something, or can no longer be done, stays; say so.',
  tasks:
    'Do the items of the task list below. One item is one task where it is worth an agent; small ones that touch the same files go together. Items that rest on others depend on them. Who does an item ticks it off in the list (“- [x]”), and changes nothing else there.',
  failing:
    'Something failed, and what it printed is below. Find out why, and have it mended at its cause. Failures with one cause are one task; a debugger is the role for each. Where the project has a check that runs what failed, let the plan have it.',
};

/** The roles, the checks that the project has, and its files. */
export function aroundTexts({ files, commands: { checks }, roles }: Around): string[] {
  const described = roles.filter(({ description }) => description !== '');
  const texts = [
    listText(
      'The roles that there are',
      described.map(({ name, description }) => `${name}: ${description}`),
    ),
    listText(
      'The checks that the project has',
      checks.slice(0, MAX_CHECKS).map(({ command, from }) => `${command} (${from})`),
    ),
  ];
  return [...texts.filter((text) => text !== ''), fileList(files)];
}

/** More are not told. */
const MAX_CHECKS = 12;

function listText(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `${title}:\n${items.map((item) => `- ${item}`).join('\n')}`;
}

/** What was selected beside text, each thing with what it says, cut to what a model can take. */
export function quotations(things: readonly Exclude<Selected, { kind: 'text' }>[]): string[] {
  let left = MAX_QUOTED;
  const quote = (text: string) => {
    const most = Math.min(MAX_QUOTE, left);
    const shown = text.length > most ? text.slice(0, most) : text;
    left -= shown.length;
    const cut =
      text.length > shown.length ? `\n[${counted(text.length - shown.length, 'more character is', 'more characters are')} not shown.]` : '';
    return `\n${fenced(shown)}${cut}`;
  };
  const listed = (lines: readonly string[], what: string) => {
    const shown = fitting(lines, Math.min(MAX_QUOTE, left));
    left -= shown.join('\n').length;
    const more = lines.length - shown.length;
    return `\n${[...shown, ...(more > 0 ? [`[${counted(more, `more ${what} is`, `more ${what}s are`)} not shown.]`] : [])].join('\n')}`;
  };
  return things.map((thing) => {
    switch (thing.kind) {
      case 'lines':
        return `${thing.path}, lines ${thing.startLine} to ${thing.endLine}:${quote(thing.text)}`;
      case 'file':
        return thing.text === null ? `The file ${thing.path}` : `The file ${thing.path}:${quote(thing.text)}`;
      case 'folder':
        return thing.path === '' ? 'The whole workspace' : `The folder ${thing.path}/`;
      case 'problems':
        return `${counted(thing.problems.length, 'problem')}, by file:${listed(problemLines(thing.problems), 'line')}`;
      case 'todos':
        return `${counted(thing.todos.length, 'comment')}:${listed(thing.todos.map(todoLine), 'comment')}`;
      case 'tasks':
        return `${counted(thing.items.length, 'open item')} of ${thing.path}:${listed(thing.items.flatMap(itemLines), 'line')}`;
      case 'failing':
        return `What was printed (${thing.from}):${quote(cutOutput(thing.output, Math.min(MAX_QUOTE, left)))}`;
      default:
        return never(thing);
    }
  });
}

/** As many of the lines, from the first on, as have room. */
function fitting(lines: readonly string[], most: number): string[] {
  const kept: string[] = [];
  let characters = 0;
  for (const line of lines) {
    characters += line.length + 1;
    if (characters > most) break;
    kept.push(line);
  }
  return kept;
}

/** Under each file its problems, the errors first. */
function problemLines(problems: readonly Problem[]): string[] {
  const byFile = new Map<string, Problem[]>();
  for (const problem of problems) byFile.set(problem.path, [...(byFile.get(problem.path) ?? []), problem]);
  const rank = { error: 0, warning: 1, information: 2 };
  return [...byFile].flatMap(([path, own]) => {
    const sorted = own.sort((a, b) => rank[a.severity] - rank[b.severity] || a.line - b.line);
    return [
      path,
      ...sorted.map((one) => `  line ${one.line}: ${one.severity}: ${oneLine(one.message)}${one.source === '' ? '' : ` (${one.source})`}`),
    ];
  });
}

function todoLine({ path, line, text }: Todo): string {
  return `- ${path}:${line}: ${oneLine(text)}`;
}

function itemLines({ line, text, details, under }: ListItem): string[] {
  const place = under.length === 0 ? '' : ` (under ${under.join(' › ')})`;
  const below = details === '' ? [] : details.split('\n').map((one) => `  ${one}`);
  return [`- line ${line}: ${oneLine(text)}${place}`, ...below];
}

/** Longer messages are cut: some tools print whole types. */
const MAX_MESSAGE = 600;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}

/** The text between fences that are longer than any that it contains. */
export function fenced(text: string): string {
  const runs = text.match(/`{3,}/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${fence}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}

/** As many of the files as fit, those nearest to the top of the tree first; the rest is counted. */
function fileList(files: readonly string[]): string {
  if (files.length === 0) return 'The workspace has no files yet.';
  const kept: string[] = [];
  let characters = 0;
  for (const file of [...files].sort((a, b) => depth(a) - depth(b))) {
    characters += file.length + 1;
    if (characters > MAX_LIST) break;
    kept.push(file);
  }
  const left = files.length - kept.length;
  const note =
    left > 0 ? `\n[${counted(left, 'more file, deeper in the tree, is', 'more files, deeper in the tree, are')} not listed.]` : '';
  return `The files of the workspace:\n${kept.sort().join('\n')}${note}`;
}

function depth(path: string): number {
  return path.split('/').length;
}
