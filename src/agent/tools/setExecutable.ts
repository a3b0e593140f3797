/** set_executable: whether a file can be run as a program. */
import * as z from 'zod';
import { fail, ok } from '../../domain/failure';
import { parsePath } from '../../domain/path';
import { findFile } from '../files';
import { tool } from './tool';

export const setExecutable = tool({
  name: 'set_executable',
  description: 'Makes a file executable (as chmod +x does), or no longer executable. Its content stays as it is.',
  writes: true,
  input: z.object({
    path: z.string().describe('Path relative to the workspace.'),
    executable: z.boolean().describe('true: it can be run as a program.'),
  }),
  step: ({ path, executable }) => `Making ${path} ${executable ? '' : 'not '}executable`,
  async run({ path: raw, executable }, { draft }) {
    const there = await findFile(draft, raw);
    if (!there.ok) return there;
    const path = parsePath(raw);
    if (!path.ok) return path;
    const content = await draft.look(path.value);
    if (!content.ok) return content;
    if (content.value === null || content.value.mode === '120000')
      return fail('input', `${path.value} is a symbolic link.`, 'Name the file that it leads to.');
    const written = await draft.write(path.value, content.value.bytes, executable ? '100755' : '100644');
    return written.ok ? ok(`${path.value} is ${executable ? '' : 'not '}executable now.`) : written;
  },
});
