/** The journal of a run: its events, a line each, appended as they happen. From it alone the state is rebuilt. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asEvent, JOURNAL_VERSION, laterVersion, type RunEvent } from '../../domain/event';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { dataOf } from '../../domain/line';
import { isMissing } from '../../repo/files';
import { endsWhole } from './lines';

// Where journals lie is told there, for snapshots note how far they are.
export { journalFile } from '../../repo/snapshot/journals';

/** Events that must be on disk before anything else happens: they speak of the person's files. */
const LASTING = new Set<RunEvent['type']>([
  'run.started',
  'task.landed',
  'task.conflicted',
  'task.undone',
  'task.redone',
  'task.partUndone',
  'task.partRedone',
  'run.finished',
]);

/** What left the files as they were is worth no wait for the disk. */
function isLasting(event: RunEvent): boolean {
  return LASTING.has(event.type) && !(event.type === 'task.landed' && event.before === event.after);
}

export interface Journal {
  append(event: RunEvent): void;
  close(): void;
}

/** Opens a run's journal for appending; readable by its user alone. Appending throws where the disk does not take it. */
export function openJournal(file: string): Journal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fd = openSync(file, 'a', 0o600);
  let open = true;
  // What a crash, or a full disk, cut off must not swallow the next line.
  let isTorn = !endsWhole(file);
  return {
    append: (event) => {
      // Its number may be another file's by now.
      if (!open) throw new Error('the journal is closed');
      const line = Buffer.from(`${isTorn ? '\n' : ''}${JSON.stringify(event)}\n`);
      isTorn = true;
      for (let written = 0; written < line.length; ) written += writeSync(fd, line, written);
      isTorn = false;
      if (isLasting(event)) fsyncSync(fd);
    },
    close: () => {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

/**
 * The events of a journal. Lines that are no events (cut off by a crash, or of kinds that this version does not know) are left out; one of a
 * version that it would misread fails. `bytes`: only so much of its beginning is read.
 */
export function readJournal(file: string, bytes?: number): Result<RunEvent[]> {
  try {
    // Reading a pipe would wait for whoever writes to it.
    if (!statSync(file).isFile()) throw new Error('it is no file');
    const events: RunEvent[] = [];
    for (const line of readFileSync(file).subarray(0, bytes).toString('utf8').split('\n')) {
      const data = dataOf(line);
      const event = asEvent(data);
      const later = event === undefined ? laterVersion(data) : undefined;
      if (later !== undefined)
        return fail(
          'file',
          `The journal ${file} is of a later version of Weft (its format is ${later}, this one knows ${JOURNAL_VERSION}).`,
          'Use that version, or a newer one.',
        );
      if (event !== undefined) events.push(event);
    }
    return ok(events);
  } catch (thrown) {
    return fail(
      'file',
      `The journal ${file} cannot be read: ${thrownText(thrown)}.`,
      'Make it readable, or delete its folder to forget the run.',
    );
  }
}

/** A journal for who looks after it: its path, and which of its lines are damaged, cut off, or of no kind that this version knows. */
export function journalText(file: string): string {
  const unread = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, at) => (line === '' || asEvent(dataOf(line)) !== undefined ? [] : [at + 1]));
  if (unread.length === 0) return file;
  const more = unread.length > MOST_LINES ? ` and ${unread.length - MOST_LINES} more` : '';
  return `${file}, of which ${unread.length === 1 ? 'line' : 'lines'} ${unread.slice(0, MOST_LINES).join(', ')}${more} cannot be read`;
}

/** So many are named. */
const MOST_LINES = 5;

/** Ids of the runs that have a folder here, newest first. */
export async function listRunIds(stateDir: string): Promise<string[]> {
  try {
    const found = await readdir(join(stateDir, 'runs'));
    return found.sort().reverse();
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}
