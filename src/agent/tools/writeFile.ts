/** write_file: a whole file, new or over what is there. */
import * as z from 'zod';
import { ok } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { findText } from '../files';
import { encodeText, linesOf } from '../text';
import { tool } from './tool';

export const writeFile = tool({
  name: 'write_file',
  description:
    'Writes a whole file: makes it, with the folders that it needs, or replaces what it has. To change part of a file use edit_file. A file that is there keeps its line ends.',
  writes: true,
  input: z.object({
    path: z.string().describe('Path relative to the workspace.'),
    content: z.string().describe('The whole text of the file.'),
    executable: z.boolean().optional().describe('Whether it can be run as a program. Absent: as it was; a new file cannot.'),
  }),
  step: ({ path }) => `Writing ${path}`,
  async run({ path: raw, content, executable }, { draft }) {
    const file = await findText(draft, raw);
    if (!file.ok) return file;
    const { path, text } = file.value;
    const bytes = encodeText(content, text ?? undefined);
    const mode = executable === undefined ? undefined : executable ? '100755' : '100644';
    const written = await draft.write(path, bytes, mode);
    if (!written.ok) return written;
    return ok(`${text === null ? 'Made' : 'Replaced'} ${path} (${counted(linesOf(content).length, 'line')}).`);
  },
});
