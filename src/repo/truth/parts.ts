/**
 * The parts of a workspace: folders that have git rules of their own (the workspace's folder, nested repositories, submodules). A workspace is one
 * tree, made of its parts' trees; all objects are in the workspace's repository, and a part's own repository is read, never written.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { parentsOf } from '../../domain/path';
import { checkNoLink, isMissing } from '../files';
import { gateFor } from '../gate';
import type { GitPlace } from '../git';
import type { Repository } from '../repository';
import { absolute, type Root } from '../root';
import { type Rules, rulesOf } from './rules';

/** Parts that are looked up side by side. */
const AT_ONCE = 4;

export interface Part {
  /** Workspace path of its folder; empty for the workspace itself. */
  readonly path: string;
  /** Absolute. */
  readonly folder: string;
  /** Runs git by the part's rules, in its folder; what is written goes to the workspace's repository. */
  readonly place: GitPlace;
  /** From the top of the work tree to the folder: empty, or with a slash at its end. */
  readonly prefix: string;
  /** The private index that its tree is made in; git's is the person's. */
  readonly index: string;
  /** The person's index, which ours begins from; undefined where it begins empty. */
  readonly theirs: string | undefined;
  /** Folders in it that are roots of the workspace by themselves: paths from its folder. */
  readonly without: readonly string[];
}

/** Nested parts that were looked up, by path, with what was at their `.git` then. */
export type NestedParts = Map<string, { readonly mark: string; readonly part: Part | undefined }>;

/** The part that is the workspace's folder. Without rules, those of Weft's own repository hold. */
export function rootPart(store: { gitDir: string; storeDir: string; stateDir: string }, root: string, rules: Rules | undefined): Part {
  return partOf(store, { path: '', folder: root, index: join(store.stateDir, 'index') }, rules);
}

function partOf(
  store: { gitDir: string; storeDir: string },
  at: { path: string; folder: string; index: string },
  rules: Rules | undefined,
): Part {
  if (rules === undefined)
    return { ...at, place: { gitDir: store.gitDir, workTree: at.folder, cwd: at.folder }, prefix: '', theirs: undefined, without: [] };
  const place = { gitDir: rules.gitDir, workTree: rules.workTree, cwd: at.folder };
  const same = join(rules.commonDir, 'objects') === store.storeDir;
  return {
    ...at,
    place: same ? place : { ...place, objectDir: store.storeDir },
    prefix: rules.prefix,
    theirs: join(rules.gitDir, 'index'),
    without: [],
  };
}

/**
 * The part at a folder that has a `.git`; undefined where git sees no repository of its own there. Where its rules cannot be used (another user
 * owns it, its objects are named otherwise), those of the workspace's repository hold.
 */
export async function nestedPart(repo: Repository, path: string): Promise<Result<Part | undefined>> {
  const mark = await gitMark(repo.root, path);
  if (mark === undefined) return ok(undefined);
  const known = repo.nested.get(path);
  if (known?.mark === mark) return ok(known.part);
  const folder = absolute(repo.root, path);
  if (folder === undefined) return ok(undefined);
  const found = await rulesOf(folder);
  const rules = found.ok ? found.value : undefined;
  // A broken .git is none: git looks further up then.
  const own = !found.ok || rules === undefined || rules.prefix === '';
  const fits = rules?.format === repo.format;
  const index = indexOf(repo.stateDir, path);
  const part = own ? partOf(repo, { path, folder, index }, fits ? rules : undefined) : undefined;
  if (part !== undefined) {
    const made = await make(join(index, '..'));
    if (!made.ok) return made;
  }
  repo.nested.set(path, { mark, part });
  return ok(part);
}

/** The private index of a part that is not the whole workspace. */
export function indexOf(stateDir: string, path: string): string {
  return join(stateDir, 'parts', createHash('sha256').update(path).digest('hex').slice(0, 12), 'index');
}

/** What tells one `.git` from another that came in its place; undefined where none is, or a link leads there. */
async function gitMark(root: Root, path: string): Promise<string | undefined> {
  const file = absolute(root, `${path}/.git`);
  if (file === undefined || !(await checkNoLink(root, `${path}/.git`)).ok) return undefined;
  try {
    const found = await lstat(file);
    if (found.isDirectory()) return `${found.ino}`;
    return found.isFile() ? `${found.ino} ${found.mtimeMs}` : undefined;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

async function make(folder: string): Promise<Result<void>> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot make its folder ${folder}: ${thrownText(thrown)}.`, 'Make the folder above it writable.');
  }
}

/** The nested parts that are there now, of those that the last snapshot found; outer ones first. */
export async function nestedParts(repo: Repository): Promise<Result<Part[]>> {
  const gate = gateFor(AT_ONCE);
  const parts: Part[] = [];
  for (const part of await Promise.all((await listed(repo)).map((path) => gate(() => nestedPart(repo, path))))) {
    if (!part.ok) return part;
    if (part.value !== undefined) parts.push(part.value);
  }
  return ok(parts);
}

/** Where the list lies between two snapshots, for every process of Weft's. */
function listFile(repo: Repository): string {
  return join(repo.stateDir, 'parts.json');
}

async function listed(repo: Repository): Promise<string[]> {
  try {
    const list = z.array(z.string()).safeParse(JSON.parse(await readFile(listFile(repo), 'utf8')));
    // Without it, the next snapshot finds them again.
    return list.success ? list.data.sort() : [];
  } catch (thrown) {
    if (isMissing(thrown) || thrown instanceof SyntaxError) return [];
    throw thrown;
  }
}

/** Remembers the nested parts that a snapshot found. */
export async function keepParts(repo: Repository, paths: readonly string[]): Promise<Result<void>> {
  const text = JSON.stringify([...paths].sort());
  try {
    if (text === JSON.stringify(await listed(repo))) return ok();
    await writeFile(`${listFile(repo)}.new`, text);
    await rename(`${listFile(repo)}.new`, listFile(repo));
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot write ${listFile(repo)}: ${thrownText(thrown)}.`, 'Free disk space, or make its folder writable.');
  }
}

/** Which part a path belongs to: the innermost whose folder holds it. */
export type PartFinder = (path: string) => Part;

export async function partFinder(repo: Repository): Promise<Result<PartFinder>> {
  const nested = await nestedParts(repo);
  if (!nested.ok) return nested;
  const parts = new Map([...repo.roots, ...nested.value].map((part) => [part.path, part]));
  return ok((path) => {
    for (const parent of parentsOf(path).reverse()) {
      const part = parts.get(parent);
      if (part !== undefined) return part;
    }
    return repo.top;
  });
}

/** A path in a part's folder as a workspace path. */
export function below(part: Part, path: string): string {
  return part.path === '' ? path : `${part.path}/${path}`;
}

/** A workspace path as one in the folder of its part. */
export function inPart(part: Part, path: string): string {
  return part.path === '' ? path : path.slice(part.path.length + 1);
}

/** A workspace path as git says it at the top of its part's work tree. */
export function nameIn(part: Part, path: string): string {
  return part.prefix + inPart(part, path);
}

/** Runs git at the top of a part's work tree, where {@link nameIn} is relative to. */
export function topOf(part: Part): GitPlace {
  return { ...part.place, cwd: part.place.workTree };
}

/** Paths by the part that each belongs to. */
export function byPart(of: PartFinder, paths: Iterable<string>): Map<Part, string[]> {
  const groups = new Map<Part, string[]>();
  for (const path of paths) {
    const part = of(path);
    const group = groups.get(part);
    if (group === undefined) groups.set(part, [path]);
    else group.push(path);
  }
  return groups;
}
