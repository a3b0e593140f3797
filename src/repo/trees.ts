/** Trees and commits: listing, comparing, building and merging them, all by git, none of it in the work tree. */

import { type Change, type Entry, modeSchema } from '../domain/changes';
import { fail, ok, type Result } from '../domain/failure';
import { plumb, plumbText } from './git';
import type { Repository } from './repository';
import { changesBetween, entriesAt } from './treeRows';

/** A file to be put into a tree: by its bytes, or as a blob that the repository has. */
export type Put = { readonly mode: Entry['mode']; readonly bytes: Buffer } | Entry;

/** Puts, by path; `null` takes the path out. */
export type Puts = ReadonlyMap<string, Put | null>;

/** Files of a tree (recursively, below `folders` where given), by path, in git's order. */
export async function listTree(repo: Repository, tree: string, folders: readonly string[] = []): Promise<Result<Map<string, Entry>>> {
  const said = await plumb(repo, ['ls-tree', '-r', '-z', '--full-tree', tree, ...(folders.length > 0 ? ['--', ...folders] : [])]);
  if (!said.ok) return said;
  const files = new Map<string, Entry>();
  for (const row of said.value.out.toString().split('\0')) {
    const tab = row.indexOf('\t');
    const [mode, , blob] = row.slice(0, tab).split(' ');
    const known = modeSchema.safeParse(mode);
    if (tab > 0 && blob !== undefined && known.success) files.set(row.slice(tab + 1), { mode: known.data, blob });
  }
  return ok(files);
}

/** What a tree has at each of these exact paths: a file, `'folder'`, or nothing. Costs no process: only the trees on the way are read. */
export async function lookUp(repo: Repository, tree: string, paths: readonly string[]): Promise<Result<Map<string, Entry | 'folder'>>> {
  if (paths.length === 0) return ok(new Map());
  const top = await treeOf(repo, tree);
  return top.ok ? entriesAt(repo, top.value, paths) : top;
}

/** The paths that differ between two trees or commits, in git's order. Renames are a deletion and an addition. Costs no process. */
export async function diffTrees(repo: Repository, before: string, after: string): Promise<Result<Change[]>> {
  if (before === after) return ok([]);
  const [old, now] = [await treeOf(repo, before), await treeOf(repo, after)];
  if (!old.ok) return old;
  if (!now.ok) return now;
  const known = repo.known.changes.get(`${old.value} ${now.value}`);
  if (known !== undefined) return ok([...known]);
  const changes = await changesBetween(repo, old.value, now.value);
  if (changes.ok) rememberChanges(repo, { before: old.value, after: now.value }, changes.value);
  return changes;
}

/** What differs between two trees, where that is known already. */
export function rememberChanges(repo: Repository, ends: { before: string; after: string }, changes: readonly Change[]): void {
  if (changes.length <= FEW_CHANGES) remember(repo.known.changes, `${ends.before} ${ends.after}`, changes);
}

/** Longer differences are found again when they are asked for again. */
const FEW_CHANGES = 500;

/** Reads what git's `--raw -z` says. */
export function readChanges(raw: string): Change[] {
  const parts = raw.split('\0');
  const changes: Change[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [modeBefore = '', modeAfter, blobBefore, blobAfter] = (parts[at] ?? '').slice(1).split(' ');
    changes.push({ path: parts[at + 1] ?? '', before: entry(modeBefore, blobBefore), after: entry(modeAfter, blobAfter) });
  }
  return changes;
}

function entry(mode: string | undefined, blob: string | undefined): Entry | null {
  const known = modeSchema.safeParse(mode);
  return known.success && blob !== undefined ? { mode: known.data, blob } : null;
}

export interface Building {
  /** Tree or commit to start from; undefined for an empty tree. */
  readonly from: string | undefined;
  readonly puts: Puts;
  /** Folders that become these trees, whatever was there. */
  readonly folders?: ReadonlyMap<string, string>;
  readonly parents: readonly string[];
  readonly message: string;
}

/**
 * Makes a commit whose tree is another's with some files changed, at the cost of those files.
 * No ref points at it afterwards: that is the caller's to do, before git's garbage collection comes by (two weeks).
 */
