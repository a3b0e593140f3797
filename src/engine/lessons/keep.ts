/** Keeping lessons: they are read from a run's journal, and written into the workspace as every change of Weft's is, around what the person typed and did not save. */
import { fail, ok, type Result } from '../../domain/failure';
import { LESSONS_FILE, readLessons, withLessons } from '../../domain/lessons';
import type { RunState } from '../../domain/run';
import { checkNoLink } from '../../repo/files';
import type { Repository } from '../../repo/repository';
import { contentsNow } from '../../repo/truth/truth';
import type { Workspace } from '../../repo/workspace';
import { journalFile, readJournal } from '../journal/journal';
import { lessonsOf } from './distill';

/** How often typing into the file may come in between. */
const MOST_TRIES = 5;
/** How long nobody should have typed, in milliseconds. */
const CALM_MS = 300;

/** Where they are kept; of several folders, in the first. */
export function lessonsPath({ root }: Pick<Repository, 'root'>): string {
  return typeof root === 'string' ? LESSONS_FILE : `${root[0]?.name ?? ''}/${LESSONS_FILE}`;
}

/** What a run learned that is not kept yet. */
export async function newLessons(repo: Repository, workspace: Pick<Workspace, 'unsaved'>, state: RunState): Promise<Result<string[]>> {
  const events = readJournal(journalFile(repo.stateDir, state.start.run));
  if (!events.ok) return events;
  const kept = await textNow(repo, workspace);
  if (!kept.ok) return kept;
  const before = readLessons(kept.value ?? '').length;
  return ok(lessonsOf(state, events.value).filter((lesson) => readLessons(withLessons(kept.value ?? '', [lesson])).length > before));
}

/** Adds lessons to the file, which it makes where there is none; those that it has already are left out. Fails, and changes nothing, where the file lies behind a link. */
export async function keepLessons(
  repo: Repository,
  workspace: Workspace,
  lessons: readonly string[],
  signal: AbortSignal,
): Promise<Result<void>> {
  const path = lessonsPath(repo);
  const place = await checkNoLink(repo.root, path);
  if (!place.ok) return place;
  return repo.landLock(signal, async () => {
    for (let tries = 1; ; tries++) {
      const contents = await contentsNow(repo, workspace, [path]);
      if (!contents.ok) return contents;
      const before = contents.value.get(path) ?? null;
      if (before?.mode === '120000') return fail('file', `${path} is a link, and Weft writes through none.`, 'Replace the link by a file.');
      const text = withLessons(before?.bytes.toString() ?? '', lessons);
      if (text === (before?.bytes.toString() ?? '')) return ok();
      const after = { mode: before?.mode ?? ('100644' as const), bytes: Buffer.from(text) };
      const applied = await workspace.apply([{ path, before, after }]);
      if (applied.ok || applied.failure.kind !== 'moved' || tries === MOST_TRIES) return applied;
      await workspace.calm(CALM_MS);
    }
  });
}

async function textNow(repo: Repository, workspace: Pick<Workspace, 'unsaved'>): Promise<Result<string | undefined>> {
  const path = lessonsPath(repo);
  const contents = await contentsNow(repo, workspace, [path]);
  return contents.ok ? ok(contents.value.get(path)?.bytes.toString()) : contents;
}
