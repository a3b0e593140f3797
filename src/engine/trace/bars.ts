/** A timeline as rows of characters. Pure. */
import type { Doing, Span, Timeline } from './timeline';

/** What stands for what a task did; in this order where several fall on one character: what says most comes first. */
export const MARKS: readonly (readonly [Doing, string, string])[] = [
  ['working', '█', 'agent at work'],
  ['checking', '▓', 'checking'],
  ['landing', '▄', 'landing'],
  ['deciding', '?', 'waits for you'],
  ['asked', '!', 'waits for your answer'],
  ['budget', '$', 'waits for more budget'],
  ['paused', '=', 'waits until you continue the run'],
  ['dead', '/', 'cut off, until the run was resumed'],
  ['resting', '↻', 'waits to try again'],
  ['broken', '×', 'waits while such agents keep failing'],
  ['queued', '░', 'waits for a free agent'],
  ['awaiting', '┄', 'waits for tasks of its own'],
  ['blocked', '·', 'waits for other tasks'],
];

/** One row of `width` characters for each task, from the run's beginning to its end. */
export function barsOf({ lines, from, to }: Timeline, width: number): string[] {
  const each = Math.max(1, to - from) / width;
  return lines.map(({ spans }) =>
    Array.from({ length: width }, (_, at) => markIn(spans, from + at * each, from + (at + 1) * each))
      .join('')
      .trimEnd(),
  );
}

/** Short work must not vanish in a long run: what says most is shown, however short it was. */
function markIn(spans: readonly Span[], from: number, to: number): string {
  const there = new Set(spans.filter((span) => span.from < to && span.to > from).map(({ doing }) => doing));
  return MARKS.find(([doing]) => there.has(doing))?.[1] ?? ' ';
}
