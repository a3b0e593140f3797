/** The whole work tree as one tree: each part's made by git in the part's private index, and all of them put together. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import type { Include } from '../../domain/include';
import { type Gate, gateFor } from '../gate';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { withFolders } from '../trees';
import { checkAllRead } from './allRead';
import { treeOfFewChanged } from './fewChanged';
import { findIncluded, forget, type Included, includedIndex, withIncluded } from './included';
import { treeAsBefore, treeOfIndex } from './indexTree';
import { linksIn } from './links';
import { below, inPart, keepParts, nestedPart, nestedParts, type Part } from './parts';
import { indexFiles, removeFrom, seedIndex } from './seed';

/** How often git may meet a file that is gone before that is a failure. */
const ADD_TRIES = 3;
/** Parts that are read side by side. */
const AT_ONCE = 4;
/** An index of so many bytes (some ten thousand files) takes longer to write than git takes to start a few times. */
const LARGE = 1 << 20;

/** One look at the disk. */
interface Scan {
  readonly repo: Repository;
  /** The nested parts that are there, by path: known ones, and those that this look finds. */
  readonly parts: Map<string, Part>;
  /** The own trees of parts, those of parts in them not included, as far as they have been begun. */
  readonly trees: Map<string, Promise<Result<string>>>;
  readonly gate: Gate;
  readonly signal: AbortSignal;
}

/**
 * What is on disk as a tree: untracked files too, nested repositories as folders like others, and of ignored files those that the person
 * includes. Called under the index lock.
 */
export async function diskTree(repo: Repository, include: Include, signal: AbortSignal): Promise<Result<Included>> {
  const known = await nestedParts(repo);
  if (!known.ok) return known;
  const gate = gateFor(AT_ONCE);
  const scan: Scan = { repo, parts: new Map(known.value.map((part) => [part.path, part])), trees: new Map(), gate, signal };
  const before = [...repo.roots, ...known.value];
  // Outer parts first: they take longest. Where one fails, the others are waited for: they are at work in indexes that are locked until then.
  const begun = before.map((part) => begin(scan, part));
  // Ignored files are looked for beside that: both walk through the folder.
  const [tree, early] = await Promise.all([treeOfRoots(scan), findIncluded({ parts: before, include, gate }, signal), ...begun]);
  if (!tree.ok) return tree;
  if (!early.ok) return early;
  const kept = await keepParts(repo, [...scan.parts.keys()]);
  if (!kept.ok) return kept;
  const parts = [...repo.roots, ...scan.parts.values()];
  const late = await findIncluded({ parts: parts.filter((part) => !early.value.has(part)), include, gate }, signal);
  if (!late.ok) return late;
  const found = new Map([...early.value, ...late.value].filter(([part]) => parts.includes(part)));
  const whole = await withIncluded(repo, { tree: tree.value, found, include }, signal);
  if (whole.ok || signal.aborted || !isStale(whole.failure.message)) return whole;
  for (const part of parts) {
    const gone = await forget(includedIndex(part.index));
    if (!gone.ok) return gone;
  }
  return withIncluded(repo, { tree: tree.value, found, include }, signal);
}

/** Whether git misses what an index believes to be stored: its garbage collection does not know ours. */
function isStale(message: string): boolean {
  return /building trees|invalid object|unable to read|not found/i.test(message);
}

/** The tree of the workspace's folder; of several folders, each is one in the tree. */
async function treeOfRoots(scan: Scan): Promise<Result<string>> {
  const { repo } = scan;
  if (repo.roots.every(({ path }) => path === '')) return treeOfPart(scan, repo.top);
  const folders = new Map<string, string | undefined>();
  for (const root of repo.roots) {
    const tree = await treeOfPart(scan, root);
    if (!tree.ok) return tree;
    folders.set(root.path, tree.value === emptyTree(repo) ? undefined : tree.value);
  }
  return withFolders(repo, undefined, folders);
}

/** The tree of a part's folder, those of the parts in it included. */
async function treeOfPart(scan: Scan, part: Part): Promise<Result<string>> {
  const own = await begin(scan, part);
  if (!own.ok) return own;
  const folders = new Map<string, string | undefined>(part.without.map((path) => [path, undefined]));
  const inside = directlyIn(scan, part);
  const trees = await Promise.all(inside.map((inner) => treeOfPart(scan, inner)));
  for (const [at, tree] of trees.entries()) {
    if (!tree.ok) return tree;
    folders.set(inPart(part, inside[at]?.path ?? ''), tree.value === emptyTree(scan.repo) ? undefined : tree.value);
  }
  return folders.size === 0 ? own : withFolders(scan.repo, own.value, folders);
}

