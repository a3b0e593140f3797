/** What a person selected for a run, as the text of a planning request. Pure. */
import { never } from '../domain/failure';
import { counted } from '../domain/figures';

/** One thing that a person selected. Paths are workspace paths. */
export type Selected =
  /** What they wrote. */
  | { readonly kind: 'text'; readonly text: string }
  /** Lines of a file, counted from 1, the last one included. */
  | { readonly kind: 'lines'; readonly path: string; readonly startLine: number; readonly endLine: number; readonly text: string }
  /** A file; `text` is null where it has none to show. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string | null }
  | { readonly kind: 'folder'; readonly path: string };

/** Characters: of all that is quoted from files, of each quotation, and of the list of files. */
const MAX_QUOTED = 120_000;
const MAX_QUOTE = 30_000;
const MAX_LIST = 60_000;

/** The request for a plan: what is wanted, what was selected, and the files of the workspace, cut to what a model can take. */
export function planningText(selected: readonly Selected[], files: readonly string[]): string {
  const wanted = selected.flatMap((part) => (part.kind === 'text' && part.text.trim() !== '' ? [part.text.trim()] : []));
  const things = selected.filter((part) => part.kind !== 'text');
  const parts = [
    wanted.length > 0
      ? `What I want:\n${wanted.join('\n\n')}`
      : 'I selected the following and wrote nothing about it. Work out what needs doing there: what is unfinished, wrong or marked to be done.',
  ];
  if (things.length > 0) parts.push(`What I selected, and what this is about:\n\n${quotations(things).join('\n\n')}`);
  parts.push(fileList(files));
  return parts.join('\n\n');
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
  return things.map((thing) => {
    switch (thing.kind) {
      case 'lines':
        return `${thing.path}, lines ${thing.startLine} to ${thing.endLine}:${quote(thing.text)}`;
      case 'file':
        return thing.text === null ? `The file ${thing.path}` : `The file ${thing.path}:${quote(thing.text)}`;
      case 'folder':
        return thing.path === '' ? 'The whole workspace' : `The folder ${thing.path}/`;
      default:
        return never(thing);
    }
  });
}

/** The text between fences that are longer than any that it contains. */
function fenced(text: string): string {
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
