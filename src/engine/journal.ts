/** The journal of a run: its events, a line each, appended as they happen. From it alone the state is rebuilt. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseEvent, type RunEvent } from '../domain/event';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { isMissing } from '../repo/files';

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

export interface Journal {
  append(event: RunEvent): void;
  close(): void;
}

export function journalFile(stateDir: string, run: string): string {
  return join(stateDir, 'runs', run, 'journal.jsonl');
}

/** Opens a run's journal for appending; readable by its user alone. Appending throws where the disk does not take it. */
export function openJournal(file: string): Journal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const torn = existsSync(file) && !/(^|\n)$/.test(readFileSync(file, 'utf8'));
  const fd = openSync(file, 'a', 0o600);
  // A line that a crash cut off must not swallow the next one.
  if (torn) writeSync(fd, '\n');
  let open = true;
  return {
    append: (event) => {
      // Its number may be another file's by now.
      if (!open) throw new Error('the journal is closed');
      writeSync(fd, `${JSON.stringify(event)}\n`);
      if (LASTING.has(event.type)) fsyncSync(fd);
    },
    close: () => {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

/** The events of a journal. Lines that are no events (cut off by a crash, or of a later version) are left out. */
export function readJournal(file: string): Result<RunEvent[]> {
  try {
    return ok(
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line) => {
          const event = line === '' ? undefined : parseEvent(line);
          return event === undefined ? [] : [event];
        }),
    );
  } catch (thrown) {
    return fail(
      'file',
      `The journal ${file} cannot be read: ${thrownText(thrown)}.`,
      'Make it readable, or delete its folder to forget the run.',
    );
  }
}

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
