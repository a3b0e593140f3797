/** Files on disk under a root, links never followed: read, checked and written one at a time. */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, rename, rm, rmdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Mode } from '../domain/changes';
import { fail, fixOfWrite, ok, type Result, thrownText } from '../domain/failure';
import { parentsOf } from '../domain/path';
import { absolute, locate, type Root } from './root';
import type { Content } from './workspace';

/** What is at a path: a file or link, `'folder'`, or nothing; behind a link there is nothing, as git sees it. */
export async function readContent(root: Root, path: string): Promise<Result<Content | 'folder' | null>> {
  const at = locate(root, path);
  if (at === undefined) return ok(null);
  const file = join(at.top, at.inside);
  try {
    for (const parent of parentsOf(at.inside)) if ((await lstat(join(at.top, parent))).isSymbolicLink()) return ok(null);
    const found = await lstat(file);
    if (found.isDirectory()) return ok('folder');
    if (found.isSymbolicLink()) return ok({ mode: '120000', bytes: Buffer.from(await readlink(file)) });
    if (!found.isFile())
      return fail('file', `${path} is neither a file, a folder nor a link.`, 'Weft leaves such files alone: keep the agents away from it.');
    return ok({ mode: fileMode(found.mode), bytes: await readFile(file) });
  } catch (thrown) {
    if (isMissing(thrown)) return ok(null);
    return unreadable(path, thrown);
  }
}

function fileMode(mode: number): Mode {
  return (mode & 0o100) !== 0 ? '100755' : '100644';
}

/** Fails where one of the folders above a path is a link, but for those that are `going`: it may lead out of the workspace. */
export async function checkNoLink(root: Root, path: string, going: ReadonlySet<string> = new Set()): Promise<Result<void>> {
  const at = locate(root, path);
  // Nor is one of the folders itself a place for a file.
  if (at === undefined || at.inside === '') return nowhere(root, path);
  for (const parent of parentsOf(at.inside)) {
    try {
      if (!(await lstat(join(at.top, parent))).isSymbolicLink()) continue;
      // Behind a link that is taken away first, there is nothing.
      if (going.has(path.slice(0, path.length - at.inside.length) + parent)) return ok();
      return fail(
        'file',
        `${path} lies behind the link ${parent}, which may lead out of the workspace.`,
        'Weft writes through no link: replace the link by a folder, or use the real path.',
      );
    } catch (thrown) {
      return isMissing(thrown) ? ok() : unreadable(parent, thrown);
    }
  }
  return ok();
}

/** No folder of the workspace has the path. */
function nowhere(root: Root, path: string) {
  const names = typeof root === 'string' ? [] : root.map(({ name }) => name);
  return fail('file', `${path} lies in none of the workspace’s folders (${names.join(', ')}).`, 'Have it made in one of them.');
}

/** Fails where a file is there that its owner protected against writing. */
export async function checkNotReadOnly(root: Root, path: string): Promise<Result<void>> {
  const at = locate(root, path);
  if (at === undefined) return ok();
  try {
    const found = await lstat(join(at.top, at.inside));
    if (!found.isFile() || (found.mode & 0o222) !== 0) return ok();
    return fail('file', `${path} is read-only.`, 'Make it writable (chmod u+w), then land the task again: its draft is kept.');
  } catch (thrown) {
    return isMissing(thrown) ? ok() : unreadable(path, thrown);
  }
}

function unreadable(path: string, thrown: unknown) {
  return fail('file', `${path} cannot be read: ${thrownText(thrown)}.`, 'Make it readable, then try again.');
}

/** A folder, and another one outside of what git and watchers see of it, where files are until they are whole; best on the same disk. */
export interface Place {
  readonly root: Root;
  readonly stateDir: string;
}

/**
 * Makes a path hold this, whole or not at all: no reader, and no crash, ever sees half a file. An existing file keeps its owner and
 * its mode, but for the executable bit; one with several names, or that cannot be replaced, is written where it is.
 */
export async function writeContent(place: Place, path: string, content: Content): Promise<Result<void>> {
  const at = locate(place.root, path);
  if (at === undefined) return nowhere(place.root, path);
  const file = join(at.top, at.inside);
  try {
    await mkdir(dirname(file), { recursive: true });
    await removeEmptyFolders(file);
    const old = await ifThere(lstat(file));
    if (content.mode === '120000') {
      await moveIn(place, file, (whole) => symlink(content.bytes.toString(), whole));
      return ok();
    }
    if (old?.isFile() !== true) {
      await moveIn(place, file, (whole) => makeNew(whole, file, content));
      return ok();
    }
    if (old.nlink === 1 && (await replace(place, file, content, old))) return ok();
    await writeFile(file, content.bytes);
    return await setMode(place.root, path, content.mode);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOTEMPTY') {
      return fail(
        'file',
        `${path} is still a folder: there are files in it that git ignores.`,
        'Move them elsewhere, then land the task again: its draft is kept.',
      );
    }
    return fail(
      'file',
      `${path} cannot be written: ${thrownText(thrown)}.`,
      fixOfWrite(thrown, 'Make it and its folder writable, then try again.'),
    );
  }
}