/** Begins to read a part, once. */
function begin(scan: Scan, part: Part): Promise<Result<string>> {
  const begun = scan.trees.get(part.path) ?? scan.gate(() => treeWithParts(scan, part));
  scan.trees.set(part.path, begun);
  return begun;
}

/** A part's own tree; from now on, all parts that are directly in it are known. */
async function treeWithParts(scan: Scan, part: Part): Promise<Result<string>> {
  const own = await ownTree(scan, part);
  if (!own.ok) return own;
  const links = await linksIn(scan.repo, part, own.value, scan.signal);
  if (!links.ok) return links;
  const plain: string[] = [];
  for (const link of links.value) {
    const found = await findPart(scan, below(part, link));
    if (!found.ok) return found;
    if (!found.value && (await hasFiles(join(part.folder, link)))) plain.push(link);
  }
  if (plain.length === 0) return own;
  // It was a repository, and is none any more: git would go on to take it for a submodule that is not checked out, and see none of its files.
  const dropped = await removeFrom(part.place, part.index, plain);
  return dropped.ok ? ownTree(scan, part) : dropped;
}

async function hasFiles(folder: string): Promise<boolean> {
  return readdir(folder).then(
    (names) => names.length > 0,
    () => false,
  );
}

/** The name of the tree without files, which git knows without storing it. */
function emptyTree(repo: Repository): string {
  return repo.format === 'sha256'
    ? '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'
    : '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
}

/** The known parts in a part's folder that are in no other part there. */
function directlyIn(scan: Scan, part: Part): Part[] {
  const direct: Part[] = [];
  const inside = [...scan.parts.values()].filter(
    ({ path }) => path !== part.path && (part.path === '' || path.startsWith(`${part.path}/`)),
  );
  for (const one of inside.sort((a, b) => (a.path < b.path ? -1 : 1)))
    if (!direct.some(({ path }) => one.path.startsWith(`${path}/`))) direct.push(one);
  return direct;
}

/** Whether there is a part at a path; from now on it is known. */
async function findPart(scan: Scan, path: string): Promise<Result<boolean>> {
  const part = await nestedPart(scan.repo, path);
  if (!part.ok) return part;
  if (part.value === undefined) return ok(false);
  scan.parts.set(path, part.value);
  return ok(true);
}

/** A part's tree as git makes it: what nested repositories hold is not in it. */
async function ownTree(scan: Scan, part: Part): Promise<Result<string>> {
  const tree = await ownTreeOnce(scan, part);
  if (tree.ok || scan.signal.aborted || !isStale(tree.failure.message)) return tree;
  // All is read again.
  try {
    await Promise.all(indexFiles(part.index).map((file) => rm(file, { force: true })));
  } catch (thrown) {
    return fail('file', `Weft cannot begin its index anew: ${thrownText(thrown)}.`, `Delete ${part.index}.`);
  }
  return ownTreeOnce(scan, part);
}

async function ownTreeOnce(scan: Scan, part: Part): Promise<Result<string>> {
  const { repo, signal } = scan;
  const seeded = await seedIndex(part, partsIn(scan, part), signal);
  if (!seeded.ok) return seeded;
  const before = part.prefix === '' ? await treeAsBefore(repo, part) : undefined;
  if (before !== undefined && before.indexBytes >= LARGE) {
    const near = await treeOfFewChanged(repo, { part, apart: [...part.without, ...partsIn(scan, part)], tree: before.tree }, signal);
    if (near !== undefined) return ok(near);
  }
  const added = await addAll(scan, part);
  return added.ok ? treeOfIndex(repo, part, signal) : added;
}

/** The paths of the known parts in a part, from its folder. */
function partsIn(scan: Scan, part: Part): string[] {
  return directlyIn(scan, part).map(({ path }) => inPart(part, path));
}

/**
 * Brings the private index up to date. Known parts are left out: git would look into a submodule by a process of its own, and refuses a
 * repository without a commit. A file may go away between git's finding and reading it (builds make such files): git looks again, then.
 */
async function addAll(scan: Scan, part: Part): Promise<Result<unknown>> {
  const { place, index, prefix } = part;
  for (let tries = 1; ; ) {
    const left = [...part.without, ...partsIn(scan, part)].map((path) => `:(exclude,literal)${path}`);
    const added = await plumb(place, ['add', '--all', '--sparse', '--', '.', ...left], { index, magic: true, signal: scan.signal });
    if (added.ok) return checkAllRead(added.value.warnings);
    const fresh = /^(.*) is a git repository without any commit/.exec(added.failure.message)?.[1];
    if (fresh !== undefined) {
      const found = await findPart(scan, below(part, fresh.slice(prefix.length)));
      if (!found.ok) return found;
      if (found.value) continue;
    }
    if (!/No such file or directory|short read while indexing/.test(added.failure.message) || tries++ >= ADD_TRIES) return added;
  }
}
