/** What changed between two trees, and where two changes do not fit together. Paths are workspace paths; ids are git object ids. */
import * as z from 'zod';
import { partSchema } from './part';

/** A git file mode: plain, executable, symbolic link, nested repository. */
export const modeSchema = z.enum(['100644', '100755', '120000', '160000']);
export type Mode = z.infer<typeof modeSchema>;

/** A file as a tree has it. */
export const entrySchema = z.object({ mode: modeSchema, blob: z.string() });
export type Entry = z.infer<typeof entrySchema>;

/** One path that differs between two trees; `null` where a side does not have it. */
export const changeSchema = z.object({ path: z.string(), before: entrySchema.nullable(), after: entrySchema.nullable() });
export type Change = z.infer<typeof changeSchema>;

/** A file of a tree as an editor shows it. `entry` null: the tree has no such file, and it shows as an empty one. */
export const shownFileSchema = z.object({
  session: z.string(),
  entry: entrySchema.nullable(),
  /** Where it is a side of what a task's landing changed: of which, and whether it is the file before or after. */
  of: z.object({ run: z.string(), task: z.string(), path: z.string(), side: z.enum(['before', 'after']) }).optional(),
});
export type ShownFile = z.infer<typeof shownFileSchema>;

/** A path that an agent looked at, and the blob that the base of its draft has there; null: nothing. */
export const readSchema = z.object({ path: z.string(), blob: z.string().nullable() });
export type Read = z.infer<typeof readSchema>;

/** A folder (`''`: all) of whose inside an agent was told: which files there are, or also what is in them. */
export const lookSchema = z.object({ folder: z.string(), at: z.enum(['names', 'contents']) });
export type Look = z.infer<typeof lookSchema>;

/** A path that an agent read and that is not any more what it read, and the task that changed it; null: the person, or another run. */
export const staleFileSchema = z.object({ path: z.string(), by: z.string().nullable() });
export type StaleFile = z.infer<typeof staleFileSchema>;

/**
 * One path that a merge could not decide. `null` where a side does not have the file.
 * `base` is what both began from, `ours` what the workspace has, `theirs` what is to come in.
 */
export const conflictFileSchema = z.object({
  path: z.string(),
  base: entrySchema.nullable(),
  ours: entrySchema.nullable(),
  theirs: entrySchema.nullable(),
  /** Who wrote `ours`, in words a person knows: a task's title, or “your edits”. */
  oursBy: z.string(),
  /** All who changed it there since `base`, the last one first: tasks, and null for the person; older journals do not have it. */
  authors: z.array(z.string().nullable()).optional(),
});
export type ConflictFile = z.infer<typeof conflictFileSchema>;

/** One merge of several that make one change: what is to come in for a task is all that differs between two commits. */
export const stepSchema = z.object({ task: z.string(), base: z.string(), theirs: z.string() });
export type Step = z.infer<typeof stepSchema>;

/** A landing, an undo or a redo that needs a decision: the three states that were merged, and the files that did not fit. */
export const conflictSchema = z.object({
  /** What the merge was for. */
  intent: z.enum(['land', 'undo', 'redo']),
  /** The part that was to be undone or redone, where that is not the whole task. */
  part: partSchema.optional(),
  /** Where the whole run is undone or redone: what was merged before this, and what is to be merged after it. */
  others: z.object({ before: z.array(stepSchema), after: z.array(stepSchema) }).optional(),
  /** Commit of the workspace as the merge saw it, with what was merged before. */
  ours: z.string(),
  /** The commits that it was merged from: what both began from, and what is to come in; older journals do not have them. */
  base: z.string().optional(),
  theirs: z.string().optional(),
  /** Tree of the merge, with markers where it could not decide. */
  tree: z.string(),
  files: z.array(conflictFileSchema).min(1),
});
export type Conflict = z.infer<typeof conflictSchema>;

/** `added`, `deleted` or `changed`, for a person. */
export function changeWord(change: Change): 'added' | 'deleted' | 'changed' {
  if (change.before === null) return 'added';
  return change.after === null ? 'deleted' : 'changed';
}
