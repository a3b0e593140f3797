/** What a failing test run printed, cut to what tells why: the places where it says that something failed, what surrounds them, and the end. Pure. */
import { counted } from '../domain/figures';

/** What says that something failed, in the words of the usual tools. */
const FAILED =
  /\b(fail(ed|ure|ures|ing)?|error(s)?|exception|panicked|panic|traceback|assert\w*|expected|received|actual|undefined|cannot find|not found|segmentation fault|fatal)\b|\bnot ok\b|^\s*(✗|✘|✖|×|●|❌|FAIL|E )|\w(Error|Exception)\b/i;
/** What says of many tests that they passed, and tells nothing else. */
const PASSED = /^\s*(✓|✔|√|ok \d|PASS\b|· |--- PASS|test .* \.\.\. ok$|.*\bPASSED\b)/;
/** A place in a file: `src/a.ts:12:3`, `a.py", line 12`. */
const PLACE = /[\w./\\-]+\.\w+(:\d+|\(\d+|", line \d+)/;

/** Lines kept before and after one that says that something failed. */
const BEFORE = 3;
const AFTER = 12;
/** Lines at the end that are always kept: there the counts are. */
const TAIL = 30;
/** Longer lines are cut. */
const MAX_LINE = 1_000;

/** At most so many characters of it. What is left out is counted where it was. */
export function cutOutput(output: string, most: number): string {
  const lines = plainLines(output);
  const whole = lines.join('\n');
  if (whole.length <= most) return whole;
  const worth = worthOf(lines);
  // The worth is lowered until it fits: what failed first explains more than what failed last.
  for (const least of [1, 2, 3]) {
    const kept = shown(lines, (at) => (worth[at] ?? 0) >= least);
    if (kept.length <= most) return kept;
  }
  const kept = shown(lines, (at) => (worth[at] ?? 0) >= 3);
  const tail = lines
    .slice(-TAIL)
    .join('\n')
    .slice(-Math.floor(most / 4));
  return `${kept.slice(0, Math.max(0, most - tail.length - 60))}\n[… what failed further on is left out]\n${tail}`.slice(0, most);
}

/** Without colours, without what a progress bar wrote over, and without blank lines in a row. */
function plainLines(output: string): string[] {
  const plain = withoutColours(output)
    .replace(/\r\n/g, '\n')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd())
    .map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
  return plain.filter((line, at) => line !== '' || plain[at - 1] !== '');
}

/** What a terminal obeys begins with an escape: colours, and titles, which end with a bell. */
function withoutColours(output: string): string {
  const [first = '', ...rest] = output.split('\u001b');
  const bare = rest.map((part) => {
    if (part.startsWith(']')) return part.includes('\u0007') ? part.slice(part.indexOf('\u0007') + 1) : '';
    return part.replace(/^(\[[0-?]*[ -/]*[@-~]|\\)/, '');
  });
  return [first, ...bare].join('');
}

/** Of each line: 3 says that something failed, 2 is near one that does, or the end, 1 is neither, 0 says that something passed. */
function worthOf(lines: readonly string[]): number[] {
  const worth = lines.map((line) => (PASSED.test(line) ? 0 : FAILED.test(line) || PLACE.test(line) ? 3 : 1));
  return worth.map((own, at) => {
    if (own === 3 || own === 0) return own;
    const isNear = worth.slice(Math.max(0, at - AFTER), at + BEFORE + 1).includes(3);
    return isNear || at >= lines.length - TAIL ? 2 : own;
  });
}

function shown(lines: readonly string[], isKept: (at: number) => boolean): string {
  const kept: string[] = [];
  let left = 0;
  const gap = () => {
    if (left > 0) kept.push(`[${counted(left, 'line')} left out]`);
    left = 0;
  };
  lines.forEach((line, at) => {
    if (!isKept(at)) {
      left += 1;
      return;
    }
    gap();
    kept.push(line);
  });
  gap();
  return kept.join('\n');
}