export async function buildCommit(repo: Repository, building: Building): Promise<Result<string>> {
  const parts: (string | Buffer)[] = [];
  const say = (line: string) => parts.push(`${line}\n`);
  const data = (bytes: Buffer) => parts.push(`data ${bytes.length}\n`, bytes, '\n');
  const ref = `${repo.refs}building`;
  say(`commit ${ref}`);
  say('mark :1');
  say(`committer Weft <weft@localhost> ${Math.floor(Date.now() / 1000)} +0000`);
  data(Buffer.from(withoutNul(building.message)));
  building.parents.forEach((parent, at) => {
    say(`${at === 0 ? 'from' : 'merge'} ${parent}`);
  });
  if (building.from !== undefined) {
    const tree = await treeOf(repo, building.from);
    if (!tree.ok) return tree;
    say(`M 040000 ${tree.value} ""`);
  } else if (building.parents.length > 0) {
    say('deleteall');
  }
  // Deletions first, so that a file can become a folder and the other way round.
  for (const [path, put] of building.puts) if (put === null) say(`D ${quote(path)}`);
  for (const [path, tree] of building.folders ?? []) say(`M 040000 ${tree} ${quote(path)}`);
  for (const [path, put] of building.puts) {
    if (put === null) continue;
    if ('blob' in put) {
      say(`M ${put.mode} ${put.blob} ${quote(path)}`);
    } else {
      say(`M ${put.mode} inline ${quote(path)}`);
      data(put.bytes);
    }
  }
  say('get-mark :1');
  say('ls :1 ""');
  // Taking the ref back within the same stream: fast-import then writes none at all.
  say(`reset ${ref}`);
  say(`from ${repo.zero}`);
  say('done');
  const stdin = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  // Paths are what they are here, whatever the person's disk takes for the same.
  const said = await plumbText(repo, ['-c', 'core.ignorecase=false', 'fast-import', '--quiet', '--done', '--date-format=raw'], { stdin });
  if (!said.ok) return said;
  const [commit = '', listed = ''] = said.value.split('\n');
  const tree = /^040000 tree ([0-9a-f]+)/.exec(listed)?.[1];
  if (tree !== undefined) remember(repo.known.trees, commit, tree);
  return ok(commit);
}

/** So many ids are kept that no run asks git twice, and no long session grows without end. */
const REMEMBERED = 2_000;

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  const [oldest] = known.keys();
  if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest);
  known.set(key, value);
}

/** A tree with some of its files changed, at the cost of those files. */
export async function withPuts(repo: Repository, tree: string, puts: Puts): Promise<Result<string>> {
  if (puts.size === 0) return ok(tree);
  const commit = await buildCommit(repo, { from: tree, puts, parents: [], message: 'tree' });
  return commit.ok ? treeOf(repo, commit.value) : commit;
}

/** A tree with other trees as some of its folders, whatever was there; an empty one is no folder. Outer folders come before those in them. */
export async function withFolders(
  repo: Repository,
  tree: string | undefined,
  folders: ReadonlyMap<string, string | undefined>,
): Promise<Result<string>> {
  const key = [tree ?? '', ...[...folders].flat()].join('\n');
  const known = repo.known.composed.get(key);
  if (known !== undefined) return ok(known);
  const full = new Map<string, string>();
  const puts = new Map<string, null>();
  for (const [path, folder] of folders) {
    if (folder === undefined) puts.set(path, null);
    else full.set(path, folder);
  }
  const commit = await buildCommit(repo, { from: tree, puts, folders: full, parents: [], message: 'tree' });
  if (!commit.ok) return commit;
  const composed = await treeOf(repo, commit.value);
  if (composed.ok) remember(repo.known.composed, key, composed.value);
  return composed;
}

/** Makes a commit of a whole tree. */
export async function commitTree(repo: Repository, tree: string, parents: readonly string[], message: string): Promise<Result<string>> {
  const args = parents.flatMap((parent) => ['-p', parent]);
  const commit = await plumbText(repo, ['commit-tree', ...args, '-F', '-', tree], { stdin: withoutNul(message) });
  if (commit.ok) remember(repo.known.trees, commit.value, tree);
  return commit;
}

/** A message as git takes it: it refuses NUL, which titles of older runs may have. */
export function withoutNul(message: string): string {
  return message.replaceAll('\0', '');
}

/** A commit's message: a line for people, and below it, where git finds it as the body, what Weft has to know. */
export function messageOf(title: string, facts: object): string {
  return `${title.replaceAll(/\s+/g, ' ').trim() || 'Weft'}\n\n${JSON.stringify(facts)}`;
}

/** The tree of a commit, or of whatever names one; of a tree, itself. Costs no process. */
export async function treeOf(repo: Repository, commit: string): Promise<Result<string>> {
  const known = repo.known.trees.get(commit);
  if (known !== undefined) return ok(known);
  const tree = await repo.objects.find(`${commit}^{tree}`);
  if (!tree.ok) return tree;
  if (tree.value === undefined)
    return fail('git', `The state ${commit} is no longer in the repository.`, 'Something deleted git objects: “git fsck” tells more.');
  // A name (a ref, say) means something else tomorrow.
  if (/^[0-9a-f]{40,64}$/.test(commit)) remember(repo.known.trees, commit, tree.value);
  return ok(tree.value);
}

