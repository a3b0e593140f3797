/** The whole work tree as one tree: each part's made by git in the part's private index, and all of them put together. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import type { Include } from '../../domain/include';
import { plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import { diffTrees, withFolders } from '../trees';
import { findIncluded, forget, type Included, includedIndex, withIncluded } from './included';
import { treeOfIndex } from './indexTree';
import { below, inPart, keepParts, nestedPart, nestedParts, type Part } from './parts';
import { indexFiles, removeFrom, seedIndex } from './seed';

/** How often git may meet a file that is gone before that is a failure. */
const ADD_TRIES = 3;
/** More of a path is not told, in characters. */
const LONG_PATH = 300;

/** One look at the disk. */
interface Scan {
  readonly repo: Repository;
  /** The nested parts that are there, by path: known ones, and those that this look finds. */
  readonly parts: Map<string, Part>;
  readonly signal: AbortSignal;
}

/**
 * What is on disk as a tree: untracked files too, nested repositories as folders like others, and of ignored files those that the person
 * includes. Called under the index lock.
 */
export async function diskTree(repo: Repository, include: Include, signal: AbortSignal): Promise<Result<Included>> {
  const known = await nestedParts(repo);
  if (!known.ok) return known;
  const scan: Scan = { repo, parts: new Map(known.value.map((part) => [part.path, part])), signal };
  // Ignored files are looked for beside that: both walk through the folder.
  const [tree, early] = await Promise.all([treeOfRoots(scan), findIncluded({ parts: [...repo.roots, ...known.value], include }, signal)]);
  if (!tree.ok) return tree;
  if (!early.ok) return early;
  const kept = await keepParts(repo, [...scan.parts.keys()]);
  if (!kept.ok) return kept;
  const parts = [...repo.roots, ...scan.parts.values()];
  const late = await findIncluded({ parts: parts.filter((part) => !early.value.has(part)), include }, signal);
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
  const own = await treeWithParts(scan, part);
  if (!own.ok) return own;
  const folders = new Map<string, string | undefined>(part.without.map((path) => [path, undefined]));
  for (const inner of directlyIn(scan, part)) {
    const tree = await treeOfPart(scan, inner);
    if (!tree.ok) return tree;
    folders.set(inPart(part, inner.path), tree.value === emptyTree(scan.repo) ? undefined : tree.value);
  }
  return folders.size === 0 ? own : withFolders(scan.repo, own.value, folders);
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
  const inner = directlyIn(scan, part).map(({ path }) => inPart(part, path));
  const seeded = await seedIndex(part, inner, signal);
  if (!seeded.ok) return seeded;
  const added = await addAll(scan, part);
  if (!added.ok) return added;
  if (part.prefix === '') return treeOfIndex(repo, part, signal);
  const sub = await plumbText(part.place, ['write-tree', `--prefix=${part.prefix}`], { index: part.index, signal });
  if (sub.ok || !/prefix .* not found/.test(sub.failure.message)) return sub;
  return plumbText(part.place, ['hash-object', '-w', '-t', 'tree', '--stdin'], { stdin: '', signal });
}

/**
 * Brings the private index up to date. Known parts are left out: git would look into a submodule by a process of its own, and refuses a
 * repository without a commit. A file may go away between git's finding and reading it (builds make such files): git looks again, then.
 */
async function addAll(scan: Scan, part: Part): Promise<Result<unknown>> {
  const { place, index, prefix } = part;
  for (let tries = 1; ; ) {
    const apart = [...part.without, ...directlyIn(scan, part).map(({ path }) => inPart(part, path))];
    const left = apart.map((path) => `:(exclude,literal)${path}`);
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

/** Fails where git could not look into a folder or at a file: it warns, goes on, and would leave out, or keep as it was, what is there. */
function checkAllRead(warnings: string): Result<void> {
  for (const line of warnings.split('\n')) {
    // git cuts a very long line off, and its reason with it.
    const [, folder, why = 'File name too long'] = /^warning: could not open directory '(.+?)(?:': (.+))?$/.exec(line) ?? [];
    const [, file, reason = why] = /^(?!warning: )(.+): (Permission denied|File name too long|Input\/output error)$/.exec(line) ?? [];
    const path = folder ?? file;
    // A folder that goes away meanwhile is no loss.
    if (path === undefined || reason === 'No such file or directory') continue;
    const name = path.length > LONG_PATH ? `${path.slice(0, LONG_PATH)}…` : path;
    return fail('file', `${name} cannot be read: ${reason}.`, 'Make it readable, or have git ignore it, then try again.');
  }
  return ok();
}

const linksSchema = z.object({ tree: z.string(), links: z.array(z.string()) });

/** The nested repositories that a part's own tree has as links. All of it is read once; then only what changed. */
async function linksIn(repo: Repository, { index }: Part, tree: string, signal: AbortSignal): Promise<Result<string[]>> {
  const file = `${index}.links`;
  const last = await readLinks(file);
  if (last?.tree === tree) return ok(last.links);
  const links = (last === undefined ? undefined : await linksSince(repo, last, tree)) ?? (await allLinks(repo, tree, signal));
  if (!links.ok) return links;
  // Without the file, the next time is slower, and as right.
  await writeFile(file, JSON.stringify({ tree, links: links.value })).catch(() => undefined);
  return links;
}

async function readLinks(file: string): Promise<z.infer<typeof linksSchema> | undefined> {
  try {
    return linksSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Undefined where git no longer has the tree of the last time. */
async function linksSince(repo: Repository, last: z.infer<typeof linksSchema>, tree: string): Promise<Result<string[]> | undefined> {
  const changes = await diffTrees(repo, last.tree, tree);
  if (!changes.ok) return undefined;
  const links = new Set(last.links);
  for (const { path, after } of changes.value) {
    if (after?.mode === '160000') links.add(path);
    else links.delete(path);
  }
  return ok([...links]);
}

async function allLinks(repo: Repository, tree: string, signal: AbortSignal): Promise<Result<string[]>> {
  const said = await plumb(repo, ['ls-tree', '-r', '-z', '--full-tree', tree], { signal });
  if (!said.ok) return said;
  const links: string[] = [];
  const { out } = said.value;
  // Rows are many, links few: only those become text.
  for (let at = out.indexOf('160000 commit '); at >= 0; at = out.indexOf('160000 commit ', at + 1)) {
    if (at > 0 && out[at - 1] !== 0) continue;
    links.push(out.toString('utf8', out.indexOf(9, at) + 1, out.indexOf(0, at)));
  }
  return ok(links);
}
