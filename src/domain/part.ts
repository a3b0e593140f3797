/** A part of what a task changed in the workspace: a file, or one hunk of a file. */
import * as z from 'zod';

/** Whole lines: the first one, counted from 1, and how many; a count of 0 stands behind that line, as git has it. */
const linesSchema = z.object({ line: z.int().min(0), count: z.int().min(0) });
export type Lines = z.infer<typeof linesSchema>;

/** Lines that a landing put in the place of others. `number` counts the hunks of the file from 1. */
export const hunkSchema = z.object({ number: z.int().min(1), before: linesSchema, after: linesSchema });
export type Hunk = z.infer<typeof hunkSchema>;

export const partSchema = z.object({
  path: z.string(),
  /** Where the landing renamed the file: its path before; else null. */
  from: z.string().nullable(),
  /** Null: the whole file. */
  hunk: hunkSchema.nullable(),
});
export type Part = z.infer<typeof partSchema>;

/** Whether two parts of the same task are the same. */
export function isSamePart(a: Part, b: Part): boolean {
  return a.path === b.path && a.hunk?.number === b.hunk?.number;
}

/** `src/a.ts`, `hunk 2 of src/a.ts`. */
export function partText(part: Part): string {
  return part.hunk === null ? part.path : `hunk ${part.hunk.number} of ${part.path}`;
}