/** A merge of whole trees: the merged tree, and the paths that it could not decide (the tree has markers there). */
export interface Merge {
  readonly tree: string;
  readonly conflicts: readonly MergeConflict[];
  /** What the sides are called in markers, and in names of files that had to be put aside; empty where all was decided. */
  readonly called: { readonly ours: string; readonly theirs: string };
}

const CLEAN = { conflicts: [], called: { ours: '', theirs: '' } };

export interface MergeConflict {
  readonly path: string;
  readonly base: Entry | null;
  readonly ours: Entry | null;
  readonly theirs: Entry | null;
}

/** What is to be merged: trees or commits, and what both sides come from. */
interface Sides {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/** git's three-way merge of trees or commits, renames included. No work tree is touched. */
export async function mergeTrees(repo: Repository, sides: Sides): Promise<Result<Merge>> {
  const plain = await mergedAlready(repo, sides);
  if (!plain.ok) return plain;
  if (plain.value !== undefined) return ok({ tree: plain.value, ...CLEAN });
  // git 2.38 and 2.39 take no --merge-base: two commits whose common parent is the base say the same.
  const base = await root(repo, sides.base);
  if (!base.ok) return base;
  const [ours, theirs] = await Promise.all([rooted(repo, sides.ours, [base.value]), rooted(repo, sides.theirs, [base.value])]);
  if (!ours.ok) return ours;
  return theirs.ok ? mergeCommits(repo, ours.value, theirs.value) : theirs;
}

/** As {@link mergeTrees}, and quicker, for commits in whose history `base` is the last one that they share. */
export async function mergeRelated(repo: Repository, sides: Sides): Promise<Result<Merge>> {
  const plain = await mergedAlready(repo, sides);
  if (!plain.ok) return plain;
  if (plain.value !== undefined) return ok({ tree: plain.value, ...CLEAN });
  return mergeCommits(repo, sides.ours, sides.theirs);
}

/** The tree of a merge with nothing to merge: one side is what both come from, or both are the same. */
async function mergedAlready(repo: Repository, sides: Sides): Promise<Result<string | undefined>> {
  const [from, mine, yours] = [await treeOf(repo, sides.base), await treeOf(repo, sides.ours), await treeOf(repo, sides.theirs)];
  if (!from.ok) return from;
  if (!mine.ok) return mine;
  if (!yours.ok) return yours;
  if (mine.value === from.value || mine.value === yours.value) return ok(yours.value);
  return ok(yours.value === from.value ? mine.value : undefined);
}

async function mergeCommits(repo: Repository, ours: string, theirs: string): Promise<Result<Merge>> {
  const said = await plumb(repo, ['merge-tree', '--write-tree', '-z', '--no-messages', ours, theirs], { answers: [1] });
  if (!said.ok) return said;
  const [tree = '', ...rows] = said.value.out.toString().split('\0');
  if (said.value.code === 0) return ok({ tree, ...CLEAN });
  const conflicts = new Map<string, { path: string; base: Entry | null; ours: Entry | null; theirs: Entry | null }>();
  for (const row of rows) {
    const match = /^(\d{6}) ([0-9a-f]+) ([123])\t(.*)$/s.exec(row);
    if (match === null) continue;
    const [, mode, blob, stage, path = ''] = match;
    const conflict = conflicts.get(path) ?? { path, base: null, ours: null, theirs: null };
    const side = stage === '1' ? 'base' : stage === '2' ? 'ours' : 'theirs';
    conflict[side] = entry(mode, blob);
    conflicts.set(path, conflict);
  }
  if (conflicts.size === 0)
    return fail('git', 'git reported a conflict without naming a file.', 'Please report this, with the versions of git and Weft.');
  return ok({ tree, conflicts: [...conflicts.values()], called: { ours, theirs } });
}

/** A commit without parents that has a commit's tree. */
async function root(repo: Repository, treeish: string): Promise<Result<string>> {
  const known = repo.known.roots.get(treeish);
  if (known !== undefined) return ok(known);
  const made = await rooted(repo, treeish, []);
  if (made.ok) remember(repo.known.roots, treeish, made.value);
  return made;
}

async function rooted(repo: Repository, treeish: string, parents: readonly string[]): Promise<Result<string>> {
  const tree = await treeOf(repo, treeish);
  return tree.ok ? commitTree(repo, tree.value, parents, 'merge') : tree;
}

/** A path as fast-import reads it. */
function quote(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
