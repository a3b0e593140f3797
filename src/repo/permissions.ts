/** Permission bits that a tree cannot hold (a file that only its owner may read, say): remembered when a file goes, for when it comes back. */
import { chmod, lstat, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { isMissing, type Place } from './files';
import { absolute } from './root';

/** Bits by workspace path. */
const bitsSchema = z.record(z.string(), z.number());
/** What a new file gets by itself: nothing is lost with these. */
const USUAL = new Set([0o644, 0o664, 0o755, 0o775]);

function fileOf(place: Place): string {
  return join(place.stateDir, 'permissions.json');
}

/** Remembers the bits of files that are about to go. Called under the landing lock. */
export async function rememberBits(place: Place, paths: readonly string[]): Promise<Result<void>> {
  if (process.platform === 'win32') return ok();
  try {
    const unusual = new Map<string, number>();
    for (const path of paths) {
      const bits = await bitsAt(place, path);
      if (bits !== undefined && !USUAL.has(bits)) unusual.set(path, bits);
    }
    if (unusual.size === 0) return ok();
    const all = { ...(await remembered(place)), ...Object.fromEntries(unusual) };
    await writeFile(`${fileOf(place)}.new`, JSON.stringify(all), { mode: 0o600 });
    await rename(`${fileOf(place)}.new`, fileOf(place));
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot remember the permissions of files: ${thrownText(thrown)}.`, `Make ${fileOf(place)} writable.`);
  }
}

/** Gives files that have come back the bits that they had, but for the executable ones, which the tree has. */
export async function giveBits(place: Place, paths: readonly string[]): Promise<Result<void>> {
  if (process.platform === 'win32' || paths.length === 0) return ok();
  try {
    const all = await remembered(place);
    for (const path of paths) {
      const [bits, now, file] = [all[path], await bitsAt(place, path), absolute(place.root, path)];
      if (bits === undefined || now === undefined || file === undefined) continue;
      // Whoever may read it may run it, where it can be run at all.
      const wanted = (now & 0o100) === 0 ? bits & ~0o111 : bits | ((bits & 0o444) >> 2);
      if (now !== wanted) await chmod(file, wanted);
    }
    return ok();
  } catch (thrown) {
    // The files are written by now: it is settled, not forgotten.
    return fail('half', `The permissions of a file cannot be set: ${thrownText(thrown)}.`, 'Check who owns the file.');
  }
}

async function remembered(place: Place): Promise<z.infer<typeof bitsSchema>> {
  try {
    // What is not understood remembers nothing: it must be in nobody's way.
    return bitsSchema.catch({}).parse(JSON.parse(await readFile(fileOf(place), 'utf8')));
  } catch (thrown) {
    if (isMissing(thrown) || thrown instanceof SyntaxError) return {};
    throw thrown;
  }
}

/** A file's bits; undefined where there is none, or a link. */
async function bitsAt(place: Place, path: string): Promise<number | undefined> {
  const file = absolute(place.root, path);
  if (file === undefined) return undefined;
  try {
    const found = await lstat(file);
    return found.isFile() ? found.mode & 0o777 : undefined;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}
