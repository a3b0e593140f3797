/** The transcripts of a run: for each task a file of entries, a line each, appended as they are said. From them agents go on after a crash. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { redactedEntry } from '../../agent/redactedEntry';
import { type Entry, entrySchema, TRANSCRIPT_VERSION } from '../../agent/transcript';
import type { Clock } from '../../domain/clock';
import { fail, fixOfWrite, ok, type Result, thrownText } from '../../domain/failure';
import { dataOf } from '../../domain/line';
import type { TaskId } from '../../domain/plan';
import { journalFile } from './journal';
import { endsWhole } from './lines';

export class Transcripts {
  /** Those whose files were looked at: they end with a whole line. */
  private readonly whole = new Set<TaskId>();
  private readonly prepared = new Map<TaskId, Entry>();
  /** Whether their folder was made. */
  private isThere = false;
  /** What this process wrote without its secrets, by the line: its agents go on from what was really said. */
  private readonly originals = new Map<string, Entry>();

  constructor(
    private readonly stateDir: string,
    private readonly run: string,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Adds an entry to a task's transcript, without secrets; readable by its user alone. */
  append(task: TaskId, entry: Entry): Result<void> {
    const file = this.fileOf(task);
    try {
      this.write(file, task, entry);
      return ok();
    } catch (thrown) {
      return fail(
        'file',
        `The transcript ${file} cannot be written: ${thrownText(thrown)}.`,
        fixOfWrite(thrown, 'Make its folder writable.'),
      );
    }
  }

  /** Has an entry added with the next one. */
  prepare(task: TaskId, entry: Entry): void {
    this.prepared.set(task, entry);
  }

  private write(file: string, task: TaskId, entry: Entry): void {
    const first = this.prepared.get(task);
    this.prepared.delete(task);
    if (first !== undefined) this.write(file, task, first);
    const kept = redactedEntry(entry);
    const text = JSON.stringify({ ...kept, at: this.clock.now() });
    if (kept !== entry) this.originals.set(text, entry);
    const line = `${text}\n`;
    if (this.whole.has(task)) {
      appendFileSync(file, line);
      return;
    }
    if (!this.isThere) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.isThere = true;
    // A line that a crash cut off must not swallow the next one.
    appendFileSync(file, endsWhole(file) ? line : `\n${line}`, { mode: 0o600 });
    this.whole.add(task);
  }

  /** What was said so far; nothing where nothing was. Lines that a crash cut off are left out. */
  read(task: TaskId): Result<Entry[]> {
    return this.readStamped(task);
  }

  /** As {@link read}, with the time of each entry, in milliseconds since 1970. */
  readStamped(task: TaskId): Result<(Entry & { readonly at: number })[]> {
    const file = this.fileOf(task);
    if (!existsSync(file)) return ok([]);
    try {
      const entries: (Entry & { at: number })[] = [];
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        const data = dataOf(line);
        if (data === undefined) continue;
        const later = laterVersion.safeParse(data);
        if (later.success)
          return fail(
            'file',
            `The transcript ${file} is of a later version of Weft (its format is ${later.data.version}, this one knows ${TRANSCRIPT_VERSION}).`,
            'Go on with that version, or a newer one.',
          );
        const entry = entrySchema.safeParse(data);
        const stamp = stamped.safeParse(data);
        if (entry.success && stamp.success) entries.push({ ...(this.originals.get(line) ?? entry.data), at: stamp.data.at });
      }
      return ok(entries);
    } catch (thrown) {
      return fail('file', `The transcript ${file} cannot be read: ${thrownText(thrown)}.`, 'Make it readable.');
    }
  }

  private fileOf(task: TaskId): string {
    return transcriptFile(this.stateDir, this.run, task);
  }
}

export function transcriptFile(stateDir: string, run: string, task: TaskId): string {
  return join(dirname(journalFile(stateDir, run)), 'transcripts', `${task}.jsonl`);
}

const laterVersion = z.object({ type: z.literal('begin'), version: z.number().min(TRANSCRIPT_VERSION + 1) });
const stamped = z.looseObject({ at: z.number() });
