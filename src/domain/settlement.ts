/** How a conflict was decided: by the person, an arbiter, or the order of roles. */

import * as z from 'zod';
import type { Change, Conflict, Read } from './changes';
import { never } from './failure';
import { exactly } from './inboxText';

/** By an arbiter, the task with that id; or by a rule: of each file, which side prevailed, and over which roles. */
export const decidedBySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('arbiter'), arbiter: z.string() }),
  z.object({
    kind: z.literal('rule'),
    files: z.array(
      z.object({
        path: z.string(),
        /** `theirs`: the task's own side; `ours`: what had landed before. */
        side: z.enum(['ours', 'theirs']),
        /** The role that prevailed, and those that gave way. */
        role: z.string(),
        over: z.array(z.string()),
      }),
    ),
  }),
]);
export type DecidedBy = z.infer<typeof decidedBySchema>;

/** `a.txt: decided by security before coder`, for a person. */
export function settlementText({ by, files }: Settlement): string {
  const where = files.map(exactly).join(', ');
  switch (by.kind) {
    case 'person':
      return `${where}: decided by the person`;
    case 'arbiter':
      return `${where}: decided by the arbiter ${by.arbiter}`;
    case 'rule':
      return by.files
        .map(({ path, role, over }) => `${exactly(path)}: decided by the order of roles, ${role} before ${over.join(', ')}`)
        .join('; ');
    default:
      return never(by);
  }
}

/** What a task had done before its conflict was decided. */
export interface BeforeSettling {
  readonly base: string;
  readonly changeset: string | null;
  readonly changes: readonly Change[];
  readonly reads: readonly Read[];
}

/** One conflict of a task, and how it was decided. */
export type Settlement =
  | { readonly by: { readonly kind: 'person' }; readonly files: readonly string[] }
  | {
      readonly by: DecidedBy;
      readonly files: readonly string[];
      /** To go back to, where what came of it does not pass. */
      readonly conflict: Conflict;
      readonly before: BeforeSettling;
      /** What came of it. */
      readonly changeset: string | null;
    };
