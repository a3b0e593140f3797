/** Where Weft writes in a git directory: a link there, which a copied or unpacked repository may come with, would have it write elsewhere. */
import { lstat, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { isMissing } from './files';

/** Fails, and makes nothing, where one of Weft's folders in the git directory is a link that leads out of it or nowhere, or no folder. */
export async function checkOwnPlaces(gitDir: string, key: string): Promise<Result<void>> {
  for (const place of [['weft'], ['weft', key], ['refs', 'weft'], ['refs', 'weft', key]]) {
    const path = join(gitDir, ...place);
    let wrong: string | undefined;
    try {
      wrong = await wrongAt(path, gitDir);
    } catch (thrown) {
      return fail('file', `Weft cannot look at ${path}: ${thrownText(thrown)}.`, 'Make it readable.');
    }
    if (wrong === undefined) continue;
    return fail(
      'file',
      `${path} ${wrong}; nothing was written.`,
      'Weft keeps its state in a folder there: move what is in its place away, then try again.',
    );
  }
  return ok();
}

async function wrongAt(path: string, gitDir: string): Promise<string | undefined> {
  const found = await orMissing(lstat(path));
  if (found === undefined || found.isDirectory()) return undefined;
  if (!found.isSymbolicLink()) return 'is a file';
  const target = await orMissing(realpath(path));
  if (target === undefined) return 'is a link that leads nowhere';
  const inside = target.startsWith((await realpath(gitDir)) + sep);
  return inside ? undefined : `is a link that leads out of the repository, to ${target}`;
}

async function orMissing<T>(looked: Promise<T>): Promise<T | undefined> {
  try {
    return await looked;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}
