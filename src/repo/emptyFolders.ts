/**
 * Folders with nothing in them, which no tree of git's can hold: remembered when a file comes into one, and there again when that file
 * goes. One that was not there before goes with its last file, as with git.
 */
import { chmod, lstat, mkdir, opendir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { parentsOf } from '../domain/path';
import { checkNoLink, isMissing, type Place } from './files';
import { absolute, locate } from './root';

/** Permission bits by workspace path. */
const foldersSchema = z.record(z.string(), z.number());

function fileOf(place: Place): string {
  return join(place.stateDir, 'empty-folders.json');
}

/** Remembers which folders are empty that files are about to come into, or in the place of. Called under the landing lock. */
export async function rememberEmpty(place: Place, paths: readonly string[]): Promise<Result<void>> {
  if (paths.length === 0) return ok();
  try {
    const all = await remembered(place);
    const before = JSON.stringify(all);
    const ends = await Promise.all(paths.map(async (path) => [path, await lookAt(place, path)] as const));
    const seen = new Map<string, Found>(ends);
    /** The folders that are there and that something comes into. */
    const nearest = new Map<string, number>();
    for (const path of paths) {
      let last: { readonly path: string; readonly bits: number } | undefined;
      for (const one of inwards(path)) {
        const found = seen.get(one) ?? (await lookAt(place, one));
        seen.set(one, found);
        // One that is gone by now was taken away by somebody who did not want it.
        if (found === 'missing') delete all[one];
        // Behind a link there is nothing.
        else if (found === 'other') break;
        else last = { path: one, bits: found.bits };
      }
      if (last !== undefined) nearest.set(last.path, last.bits);
    }
    for (const [folder, bits] of nearest) if (await isEmpty(place, folder)) all[folder] = bits;
    return before === JSON.stringify(all) ? ok() : await keep(place, all);
  } catch (thrown) {
    return fail('file', `Weft cannot remember which folders are empty: ${thrownText(thrown)}.`, `Make ${fileOf(place)} writable.`);
  }
}

/** Makes the folders again that were empty before files came into them, which have gone by now. */
export async function giveEmptyBack(place: Place, paths: readonly string[]): Promise<Result<void>> {
  if (paths.length === 0) return ok();
  try {
    const all = await remembered(place);
    const wanted = new Set(paths.flatMap(inwards).filter((path) => path in all));
    if (wanted.size === 0) return ok();
    for (const path of wanted) {
      const found = (await checkNoLink(place.root, path)).ok ? await lookAt(place, path) : 'other';
      if (found === 'missing') await make(place, path, all[path]);
      // It stays as long as something is in it.
      if (found === 'missing' || found === 'other' || (await isEmpty(place, path))) delete all[path];
    }
    return await keep(place, all);
  } catch (thrown) {
    // The files are gone by now: it is settled, not forgotten.
    return fail('half', `A folder that was empty cannot be made again: ${thrownText(thrown)}.`, 'Make the folder above it writable.');
  }
}

/** The folders above a path, the outermost first, and the path itself. */
function inwards(path: string): string[] {
  return [...parentsOf(path), path];
}

async function make({ root }: Place, path: string, bits: number | undefined): Promise<void> {
  const folder = absolute(root, path);
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  if (bits !== undefined) await chmod(folder, bits);
}

/** What is at a path: nothing, a folder with its permission bits, or something else. */
type Found = 'missing' | 'other' | { readonly bits: number };

async function lookAt({ root }: Place, path: string): Promise<Found> {
  const folder = absolute(root, path);
  if (folder === undefined) return 'other';
  try {
    const found = await lstat(folder);
    return found.isDirectory() ? { bits: found.mode & 0o777 } : 'other';
  } catch (thrown) {
    // What cannot be looked at is nothing to remember; whoever writes there says why they cannot.
    return isMissing(thrown) ? 'missing' : 'other';
  }
}

/** Whether there is nothing in a folder that may go; whatever its size, a look at one entry tells. */
async function isEmpty({ root }: Place, path: string): Promise<boolean> {
  const at = locate(root, path);
  // A folder of the workspace itself never goes.
  if (at === undefined || at.inside === '') return false;
  try {
    const entries = await opendir(join(at.top, at.inside));
    try {
      return (await entries.read()) === null;
    } finally {
      await entries.close();
    }
  } catch (thrown) {
    // Who may write there and not look may do so: it is in nobody's way. One that went meanwhile is no folder any more.
    if (isShut(thrown) || isMissing(thrown)) return false;
    throw thrown;
  }
}

function isShut(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'EACCES' || thrown.code === 'EPERM');
}

async function keep(place: Place, all: z.infer<typeof foldersSchema>): Promise<Result<void>> {
  await writeFile(`${fileOf(place)}.new`, JSON.stringify(all), { mode: 0o600 });
  await rename(`${fileOf(place)}.new`, fileOf(place));
  return ok();
}

async function remembered(place: Place): Promise<z.infer<typeof foldersSchema>> {
  try {
    // What is not understood remembers nothing: it must be in nobody's way.
    return foldersSchema.catch({}).parse(JSON.parse(await readFile(fileOf(place), 'utf8')));
  } catch (thrown) {
    if (isMissing(thrown) || thrown instanceof SyntaxError) return {};
    throw thrown;
  }
}
