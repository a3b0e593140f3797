/** Where a workspace's files lie: in one folder, or in several, each under its name. */
import { isAbsolute, join, relative, sep } from 'node:path';
import { parsePath } from '../domain/path';

/** One folder (absolute, links resolved), or several. */
export type Root = string | readonly RootFolder[];

export interface RootFolder {
  /** The first part of the paths of all its files; its own, whatever the case of letters. */
  readonly name: string;
  /** Absolute, links resolved. */
  readonly folder: string;
}

/** A path in the folder that has it. */
export interface Located {
  /** Absolute. */
  readonly top: string;
  /** From there; empty for the folder itself. */
  readonly inside: string;
}

/** The folder that has a path; undefined where none has, or where it is another folder's that lies in that one. */
export function locate(root: Root, path: string): Located | undefined {
  if (typeof root === 'string') return { top: root, inside: path };
  const [name = '', ...rest] = path.split('/');
  const found = root.find((one) => one.name === name);
  if (found === undefined) return undefined;
  const inside = rest.join('/');
  const taken = without(root, found).some((other) => inside === other || inside.startsWith(`${other}/`));
  return taken ? undefined : { top: found.folder, inside };
}

/** What a path is called that leads through a folder into another one of the root's, where it leads there. */
export function pathInOther(root: readonly RootFolder[], path: string): string | undefined {
  const [name = '', ...rest] = path.split('/');
  const outer = root.find((one) => one.name === name);
  if (outer === undefined || rest.length === 0) return undefined;
  const file = join(outer.folder, ...rest);
  // The innermost one has it.
  const others = root.filter((one) => one !== outer && file.startsWith(one.folder + sep)).sort((a, b) => b.folder.length - a.folder.length);
  const [inner] = others;
  return inner === undefined ? undefined : [inner.name, ...relative(inner.folder, file).split(sep)].join('/');
}

/** Where a path is on disk; undefined as for {@link locate}. */
export function absolute(root: Root, path: string): string | undefined {
  const at = locate(root, path);
  return at === undefined ? undefined : join(at.top, at.inside);
}

/** The folders, for a person. */
export function rootText(root: Root): string {
  return typeof root === 'string' ? root : root.map(({ folder }) => folder).join(', ');
}

/** The folders that lie in one of them: paths from there. */
export function without(root: readonly RootFolder[], { folder }: RootFolder): string[] {
  return root.flatMap((other) => {
    const path = relative(folder, other.folder);
    return path === '' || path.startsWith('..') || isAbsolute(path) ? [] : [path.split(sep).join('/')];
  });
}

/** Names for folders: the last part of the path of each, with as many of those before it as tell it from the others. The same whatever their order. */
export function nameFolders(folders: readonly string[]): RootFolder[] {
  const sorted = [...new Set(folders)].sort();
  const named: RootFolder[] = [];
  for (const folder of sorted) {
    const others = sorted.filter((other) => other !== folder);
    let depth = 1;
    const alike = (other: string) => nameAt(other, depth).toLowerCase() === nameAt(folder, depth).toLowerCase();
    while (depth < partsOf(folder).length && others.some(alike)) depth++;
    const name = nameAt(folder, depth);
    let free = name;
    for (let at = 2; named.some((other) => other.name.toLowerCase() === free.toLowerCase()); at++) free = `${name}-${at}`;
    named.push({ name: free, folder });
  }
  return named;
}

function partsOf(folder: string): string[] {
  return folder.split(sep).filter((part) => part !== '');
}

function nameAt(folder: string, depth: number): string {
  const name = partsOf(folder).slice(-depth).join('-');
  // A drive, or a name that no path may have.
  return parsePath(name).ok ? name : 'folder';
}
