/** diagnostics: what the language servers of the person's editor say of the draft's files. */
import * as z from 'zod';
import { fail, ok } from '../../domain/failure';
import type { Draft } from '../../repo/draft/draft';
import { readBytes } from '../files';
import { tool } from './tool';

/** Most files of one call. */
const MAX_PATHS = 50;

export const diagnostics = tool({
  name: 'diagnostics',
  description:
    'Shows errors and warnings that the language servers of the person’s editor find in your draft: types that do not fit, names that are missing. Quicker than a build, and not as sure: some servers look only at files that the editor shows, and the answer says so.',
  writes: false,
  input: z.object({
    paths: z.array(z.string()).max(MAX_PATHS).optional().describe('Files, relative to the workspace. Absent: all that you have changed.'),
  }),
  step: ({ paths }) => (paths?.length === 1 ? `Looking for problems in ${paths[0]}` : 'Looking for problems'),
  async run({ paths }, desk) {
    const found: string[] = [];
    for (const raw of paths ?? changedIn(desk.draft)) {
      const file = await readBytes(desk.draft, raw);
      if (!file.ok) return file;
      found.push(file.value.path);
    }
    if (found.length === 0) return fail('input', 'You have changed no files yet.', 'Name the files that you want to know about.');
    const answer = await desk.act({ kind: 'diagnostics', paths: found.slice(0, MAX_PATHS) });
    return answer.ok ? ok(answer.value.text) : answer;
  },
});

/** A link is not followed: it may lead out of the workspace. */
function changedIn(draft: Draft): string[] {
  return [...draft.changed()].flatMap(([path, content]) => (content === null || content.mode === '120000' ? [] : [path])).sort();
}
