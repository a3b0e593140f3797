/** The workspace where no editor is: files on disk, nothing unsaved. */
import { fail, ok, type Result } from '../domain/failure';
import { checkNoLink, checkNotReadOnly, type Place, readContent, removeFile, writeContent } from './files';
import { othersSpelling } from './letterCase';
import type { Root } from './root';
import type { Content, FileEdit, Unsaved, Untitled, Workspace } from './workspace';

/** `keepUnsaved` is given the unsaved text of a snapshot that is restored where there is no editor to show it in. */
export function diskWorkspace(
  place: Place,
  keepUnsaved: (texts: readonly Unsaved[], untitled: readonly Untitled[]) => Promise<Result<void>>,
): Workspace {
  return {
    unsaved: async () => [],
    untitled: async () => [],
    recall: async () => undefined,
    calm: async () => undefined,
    apply: (edits) => applyToDisk(place, edits),
    restore: async (files, untitled) => {
      for (const file of deletionsFirst(files, (one) => one.disk)) {
        const clear = await checkNoLink(place.root, file.path);
        if (!clear.ok) return clear;
        const done = await put(place, file.path, file.disk);
        if (!done.ok) return done;
      }
      const texts = files.flatMap((file) => (file.unsaved === null ? [] : [{ path: file.path, bytes: file.unsaved }]));
      return texts.length + untitled.length === 0 ? ok() : keepUnsaved(texts, untitled);
    },
  };
}

/** {@link Workspace.apply} for files that no editor holds: checked first, then written; what was written is put back after a failure. */
async function applyToDisk(place: Place, edits: readonly FileEdit[]): Promise<Result<void>> {
  const beside = await besideOf(place.root, edits);
  for (const edit of edits) {
    const fit = await expect(place.root, edit, beside);
    if (!fit.ok) return fit;
  }
  const done: FileEdit[] = [];
  for (const edit of deletionsFirst(edits, (one) => one.after)) {
    done.push(edit);
    const clear = await checkNoLink(place.root, edit.path);
    const written = clear.ok ? await put(place, edit.path, edit.after) : clear;
    if (written.ok) continue;
    // The write that failed may have left half a file, which is neither before nor after.
    await put(place, edit.path, edit.before);
    const back = await putBack(place, done.reverse());
    return back.ok
      ? written
      : fail(
          'half',
          `${written.failure.message} ${back.failure.message}`,
          'Mend what it names, then try again: Weft puts the rest back first.',
        );
  }
  return ok();
}

/** What edits that are made together mean for each other; deletions are made first. */
export interface Beside {
  /** Links that are taken away: what comes behind them is in a real folder by then. */
  readonly links: ReadonlySet<string>;
  /** Paths where the disk only has another one of them, by another case of letters: nothing is there. */
  readonly respelled: ReadonlySet<string>;
}

export async function besideOf(root: Root, edits: readonly FileEdit[]): Promise<Beside> {
  const links = edits.filter(({ before, after }) => before?.mode === '120000' && after === null).map(({ path }) => path);
  const respelled = await othersSpelling(
    root,
    edits.map(({ path }) => path),
  );
  return { links: new Set(links), respelled };
}

/** Sorted so that a file can become a folder, and a folder a file. */
export function deletionsFirst<T>(files: readonly T[], after: (file: T) => Content | null): T[] {
  return [...files].sort((a, b) => Number(after(a) !== null) - Number(after(b) !== null));
}

/** Undoes edits of files; one that somebody changed meanwhile is left as it is. */
export async function putBack(place: Place, edits: readonly FileEdit[]): Promise<Result<void>> {
  const { respelled } = await besideOf(place.root, edits);
  // What came goes first: it may stand where a file or folder was, or be it by another case of letters.
  for (const edit of deletionsFirst(edits, (one) => one.before)) {
    const now = respelled.has(edit.path) ? ok(null) : await readContent(place.root, edit.path);
    if (!now.ok) return now;
    if (now.value === 'folder' || !sameContent(now.value, edit.after)) continue;
    const back = await put(place, edit.path, edit.before);
    if (!back.ok) return back;
  }
  return ok();
}

/** Fails where a path may not be written, or does not hold what the edit expects there. */
export async function expect(root: Root, edit: FileEdit, { links, respelled }: Beside): Promise<Result<void>> {
  const clear = await checkNoLink(root, edit.path, links);
  if (!clear.ok) return clear;
  const writable = await checkNotReadOnly(root, edit.path);
  if (!writable.ok) return writable;
  const now = respelled.has(edit.path) ? ok(null) : await readContent(root, edit.path);
  if (!now.ok) return now;
  if (now.value === 'folder' ? edit.before === null : sameContent(now.value, edit.before)) return ok();
  return fail('moved', `${edit.path} was changed while a task was landing in it.`, 'Land the task again.');
}

export function sameContent(a: Content | null, b: Content | null): boolean {
  if (a === null || b === null) return a === b;
  // Windows has no executable bit: what the tree says of it cannot be seen on disk.
  const modes = a.mode === b.mode || (process.platform === 'win32' && a.mode !== '120000' && b.mode !== '120000');
  return modes && a.bytes.equals(b.bytes);
}

function put(place: Place, path: string, content: Content | null): Promise<Result<void>> {
  return content === null ? removeFile(place.root, path) : writeContent(place, path, content);
}
