/** Shows the rows of a benchmark: as a table for people, as JSON for machines. */
import { keepsLimit, median, minimum, type Row, ratioOf } from './row';

const HEADER = ['', 'minimum', 'median', 'reference', 'minimum', 'median', 'ratio', '(of medians)', 'limit', ''];

export function tableLines(rows: readonly Row[]): string[] {
  const lines = [HEADER, ...rows.map(cellsOf)];
  const widths = HEADER.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => (column === 0 || column === 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function cellsOf(row: Row): string[] {
  const figure = (value: number): string => `${value.toFixed(row.unit === 'ms' && value >= 100 ? 0 : 1)} ${row.unit}`;
  const ratio = (value: number | null): string => (value === null ? '' : value.toFixed(2));
  const { reference } = row;
  return [
    row.name,
    figure(minimum(row.samples)),
    figure(median(row.samples)),
    reference?.name ?? '',
    reference === null ? '' : figure(minimum(reference.samples)),
    reference === null ? '' : figure(median(reference.samples)),
    ratio(ratioOf(row, minimum)),
    ratio(ratioOf(row, median)),
    limitText(row),
    row.limit.kind === 'none' ? '' : keepsLimit(row) ? 'ok' : 'OVER',
  ];
}

function limitText({ limit, unit, reference }: Row): string {
  const suffix = reference === null ? ` ${unit}` : '';
  switch (limit.kind) {
    case 'at most':
      return `≤ ${limit.value}${suffix}`;
    case 'at least':
      return `≥ ${limit.value}${suffix}`;
    case 'none':
      return '';
    default:
      return limit satisfies never;
  }
}

/** Everything that was measured, and what came of it. */
export function jsonText(rows: readonly Row[]): string {
  const machine = rows.map((row) => ({
    ...row,
    minimum: minimum(row.samples),
    median: median(row.samples),
    ratio: ratioOf(row, minimum),
    ratioOfMedians: ratioOf(row, median),
    ok: keepsLimit(row),
  }));
  return JSON.stringify({ ok: rows.every(keepsLimit), rows: machine }, null, 2);
}
