/** delete_file: takes one file away. */
import * as z from 'zod';
import { ok } from '../../domain/failure';
import { findFile } from '../files';
import { tool } from './tool';

export const deleteFile = tool({
  name: 'delete_file',
  description: 'Deletes one file.',
  writes: true,
  input: z.object({ path: z.string().describe('Path relative to the workspace.') }),
  step: ({ path }) => `Deleting ${path}`,
  async run({ path: raw }, { draft }) {
    const path = await findFile(draft, raw);
    if (!path.ok) return path;
    const removed = await draft.remove(path.value);
    return removed.ok ? ok(`Deleted ${path.value}.`) : removed;
  },
});
