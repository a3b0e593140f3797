/** read_file: a text file, whole or a page of it; what is too long is cut, with the way to read on. Images and PDFs are shown as they are. */
import * as z from 'zod';
import { fail, ok } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { readBytes, textIn } from '../files';
import { mediaOf } from '../media';
import { linesOf } from '../text';
import { tool } from './tool';

const MAX_LINES = 2000;
/** Characters of one answer, and of one line in it. */
const MAX_CHARACTERS = 100_000;
const MAX_LINE = 20_000;

export const readFile = tool({
  name: 'read_file',
  description:
    'Reads a text file. Gives at most 2,000 lines or 100 KB at once and says how to read on. Line ends are shown as \\n, whatever the file has. Images (PNG, JPEG, GIF, WebP) and PDFs you are shown, where you can see them.',
  writes: false,
  input: z.object({
    path: z.string().describe('Path relative to the workspace.'),
    from: z.int().min(1).optional().describe('First line to read, counted from 1.'),
    lines: z.int().min(1).optional().describe('How many lines to read.'),
  }),
  step: ({ path }) => `Reading ${path}`,
  async run({ path, from = 1, lines: wanted = MAX_LINES }, { draft }) {
    const file = await readBytes(draft, path);
    if (!file.ok) return file;
    const media = mediaOf(file.value.bytes);
    if (media !== undefined) return ok({ text: '', media: [media] });
    const text = textIn(file.value.path, file.value.bytes);
    if (!text.ok) return text;
    const { shown } = text.value;
    if (shown === '') return ok(`[${file.value.path} is empty.]`);
    const lines = linesOf(shown);
    if (from > lines.length) {
      return fail(
        'input',
        `${file.value.path} has only ${counted(lines.length, 'line')}.`,
        `Read it from a line between 1 and ${lines.length}.`,
      );
    }
    const page = pageOf(lines, from, Math.min(wanted, MAX_LINES));
    const last = from + page.length - 1;
    if (from === 1 && last === lines.length && page.join('\n').length >= shown.trimEnd().length) return ok(shown);
    const on = last < lines.length ? `; read on with from: ${last + 1}` : '';
    return ok(`${page.join('\n')}\n[${file.value.path}: lines ${from} to ${last} of ${lines.length}${on}]`);
  },
});

/** As many lines from one on as an answer holds; at least one. */
function pageOf(lines: readonly string[], from: number, most: number): string[] {
  const page: string[] = [];
  let characters = 0;
  for (const line of lines.slice(from - 1, from - 1 + most)) {
    const shown =
      line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}[… this line has ${line.length.toLocaleString('en')} characters]` : line;
    characters += shown.length + 1;
    if (characters > MAX_CHARACTERS && page.length > 0) break;
    page.push(shown);
  }
  return page;
}
