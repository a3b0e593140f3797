/** list_files: the files under a folder; of a large folder, what is directly in it. */
import * as z from 'zod';
import { ok } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { findFolder } from '../files';
import { tool } from './tool';

/** More files than this are shown folded: a folder is a line with its number of files. */
const MAX_LISTED = 1000;

export const listFiles = tool({
  name: 'list_files',
  description: 'Lists the files under a folder, at any depth, one path a line. Of a very large folder it lists what is directly in it.',
  writes: false,
  input: z.object({ folder: z.string().optional().describe('Folder, relative to the workspace. Absent: the whole workspace.') }),
  step: ({ folder }) => (folder === undefined || folder === '' ? 'Looking around' : `Listing ${folder}`),
  async run({ folder }, { draft }) {
    const found = await findFolder(draft, folder);
    if (!found.ok) return found;
    const { files } = found.value;
    if (files.length === 0) return ok('The workspace is empty.');
    if (files.length <= MAX_LISTED) return ok(files.join('\n'));
    const folded = foldedLines(found.value.folder, files);
    const more =
      folded.length > MAX_LISTED ? [`[${(folded.length - MAX_LISTED).toLocaleString('en')} more are not shown: use search.]`] : [];
    const head = `[${counted(files.length, 'file')}: only what is directly in the folder is shown. List a folder of it to see more.]`;
    return ok([head, ...folded.slice(0, MAX_LISTED), ...more].join('\n'));
  },
});

/** What is directly in a folder: `src/api/ (12 files)`, `src/main.ts`. */
function foldedLines(folder: string, files: readonly string[]): string[] {
  const start = folder === '' ? 0 : folder.length + 1;
  const counts = new Map<string, number>();
  for (const file of files) {
    const end = file.indexOf('/', start);
    const key = end === -1 ? file : file.slice(0, end + 1);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, number]) => (key.endsWith('/') ? `${key} (${counted(number, 'file')})` : key));
}
