/** move_file: moves or renames a file or a folder. */
import * as z from 'zod';
import { fail, ok } from '../../domain/failure';
import { parsePath } from '../../domain/path';
import { findFileOrFolder } from '../files';
import { tool } from './tool';

export const moveFile = tool({
  name: 'move_file',
  description: 'Moves or renames a file, or a folder with all that is in it. What refers to it is not changed: search for it and edit it.',
  writes: true,
  input: z.object({
    from: z.string().describe('Path of the file or folder, relative to the workspace.'),
    to: z.string().describe('Its new path, relative to the workspace. Nothing may be there.'),
  }),
  step: ({ from, to }) => `Moving ${from} to ${to}`,
  async run({ from: rawFrom, to: rawTo }, { draft }) {
    const from = await findFileOrFolder(draft, rawFrom);
    if (!from.ok) return from;
    const to = parsePath(rawTo);
    if (!to.ok) return to;
    const there = await draft.look(to.value);
    if (!there.ok) return there;
    if (there.value !== null) {
      return fail(
        'input',
        `There is a file at ${to.value} already.`,
        'Choose another path, or delete that file first if it is to be replaced.',
      );
    }
    const moved = await draft.move(from.value, to.value);
    return moved.ok ? ok(`Moved ${from.value} to ${to.value}.`) : moved;
  },
});
