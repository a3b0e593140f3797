/** edit_file: replaces text that stands in a file exactly once, or everywhere. */
import * as z from 'zod';
import { fail, ok, type Result } from '../../domain/failure';
import { readText } from '../files';
import { lineAt, linesOf, plainEnds, replaceIn } from '../text';
import { tool } from './tool';

export const editFile = tool({
  name: 'edit_file',
  description:
    'Replaces text in a file. The old text must stand there exactly as given, white space included, and only once unless “all” is set. The rest of the file, and its line ends, stay as they are.',
  writes: true,
  input: z.object({
    path: z.string().describe('Path relative to the workspace.'),
    old: z.string().describe('The text to replace, exactly as the file has it, with enough lines around it to be the only one.'),
    new: z.string().describe('The text that takes its place. Empty: the old text is taken away.'),
    all: z.boolean().optional().describe('Replace every occurrence instead of the only one.'),
  }),
  step: ({ path }) => `Editing ${path}`,
  async run({ path: raw, old: rawOld, new: rawNew, all = false }, { draft }) {
    const file = await readText(draft, raw);
    if (!file.ok) return file;
    const { path, text } = file.value;
    const [old, by] = [plainEnds(rawOld), plainEnds(rawNew)];
    if (old === '') {
      return fail('input', 'The old text is empty.', 'Name text of the file to replace; to write a whole file, use write_file.');
    }
    if (old === by) return fail('input', 'The old and the new text are the same.', 'Nothing was changed: go on, or say what is to change.');
    const found = placesOf(text.shown, old, all);
    if (found.length === 0) return notFound(path, text.shown, old);
    if (found.length > 1 && !all) {
      const lines = found.slice(0, 10).map((at) => lineAt(text.shown, at));
      const more = found.length > lines.length ? ', …' : '';
      return fail(
        'input',
        `The old text stands in ${path} ${found.length} times (lines ${lines.join(', ')}${more}).`,
        'Give more of the lines around the one that you mean, or set “all” to replace every one.',
      );
    }
    const bytes = replaceIn(
      text,
      found.map((start) => ({ start, end: start + old.length, by })),
    );
    const written = await draft.write(path, bytes);
    if (!written.ok) return written;
    return ok(
      found.length === 1 ? `Edited ${path} at line ${lineAt(text.shown, found[0] ?? 0)}.` : `Edited ${path} in ${found.length} places.`,
    );
  },
});

/** Where a text stands; places that overlap count, too, unless they are to be replaced one after the other. */
function placesOf(text: string, part: string, apart: boolean): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + (apart ? part.length : 1))) places.push(at);
  return places;
}

/** Most misses are white space: then the answer is the text as the file has it, so that the next call can hit. */
function notFound(path: string, shown: string, old: string): Result<never> {
  const message = `The old text is not in ${path}.`;
  const lines = linesOf(shown);
  const wanted = linesOf(old).map(bare);
  while (wanted[0] === '') wanted.shift();
  while (wanted.at(-1) === '') wanted.pop();
  const [first] = wanted;
  if (first === undefined) return fail('input', message, 'Give text with more in it than white space.');
  const bareLines = lines.map(bare);
  const at = bareLines.findIndex((_, index) => wanted.every((line, offset) => bareLines[index + offset] === line));
  if (at !== -1) {
    const there = lines.slice(at, at + wanted.length).join('\n');
    const where = wanted.length === 1 ? `Line ${at + 1} differs` : `Lines ${at + 1} to ${at + wanted.length} differ`;
    return fail('input', message, `${where} from it only in white space. Call again with the text as the file has it:\n${there}`);
  }
  const begins = bareLines.indexOf(first);
  if (begins === -1) return fail('input', message, 'Read the file again: it may have changed since, by an edit of your own.');
  const differs = wanted.findIndex((line, offset) => bareLines[begins + offset] !== line);
  const there = lines[begins + differs];
  const instead = there === undefined ? 'the file ends before it' : `line ${begins + differs + 1} of the file is:\n${there}`;
  return fail('input', message, `Its first line is line ${begins + 1}, but its line ${differs + 1} differs: ${instead}`);
}

function bare(line: string): string {
  return line.replace(/\s+/g, ' ').trim();
}
