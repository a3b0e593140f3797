/** Files of lines that are only ever added to, by processes that may die at any byte. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Whether a file ends with a whole line; so does one that is not there, or empty. What a crash cut off must not swallow the next line. */
export function endsWhole(file: string): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return true;
  const fd = openSync(file, 'r');
  try {
    const last = Buffer.alloc(1);
    readSync(fd, last, 0, 1, size - 1);
    return last.toString() === '\n';
  } finally {
    closeSync(fd);
  }
}
