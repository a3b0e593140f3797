/** Deciding a conflict by the order of roles: where two contradict each other, the one that stands first prevails, in those lines alone. */
import { rm } from 'node:fs/promises';
import type { Conflict, ConflictFile, Entry } from '../../domain/changes';
import { type Failure, fail, ok, type Result, thrownText } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import type { DecidedBy } from '../../domain/settlement';
import type { TaskState } from '../../domain/taskState';
import { conflictFolder, favouring, resolvedEntry, writeConflictFiles } from '../../repo/land/conflictFiles';
import type { Repository } from '../../repo/repository';
import { lookUp, type Put } from '../../repo/trees';
import { roleOf } from '../schedule/ranking';

type RuledFile = Extract<DecidedBy, { kind: 'rule' }>['files'][number];

export interface Ruled {
  readonly puts: ReadonlyMap<string, Put | null>;
  readonly files: RuledFile[];
}

/**
 * What the order of roles makes of a task's conflict. Fails as `unsure`, for all of its files, where one of them is not for a rule to decide:
 * the person changed it, both sides are as high, or it was renamed.
 */
export async function byPriority(repo: Repository, state: RunState, task: TaskState, priority: readonly string[]): Promise<Result<Ruled>> {
  if (task.stage.kind !== 'conflicted') return ok({ puts: new Map(), files: [] });
  const { conflict } = task.stage;
  const files: RuledFile[] = [];
  for (const file of conflict.files) {
    const ruled = prevailing(state, task, file, priority);
    if (!ruled.ok) return ruled;
    files.push(ruled.value);
  }
  const moved = await renamedIn(repo, conflict);
  if (!moved.ok) return moved;
  if (moved.value !== undefined) return unsure(`${moved.value} was renamed on one side.`);
  const run = state.start.run;
  const written = await writeConflictFiles(repo, { run, task: task.task.id, title: task.task.title, keep: true }, conflict);
  if (!written.ok) return written;
  const puts = new Map<string, Put | null>();
  for (const [at, file] of conflict.files.entries()) {
    const paths = written.value[at];
    const side = files[at]?.side ?? 'ours';
    if (paths === undefined) continue;
    if (!paths.text) {
      puts.set(file.path, file[side]);
      continue;
    }
    const merged = await favouring(repo, paths, side);
    if (!merged.ok) return merged;
    const entry = await resolvedEntry(repo, file, merged.value);
    if (!entry.ok) return entry;
    puts.set(file.path, entry.value);
  }
  try {
    // What the person finds there later is of the conflict that they decide.
    await rm(conflictFolder(repo, run, task.task.id), { recursive: true, force: true });
  } catch (thrown) {
    return fail('file', `The files of the conflict cannot be deleted: ${thrownText(thrown)}.`, 'Decide the conflict yourself.');
  }
  return ok({ puts, files });
}

/** Which side of a file prevails, whole as it is or in the lines that contradict each other. */
function prevailing({ tasks }: RunState, task: TaskState, { path, authors }: ConflictFile, priority: readonly string[]): Result<RuledFile> {
  if (authors === undefined || authors.length === 0 || authors.includes(null)) return unsure(`You changed ${path} yourself.`);
  const others = authors.flatMap((id) => {
    const found = id === null ? undefined : tasks.get(id);
    return found === undefined ? [] : [roleOf(found)];
  });
  if (others.length < authors.length) return unsure(`It is not known who changed ${path}.`);
  const own = roleOf(task);
  const over = [...new Set(others)];
  const rank = (role: string) => {
    const at = priority.indexOf(role);
    return at === -1 ? priority.length : at;
  };
  if (over.every((role) => rank(own) < rank(role))) return ok({ path, side: 'theirs', role: own, over });
  const [first = own] = [...over].sort((a, b) => rank(a) - rank(b));
  if (over.every((role) => rank(role) < rank(own))) return ok({ path, side: 'ours', role: first, over: [own] });
  return unsure(`${path} was changed by ${over.join(' and ')} and by ${own}, and the order of roles does not tell which of them prevails.`);
}

function unsure(why: string): { readonly ok: false; readonly failure: Failure } {
  return fail('unsure', why, 'Decide the conflict yourself, or ask an arbiter.');
}

/** A file that one of the commits has elsewhere; what was done to it under its other name is not known here. */
async function renamedIn(repo: Repository, conflict: Conflict): Promise<Result<string | undefined>> {
  const paths = conflict.files.map(({ path }) => path);
  for (const side of ['base', 'ours', 'theirs'] as const) {
    const commit = conflict[side];
    if (commit === undefined) return ok(paths[0]);
    const found = await lookUp(repo, commit, paths);
    if (!found.ok) return found;
    for (const file of conflict.files) if (!isSame(found.value.get(file.path), file[side])) return ok(file.path);
  }
  return ok(undefined);
}

function isSame(found: Entry | 'folder' | undefined, entry: Entry | null): boolean {
  if (found === undefined || found === 'folder' || entry === null) return found === undefined && entry === null;
  return found.blob === entry.blob && found.mode === entry.mode;
}
