/** What stands on what is to be undone: tasks that landed later on the same lines, or that had read its files. */
import { ok, type Result } from '../../domain/failure';
import type { Lines } from '../../domain/part';
import type { RunState } from '../../domain/run';
import type { TaskState } from '../../domain/taskState';
import { type BlamedLine, blameCommit } from '../../repo/history/blame';
import { type Chain, isBehind, readChains } from '../../repo/history/chain';
import { type Changed, changedFile } from '../../repo/history/hunks';
import type { Repository } from '../../repo/repository';
import { diffTrees, lookUp } from '../../repo/trees';
import { type Reversal, reversedTasks } from './undo';

/** A task that may no longer make sense once something is undone. */
export interface Dependent {
  readonly run: string;
  readonly task: string;
  readonly title: string;
  /** Changed lines that are to be undone, or stood on them; or read files that are to be undone. */
  readonly why: 'lines' | 'read';
  readonly paths: readonly string[];
}

/** `runs`: all runs of the folder, `state` among them. Nothing depends on what is redone. */
export async function dependentsOf(
  repo: Repository,
  { runs, state, reversal }: { runs: readonly RunState[]; state: RunState; reversal: Reversal },
  signal: AbortSignal,
): Promise<Result<Dependent[]>> {
  if (reversal.intent === 'redo') return ok([]);
  const undone = await undoneOf(repo, state, reversal);
  if (!undone.ok) return undone;
  const chains = await readChains(repo);
  if (!chains.ok) return chains;
  const dependents: Dependent[] = [];
  for (const other of runs) {
    for (const task of other.tasks.values()) {
      const { id, title } = task.task;
      if (task.stage.kind !== 'landed' || (other.start.run === state.start.run && undone.value.tasks.has(id))) continue;
      const found = { run: other.start.run, task: id, title };
      const lines = await onLines(repo, { task, undone: undone.value, chains: chains.value }, signal);
      if (!lines.ok) return lines;
      if (lines.value.length > 0) dependents.push({ ...found, why: 'lines', paths: lines.value });
      const read = lines.value.length > 0 ? ok([]) : await hadRead(repo, task, undone.value);
      if (!read.ok) return read;
      if (read.value.length > 0) dependents.push({ ...found, why: 'read', paths: read.value });
    }
  }
  return ok(dependents);
}

/** What is to be undone, by the paths that it has after the landings. */
interface Undone {
  readonly run: string;
  readonly tasks: ReadonlyMap<string, TaskState>;
  readonly paths: ReadonlySet<string>;
  /** Whether a line of a later state is one of those to be undone. */
  readonly has: (line: BlamedLine) => boolean;
}

async function undoneOf(repo: Repository, state: RunState, reversal: Reversal): Promise<Result<Undone>> {
  const { target } = reversal;
  const { run } = state.start;
  const tasks = new Map(reversedTasks(state, reversal).map((task) => [task.task.id, task]));
  const paths = new Set<string>();
  let part: Changed | undefined;
  for (const { landing } of tasks.values()) {
    if (landing === null) continue;
    if (target.of === 'part') {
      const file = await changedFile(repo, landing, target.path);
      if (!file.ok) return file;
      part = file.value;
      paths.add(part.path);
    } else {
      const changes = await diffTrees(repo, landing.before, landing.after);
      if (!changes.ok) return changes;
      for (const change of changes.value) paths.add(change.path);
    }
  }
  const hunk = target.of === 'part' ? part?.hunks.find(({ number }) => number === target.hunk) : undefined;
  const has = ({ writer, path, line }: BlamedLine) =>
    writer.by === 'task' &&
    writer.run === run &&
    tasks.has(writer.task) &&
    (part === undefined || path === part.path) &&
    (hunk === undefined || (line >= hunk.after.line && line < hunk.after.line + hunk.after.count));
  return ok({ run, tasks, paths, has });
}

/** The files in which a task changed lines that are to be undone. */
async function onLines(
  repo: Repository,
  { task, undone, chains }: { task: TaskState; undone: Undone; chains: readonly Chain[] },
  signal: AbortSignal,
): Promise<Result<string[]>> {
  const { landing } = task;
  if (landing === null) return ok([]);
  const changes = await diffTrees(repo, landing.before, landing.after);
  if (!changes.ok) return changes;
  const paths: string[] = [];
  for (const { path, before } of changes.value) {
    if (before === null || before.mode === '160000' || !undone.paths.has(path)) continue;
    const file = await changedFile(repo, landing, path);
    if (!file.ok) return file;
    const blamed = await blameCommit(repo, { chains, commit: landing.before, path }, signal);
    if (!blamed.ok) return blamed;
    const { hunks } = file.value;
    const touched = hunks.length === 0 ? blamed.value : hunks.flatMap(({ before: lines }) => touchedBy(blamed.value, lines));
    if (touched.some(undone.has)) paths.push(path);
  }
  return ok(paths);
}

/** The lines that a hunk replaces; those on both sides of it where it only adds some. */
function touchedBy(all: readonly BlamedLine[], { line, count }: Lines): readonly BlamedLine[] {
  return count === 0 ? all.slice(Math.max(0, line - 1), line + 1) : all.slice(line - 1, line - 1 + count);
}

/** The files that a task had read as they were after what is to be undone had landed. */
async function hadRead(repo: Repository, task: TaskState, undone: Undone): Promise<Result<string[]>> {
  const read = task.work.reads.flatMap(({ path }) => (undone.paths.has(path) ? [path] : []));
  if (read.length === 0) return ok([]);
  const paths = new Set<string>();
  for (const { landing } of undone.tasks.values()) {
    if (landing === null) continue;
    const later = await isBehind(repo, { commit: landing.after, tip: task.work.base });
    if (!later.ok) return later;
    const changed = await lookUp(repo, landing.after, read);
    if (!changed.ok) return changed;
    const same = task.work.reads.filter(({ path, blob }) => {
      const entry = changed.value.get(path);
      return entry !== undefined && entry !== 'folder' && entry.blob === blob;
    });
    // Of another run’s chain, only what was read tells: the very content that landed.
    for (const path of later.value ? read : same.map((one) => one.path)) paths.add(path);
  }
  return ok([...paths].sort());
}
