/**
 * A workspace of several folders: one tree, in which each folder is one under its name, so that one run spans them, with one chain, and a landing
 * is whole or not at all over all of them. It is kept in a repository of Weft's own, for all of these folders together.
 */

import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../domain/failure';
import type { Include } from '../domain/include';
import { isMissing } from './files';
import type { Lock } from './lock';
import { assemble, keyOf, openRepository, ownStore, type Repository, type Store, userStateDir } from './repository';
import { nameFolders, type RootFolder, without } from './root';
import { indexOf, type Part } from './truth/parts';

/** Opens the repository of one folder, or of several together. The same folders are the same workspace, in whatever order they are given. */
export async function openWorkspace(folders: readonly string[], include?: () => Include): Promise<Result<Repository>> {
  const singles = new Map<string, Repository>();
  for (const folder of folders) {
    const single = await openRepository(folder, include);
    if (!single.ok) return single;
    if (typeof single.value.root === 'string') singles.set(single.value.root, single.value);
  }
  const named = nameFolders([...singles.keys()]);
  const [first, ...more] = singles.values();
  if (first === undefined) return fail('input', 'No folder is given.', 'Give the folder that the agents are to work in.');
  if (more.length === 0) return ok(first);
  const key = keyOfFolders(named);
  const store = await ownStore(key, named.map(({ name, folder }) => `${name}: ${folder}`).join('\n'));
  if (!store.ok) return store;
  const { gitDir, storeDir, stateDir, format } = store.value;
  const roots = named.flatMap((one) => {
    const single = singles.get(one.folder);
    return single === undefined ? [] : [rootOf(store.value, single.top, { one, all: named, format: single.format })];
  });
  // What lies in none of the folders is nowhere; git still needs a folder to run in.
  const place = { gitDir, workTree: stateDir, cwd: stateDir };
  const top: Part = { path: '', folder: stateDir, place, prefix: '', index: indexOf(stateDir, ''), theirs: undefined, without: [] };
  const all = assemble({ ...place, root: named, key, stateDir, storeDir, format, top, roots, include: first.include, own: true });
  // A landing in one of the folders alone must not come in between.
  const locks = named.flatMap(({ folder }) => singles.get(folder)?.landLock ?? []);
  return ok({ ...all, landLock: allOf([all.landLock, ...locks]) });
}

/** Whether several folders were opened together before. */
export async function isWorkspace(folders: readonly string[]): Promise<boolean> {
  try {
    const roots = await Promise.all(folders.map((folder) => realpath(folder)));
    return (await stat(join(userStateDir(), keyOfFolders(nameFolders(roots)), 'repository.git', 'HEAD'))).isFile();
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

function keyOfFolders(folders: readonly RootFolder[]): string {
  return keyOf(folders.map(({ folder }) => folder).join('\n'));
}

/** One of several folders as a part: by the rules that hold in it, into the store that is for all. */
function rootOf(store: Store, single: Part, of: { one: RootFolder; all: readonly RootFolder[]; format: string }): Part {
  const { name, folder } = of.one;
  const at = { path: name, folder, index: indexOf(store.stateDir, name), without: without(of.all, of.one) };
  // Rules of a repository whose objects are named otherwise cannot be followed.
  if (of.format !== store.format)
    return { ...at, place: { gitDir: store.gitDir, workTree: folder, cwd: folder }, prefix: '', theirs: undefined };
  const { gitDir, workTree, cwd } = single.place;
  return { ...at, place: { gitDir, workTree, cwd, objectDir: store.storeDir }, prefix: single.prefix, theirs: single.theirs };
}

/** Holds several locks, taken in this order: whoever takes some of them takes them in the same one. */
function allOf(locks: readonly Lock[]): Lock {
  const [first, ...rest] = locks;
  if (first === undefined) return (_signal, work) => work();
  return (signal, work) => first(signal, () => allOf(rest)(signal, work));
}
