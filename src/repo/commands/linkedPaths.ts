/** What git ignores and a command needs all the same (dependencies, local settings): put from the workspace into a folder of the pool. */
import { copyFile, lstat, mkdir, readdir, readlink, realpath, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { matcherOf } from '../../domain/include';
import { checkNoLink, ifThere } from '../files';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { type Located, locate } from '../root';
import { below, nestedParts } from '../truth/parts';

/** What a tool keeps in node_modules for itself: the folder gets its own, so that nothing of a check is written into the person's. */
const OF_TOOLS = new Set(['.cache', '.vite', '.vite-temp', '.vitest']);

/**
 * Puts the ignored paths of the workspace that match `patterns` into a folder, at any depth, and returns their paths. Never over what
 * is there already, and only below folders that are there. Three kinds, three ways:
 * - a file (`.env`) is copied: a command that writes to it must not write to the person's;
 * - `node_modules` becomes a real folder of links to what is in the person's. Where that has links back into the workspace (packages of
 *   a monorepo), they lead to the folder's own sources here, not to the person's; and what tools cache in it stays here;
 * - any other folder (`.venv`) is one link: it may be large, and knows its own path.
 */
export async function linkIgnored(
  repo: Repository,
  folder: string,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<Result<string[]>> {
  if (patterns.length === 0) return ok([]);
  const parts = await nestedParts(repo);
  if (!parts.ok) return parts;
  const ignored: string[] = [];
  for (const part of [...repo.roots, ...parts.value]) {
    const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
    const listed = await plumb(part.place, args, { index: part.index, signal });
    if (!listed.ok) return listed;
    for (const row of listed.value.out.toString().split('\0')) if (row !== '') ignored.push(below(part, row.replace(/\/$/, '')));
  }
  const wanted = matcherOf(patterns);
  const linked: string[] = [];
  for (const path of ignored) {
    if (!wanted.takes(path)) continue;
    try {
      if (await put(locate(repo.root, path), folder, path)) linked.push(path);
    } catch (thrown) {
      return fail(
        'file',
        `${path} cannot be put into ${folder}: ${thrownText(thrown)}.`,
        'Take it out of “weft.folders.link”, or make it readable.',
      );
    }
  }
  return ok(linked);
}

/** Whether there was something to put, and room for it. */
async function put(at: Located | undefined, folder: string, path: string): Promise<boolean> {
  if (at === undefined) return false;
  const [from, to] = [join(at.top, at.inside), join(folder, path)];
  if ((await ifThere(lstat(to))) !== undefined) return false;
  if ((await ifThere(lstat(dirname(to))))?.isDirectory() !== true || !(await checkNoLink(folder, path)).ok) return false;
  const found = await ifThere(stat(from));
  if (found?.isFile() === true) {
    await copyFile(from, to);
    return true;
  }
  if (found?.isDirectory() !== true) return false;
  if (basename(path) === 'node_modules') await linkEach(at.top, from, to);
  else await linkFolder(await realpath(from), to);
  return true;
}

/** Makes a folder whose entries lead to another's; those that are folders of names (`@scope`, `.bin`) are made in the same way. */
async function linkEach(root: string, from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (OF_TOOLS.has(entry.name)) continue;
    if (entry.isSymbolicLink()) await linkAgain(root, source, target);
    else if (entry.isDirectory() && (entry.name.startsWith('@') || entry.name === '.bin')) await linkEach(root, source, target);
    else if (entry.isDirectory()) await linkFolder(source, target);
    else if (entry.isFile()) await copyFile(source, target);
  }
}

/** A link that leads to somewhere in the workspace by a relative path leads to the same place in the folder; others lead where they led. */
async function linkAgain(root: string, source: string, target: string): Promise<void> {
  const said = await readlink(source);
  const inside = resolve(dirname(source), said).startsWith(root + sep);
  const found = await ifThere(stat(source));
  if (found === undefined) return;
  if (inside && process.platform !== 'win32' && resolve(said) !== said) await symlink(said, target);
  else if (found.isDirectory()) await linkFolder(await realpath(source), target);
  else await copyFile(source, target);
}

/** On Windows a junction: anybody may make one. */
function linkFolder(source: string, target: string): Promise<void> {
  return symlink(source, target, process.platform === 'win32' ? 'junction' : 'dir');
}
