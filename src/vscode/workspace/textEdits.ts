/** The smallest edits, by lines, that make one text of another. Pure. */
import { diffArrays } from 'diff';

/** Texts that differ in more lines than this are replaced in one piece: finding the smallest edits would take too long. */
const MAX_DIFFERENCE = 4_000;

/** Replaces the lines from `start` up to, not including, `end` (counted from 0) by `text`. */
export interface LineEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits in the old text's line numbers, in order, none touching another. Lines keep their line ends. */
export function lineEdits(before: string, after: string): LineEdit[] {
  const edits: LineEdit[] = [];
  let line = 0;
  let open: { start: number; end: number; text: string } | undefined;
  const [old, young] = [lines(before), lines(after)];
  const parts = diffArrays(old, young, { maxEditLength: MAX_DIFFERENCE });
  if (parts === undefined) return [{ start: 0, end: old.length, text: after }];
  for (const part of parts) {
    if (!part.added && !part.removed) {
      if (open !== undefined) edits.push(open);
      open = undefined;
      line += part.value.length;
      continue;
    }
    open ??= { start: line, end: line, text: '' };
    if (part.removed) {
      line += part.value.length;
      open.end = line;
    } else {
      open.text += part.value.join('');
    }
  }
  if (open !== undefined) edits.push(open);
  return edits;
}

/** The text in lines, each with its line end; the last one may have none. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
