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
  description:
    'Finds the lines that match a regular expression (as in Perl: \\d, \\s, \\b, (?:…), look-around). Gives path:line: text, at most 200 of them.',
  writes: false,
  input: z.object({
    pattern: z
      .string()
      .min(1)
      .describe('Regular expression, matched line by line; put a \\ before characters such as ( or . that are meant as they are.'),
    folder: z.string().optional().describe('Folder to search in, relative to the workspace. Absent: the whole workspace.'),
    glob: z
      .string()
      .optional()
      .describe('Only files that fit, from the folder on: *.ts (in any folder), src/**/*.{ts,tsx}; with ! before it, all others.'),
    ignoreCase: z.boolean().optional().describe('Whether upper and lower case are the same.'),
  }),
  step: ({ pattern }) => `Searching for “${pattern.length > 60 ? `${pattern.slice(0, 59)}…` : pattern}”`,
  async run({ pattern, folder: raw = '', glob, ignoreCase = false }, { draft, signal }) {
    const folder = parseFolder(raw);
    if (!folder.ok) return folder;
    if (pattern.includes('\n')) return fail('input', 'The pattern has more than one line.', 'Search for one line at a time.');
    const found = await draft.search({ pattern, folder: folder.value, glob, ignoreCase, most: MAX_HITS }, signal);
    if (!found.ok) return found;
    const { hits, more } = found.value;
    if (hits.length === 0) {
      const searched = await findFolder(draft, raw);
      return searched.ok ? ok('No line matches.') : searched;
    }
    const lines = hits.map((hit) => `${hit.path}:${hit.line}: ${hit.text.replace(/\r$/, '').slice(0, MAX_LINE)}`);
    return ok([...lines, ...(more ? ['[More lines match: narrow the pattern, the glob or the folder.]'] : [])].join('\n'));
  },
});