/** Has something made beside the folder, and moves it into its place; where that is on another disk, it is made next to it. */
async function moveIn(place: Place, file: string, make: (whole: string) => Promise<unknown>): Promise<void> {
  const outside = join(place.stateDir, 'unfinished');
  for (const whole of [outside, unfinished(file)]) {
    try {
      await rm(whole, { force: true });
      await make(whole);
      await rename(whole, file);
      return;
    } catch (thrown) {
      await rm(whole, { force: true });
      if (whole !== outside || !hasCode(thrown, 'EXDEV')) throw thrown;
    }
  }
}

async function makeNew(whole: string, file: string, content: Content): Promise<void> {
  await writeFile(whole, content.bytes, { flag: 'wx', mode: content.mode === '100755' ? 0o777 : 0o666 });
  const folder = await lstat(dirname(file));
  // As if it had been made there.
  if (process.platform !== 'win32' && (folder.mode & 0o2000) !== 0) await chown(whole, (await lstat(whole)).uid, folder.gid);
}

/** Resolves to false where the file cannot be replaced, only written into: in a folder that is not ours, say, or given to a container. */
async function replace(place: Place, file: string, content: Content, old: Stats): Promise<boolean> {
  const bits = withExecutable(old.mode & 0o7777, content.mode);
  try {
    await moveIn(place, file, async (whole) => {
      await writeFile(whole, content.bytes, { flag: 'wx', mode: 0o600 });
      const made = await lstat(whole);
      if (made.uid !== old.uid || made.gid !== old.gid) await chown(whole, old.uid, old.gid);
      // After the owner, whose change takes some bits away.
      await chmod(whole, bits);
    });
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EPERM', 'EACCES', 'EBUSY', 'EROFS')) return false;
    throw thrown;
  }
}

function hasCode(thrown: unknown, ...codes: string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
}

/** Where a file is made next to its place. The same every time, so that what a crash left is found; landings go one at a time. */
function unfinished(file: string): string {
  return join(dirname(file), `.${createHash('sha256').update(basename(file)).digest('hex').slice(0, 16)}.weft`);
}

/** Takes away what a process that died while it wrote a path left beside it. */
export async function removeUnfinished(root: Root, path: string): Promise<Result<void>> {
  const file = absolute(root, path);
  if (file === undefined || !(await checkNoLink(root, path)).ok) return ok();
  try {
    await rm(unfinished(file), { force: true });
    return ok();
  } catch (thrown) {
    if (isMissing(thrown)) return ok();
    return fail('file', `What was left of writing ${path} cannot be deleted: ${thrownText(thrown)}.`, 'Make its folder writable.');
  }
}

/** What a look at the disk gives; undefined where nothing is there. */
export async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/** Takes a folder away that holds nothing but folders, which git knows nothing of; one with a file in it stays, and is in the way. */
async function removeEmptyFolders(folder: string): Promise<void> {
  const found = await ifThere(lstat(folder));
  if (found?.isDirectory() !== true) return;
  for (const inside of await readdir(folder)) await removeEmptyFolders(join(folder, inside));
  await rmdir(folder);
}

/** Sets the executable bit as the mode has it; other bits, and links, are left alone. */
export async function setMode(root: Root, path: string, mode: Mode): Promise<Result<void>> {
  const at = locate(root, path);
  if (at === undefined || mode === '120000' || mode === '160000' || process.platform === 'win32') return ok();
  try {
    const file = join(at.top, at.inside);
    const now = (await lstat(file)).mode & 0o7777;
    if (fileMode(now) !== mode) await chmod(file, withExecutable(now, mode));
    return ok();
  } catch (thrown) {
    return fail('file', `The mode of ${path} cannot be set: ${thrownText(thrown)}.`, 'Check who owns the file.');
  }
}

/** Permission bits with the executable ones as a mode has them. */
function withExecutable(bits: number, mode: Mode): number {
  if (fileMode(bits) === mode) return bits;
  return mode === '100755' ? bits | 0o111 : bits & ~0o111;
}

/** Takes a file or link away, and the folders above it that this leaves empty. */
export async function removeFile(root: Root, path: string): Promise<Result<void>> {
  const at = locate(root, path);
  if (at === undefined) return ok();
  try {
    await unlink(join(at.top, at.inside));
  } catch (thrown) {
    if (!isMissing(thrown))
      return fail('file', `${path} cannot be deleted: ${thrownText(thrown)}.`, 'Make its folder writable, then try again.');
  }
  await removeEmptyParents(root, path);
  return ok();
}

/** Takes away the folders above a path that hold nothing any more, as git does; never a folder of the workspace itself. */
export async function removeEmptyParents(root: Root, path: string): Promise<void> {
  const at = locate(root, path);
  for (const parent of parentsOf(at?.inside ?? '').reverse()) {
    const gone = await rmdir(join(at?.top ?? '', parent)).then(
      () => true,
      () => false,
    );
    // A folder that is not empty, or not ours to delete, stays; so do those above it.
    if (!gone) return;
  }
}

export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
}
