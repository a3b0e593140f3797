/** Deleting folders of ours for good, whatever a command left in them: a link is unlinked, never followed. */
import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere, isMissing } from '../files';

/** How often a folder may gain files while it is emptied: what a command left behind may still write when it is killed. */
const TRIES = 5;

/**
 * Deletes a file, a link, or a folder with all that is in it. What a link leads to stays as it is: links (junctions, on Windows) are
 * taken away as links, before and instead of what they name. Throws where the disk refuses.
 */
export async function removeDeep(path: string): Promise<void> {
  const found = await ifThere(lstat(path));
  if (found === undefined) return;
  if (!found.isDirectory()) {
    await withWritableParent(path, () => ifThere(unlink(path)));
    return;
  }
  for (let tries = 0; ; tries++) {
    await emptyFolder(path);
    try {
      await withWritableParent(path, () => ifThere(rmdir(path)));
      return;
    } catch (thrown) {
      if (tries >= TRIES || !hasCode(thrown, 'ENOTEMPTY', 'EEXIST')) throw thrown;
    }
  }
}

/** Takes a link away, as a link, that lies where a file or folder of ours should be. */
export async function dropLink(path: string): Promise<void> {
  if ((await ifThere(lstat(path)))?.isSymbolicLink() === true) await unlink(path);
}

/** Deletes all that is in a folder, links in it never followed; the folder stays, which must be no link itself. */
export async function emptyFolder(folder: string): Promise<void> {
  const names = await readNames(folder);
  for (const name of names) await removeDeep(join(folder, name));
}

async function readNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    if (!hasCode(thrown, 'EACCES', 'EPERM')) throw thrown;
    // Made unreadable by whoever made it (module caches are); it is ours all the same.
    await chmod(folder, 0o700);
    return readdir(folder);
  }
}

/** A read-only folder lets nothing go: it is made writable, and asked again. */
async function withWritableParent(path: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (!hasCode(thrown, 'EACCES', 'EPERM')) throw thrown;
    await chmod(join(path, '..'), 0o700);
    await act();
  }
}

function hasCode(thrown: unknown, ...codes: string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && codes.includes(thrown.code);
}
