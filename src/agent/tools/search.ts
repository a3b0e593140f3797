/** search: the lines of the draft that match a regular expression. */
import * as z from 'zod';
import { fail, ok } from '../../domain/failure';
import { parseFolder } from '../../domain/path';
import { findFolder } from '../files';
import { tool } from './tool';

const MAX_HITS = 200;
const MAX_LINE = 300;

export const search = tool({
  name: 'search',
  description: 'Finds the lines that match an extended regular expression (POSIX, as grep -E). Gives path:line: text, at most 200 of them.',
  writes: false,
  input: z.object({
    pattern: z
      .string()
      .min(1)
      .describe('Extended regular expression; put a \\ before characters such as ( or . that are meant as they are.'),
    folder: z.string().optional().describe('Folder to search in, relative to the workspace. Absent: the whole workspace.'),
    ignoreCase: z.boolean().optional().describe('Whether upper and lower case are the same.'),
  }),
  step: ({ pattern }) => `Searching for “${pattern.length > 60 ? `${pattern.slice(0, 59)}…` : pattern}”`,
  async run({ pattern, folder: raw = '', ignoreCase = false }, { draft, signal }) {
    const folder = parseFolder(raw);
    if (!folder.ok) return folder;
    if (pattern.includes('\n')) return fail('input', 'The pattern has more than one line.', 'Search for one line at a time.');
    const hits = await draft.search(pattern, { folder: folder.value, ignoreCase }, signal);
    if (!hits.ok) return hits;
    if (hits.value.length === 0) {
      const searched = await findFolder(draft, raw);
      return searched.ok ? ok('No line matches.') : searched;
    }
    const lines = hits.value.slice(0, MAX_HITS).map((hit) => `${hit.path}:${hit.line}: ${hit.text.replace(/\r$/, '').slice(0, MAX_LINE)}`);
    const left = hits.value.length - lines.length;
    return ok(
      [...lines, ...(left > 0 ? [`[${left.toLocaleString('en')} more lines match: narrow the pattern or the folder.]`] : [])].join('\n'),
    );
  },
});
