/** What the workspace really holds now, disk plus unsaved text, as git sees it: of some paths, or of everything. */
import { createHash } from 'node:crypto';
import { copyFile, lstat, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from '../domain/changes';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import type { Include, TooLarge } from '../domain/include';
import { isMissing, readContent } from './files';
import { hash, privateIndex } from './filters';
import { plumb, plumbText } from './git';
import { type Included, includedIndex, withIncluded } from './included';
import { treeOfIndex } from './indexTree';
import type { Repository } from './repository';
import { listTree, lookUp, type Put, withPuts } from './trees';
import type { Content, Unsaved, Workspace } from './workspace';

/** How often git may meet a file that is gone before that is a failure. */
const ADD_TRIES = 3;

/** A path's truth: the blob (git's clean form), and the bytes as they are (in the editor, else on disk). */
export interface Truth {
  readonly entry: Entry;
  readonly content: Content;
}

/** What some paths hold now, the editor's text where it is unsaved; a path that is missing, or is a folder, is null. */
export async function contentsNow(
  repo: Repository,
  workspace: Workspace,
  paths: readonly string[],
): Promise<Result<Map<string, Content | null>>> {
  const unsaved = new Map((await workspace.unsaved()).map((text) => [text.path, text]));
  const contents = new Map<string, Content | null>();
  for (const path of paths) {
    const found = await readContent(repo.root, path);
    if (!found.ok) return found;
    const text = unsaved.get(path);
    const disk = found.value === 'folder' ? null : found.value;
    contents.set(path, text === undefined ? disk : { mode: disk?.mode ?? '100644', bytes: text.bytes });
  }
  return ok(contents);
}

/**
 * The truth of some paths. Costs by these paths, not by the repository, and no git process for a file that is still, byte for
 * byte, what `known` has there.
 */
export async function truthOf(
  repo: Repository,
  workspace: Workspace,
  paths: readonly string[],
  known: ReadonlyMap<string, Entry | 'folder'> = new Map(),
): Promise<Result<Map<string, Truth | null>>> {
  const contents = await contentsNow(repo, workspace, paths);
  if (!contents.ok) return contents;
  const truths = new Map<string, Truth | null>();
  for (const [path, content] of contents.value) {
    const before = known.get(path);
    if (content === null) {
      truths.set(path, null);
    } else if (before !== undefined && before !== 'folder' && before.blob === blobId(repo, content.bytes)) {
      // What was stored is clean already, and cleaning it again changes nothing.
      truths.set(path, { entry: { mode: content.mode, blob: before.blob }, content });
    } else {
      const entry = await entryOf(repo, path, content);
      if (!entry.ok) return entry;
      truths.set(path, { entry: entry.value, content });
    }
  }
  return ok(truths);
}

/** The id that git gives a blob of these very bytes. */
function blobId(repo: Repository, bytes: Buffer): string {
  return createHash(repo.zero.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest('hex');
}

/** Trees of the whole workspace: what is on disk, and the truth (disk with unsaved text over it). Equal where nothing is unsaved. */
export interface WholeTruth {
  readonly disk: string;
  readonly tree: string;
  readonly unsaved: readonly Unsaved[];
  /** Unsaved text over files that git does not list (ignored, or in a nested repository): in neither tree, so that no agent sees it. */
  readonly hidden: ReadonlyMap<string, { readonly text: Entry; readonly disk: Entry }>;
  /** What made ignored files part of it; the paths of those that are; and what was left out for its size. */
  readonly included: { readonly globs: readonly string[]; readonly paths: readonly string[]; readonly tooLarge: TooLarge | null };
}

/**
 * Reads the whole workspace into trees. Fails, and records nothing, where git cannot read a file. `include`: the ignored files that
 * are part of it, where other ones than the person's settings say.
 */
export async function wholeTruth(
  repo: Repository,
  workspace: Workspace,
  signal: AbortSignal,
  include: Include = repo.include(),
): Promise<Result<WholeTruth>> {
  const unsaved = await workspace.unsaved();
  const read = await repo.indexLock(signal, () => diskTree(repo, include, signal));
  if (!read.ok) return read;
  const { tree: disk, paths: ignored, tooLarge } = read.value;
  const included = { globs: include.globs, paths: ignored, tooLarge };
  if (unsaved.length === 0) return ok({ disk, tree: disk, unsaved, hidden: new Map(), included });
  const paths = unsaved.map((text) => text.path);
  const listed = await lookUp(repo, disk, paths);
  if (!listed.ok) return listed;
  const puts = new Map<string, Put>();
  const hidden = new Map<string, { text: Entry; disk: Entry }>();
  for (const { path, bytes } of unsaved) {
    const found = await readContent(repo.root, path);
    if (!found.ok) return found;
    const file = found.value === 'folder' ? null : found.value;
    const text = await entryOf(repo, path, { mode: file?.mode ?? '100644', bytes });
    if (!text.ok) return text;
    if (listed.value.has(path) || file === null) {
      puts.set(path, text.value);
      continue;
    }
    const under = await entryOf(repo, path, file);
    if (!under.ok) return under;
    hidden.set(path, { text: text.value, disk: under.value });
  }
  const tree = await withPuts(repo, disk, puts);
  return tree.ok ? ok({ disk, tree: tree.value, unsaved, hidden, included }) : tree;
}

/** Stores a file's content, as a tree has it. */
export async function entryOf(repo: Repository, path: string, content: Content): Promise<Result<Entry>> {
  const blob = await hash(repo, path, content);
  return blob.ok ? ok({ mode: content.mode, blob: blob.value }) : blob;
}

/**
 * The work tree as a tree, untracked files included, ignored ones left out but for those that the person includes. Works in a private
 * index, which begins as a copy of the user's (so what they track is tracked, and unchanged files need not be read) and is kept for
 * the next time.
 */
async function diskTree(repo: Repository, include: Include, signal: AbortSignal): Promise<Result<Included>> {
  const index = privateIndex(repo);
  const tree = await includingFrom(repo, { index, include }, signal);
  if (tree.ok || signal.aborted || !/building trees|invalid object|unable to read|not found/i.test(tree.failure.message)) return tree;
  // git's garbage collection does not know this index, and may have taken a file's content that it believes to be stored: all is read again.
  try {
    await Promise.all([index, `${index}.seed`, `${index}.tree`, includedIndex(index)].map((file) => rm(file, { force: true })));
  } catch (thrown) {
    return fail('file', `Weft cannot begin its index anew: ${thrownText(thrown)}.`, `Delete ${index}.`);
  }
  return includingFrom(repo, { index, include }, signal);
}

async function includingFrom(repo: Repository, from: { index: string; include: Include }, signal: AbortSignal): Promise<Result<Included>> {
  const tree = await treeFrom(repo, from.index, signal);
  return tree.ok ? withIncluded(repo, { ...from, tree: tree.value }, signal) : tree;
}

async function treeFrom(repo: Repository, index: string, signal: AbortSignal): Promise<Result<string>> {
  const seeded = await seedIndex(repo, index);
  if (!seeded.ok) return seeded;
  const added = await addAll(repo, index, signal);
  if (!added.ok) return added;
  if (repo.prefix === '') return treeOfIndex(repo, index, signal);
  const sub = await plumbText(repo, ['write-tree', `--prefix=${repo.prefix}`], { index, signal });
  if (sub.ok || !/prefix .* not found/.test(sub.failure.message)) return sub;
  return plumbText(repo, ['hash-object', '-w', '-t', 'tree', '--stdin'], { stdin: '', signal });
}

/** A file may go away between git's finding and reading it (builds make such files): git looks again, then. */
async function addAll(repo: Repository, index: string, signal: AbortSignal): Promise<Result<unknown>> {
  let added: Result<unknown> = ok();
  for (let tries = 0; tries < ADD_TRIES; tries++) {
    added = await plumb(repo, ['add', '--all', '--sparse', '--', '.'], { index, signal });
    if (added.ok || !/No such file or directory/.test(added.failure.message)) return added;
  }
  return added;
}

/** Starts the private index anew from the user's where theirs changed since; else keeps ours, which knows the untracked files, too. */
async function seedIndex(repo: Repository, index: string): Promise<Result<void>> {
  const theirs = join(repo.gitDir, 'index');
  const seed = `${index}.seed`;
  try {
    // The lock of a git that was killed: ours around this says that nobody else is at work here.
    await Promise.all([index, `${index}.copy`, includedIndex(index)].map((file) => rm(`${file}.lock`, { force: true })));
    const from = await ifThere(stat(theirs));
    if (from === undefined) return ok();
    const mark = `${from.ino} ${from.size} ${from.mtimeMs}`;
    if ((await ifThere(readFile(seed, 'utf8'))) === mark && (await ifThere(stat(index))) !== undefined) return ok();
    await rm(seed, { force: true });
    const copy = `${index}.copy`;
    await copyFile(theirs, copy);
    // git trusts an entry that is older than its index: the copy must not look newer than what it was copied from.
    const time = Math.floor(from.mtimeMs) / 1000;
    await utimes(copy, time, time);
    const unmarked = await lookEverywhere(repo, copy);
    if (!unmarked.ok) return unmarked;
    const merged = await dropUnmerged(repo, copy);
    if (!merged.ok) return merged;
    // Whole or not at all: others may be reading ours.
    await rename(copy, index);
    await writeFile(seed, mark);
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot copy git's index: ${thrownText(thrown)}.`, 'Try again; if it goes on, make the repository readable.');
  }
}

/** Takes the marks out of an index that keep git from looking at files: the person may use them for files that they changed. */
async function lookEverywhere(repo: Repository, index: string): Promise<Result<unknown>> {
  const listed = await plumb(repo, ['ls-files', '-v', '-z'], { index });
  if (!listed.ok) return listed;
  const rows = listed.value.out.toString().split('\0');
  const assumed = rows.filter((row) => /^[a-z] /.test(row)).map((row) => row.slice(2));
  const skipped: string[] = [];
  // One that is skipped and not there is outside of a sparse checkout: it is not deleted.
  for (const row of rows)
    if (/^s /i.test(row) && (await ifThere(lstat(join(repo.root, row.slice(2))))) !== undefined) skipped.push(row.slice(2));
  const clear = async (flag: string, paths: string[]): Promise<Result<unknown>> =>
    paths.length === 0 ? ok() : plumb(repo, ['update-index', flag, '-z', '--stdin'], { index, stdin: paths.join('\0') });
  const cleared = await clear('--no-assume-unchanged', assumed);
  return cleared.ok ? clear('--no-skip-worktree', skipped) : cleared;
}

/** Whether a path is one that the person's sparse checkout leaves out. */
export async function isLeftOut(repo: Repository, path: string): Promise<boolean> {
  const said = await plumbText({ ...repo, cwd: repo.workTree }, ['ls-files', '-v', '-z', '--', `${repo.prefix}${path}`], {
    index: privateIndex(repo),
  });
  return said.ok && /^s /i.test(said.value);
}

/** In the middle of a merge, git makes no tree of an index with conflicts, not even where they are outside of a sub-folder that is the root. */
async function dropUnmerged(repo: Repository, index: string): Promise<Result<unknown>> {
  if (repo.prefix === '') return ok();
  const top = { ...repo, cwd: repo.workTree };
  const listed = await plumb(top, ['ls-files', '-u', '-z'], { index });
  if (!listed.ok) return listed;
  const rows = listed.value.out.toString('latin1').split('\0');
  const paths = new Set(
    rows.map((row) => row.slice(row.indexOf('\t') + 1)).filter((path) => path !== '' && !path.startsWith(latin1(repo.prefix))),
  );
  const stdin = Buffer.from([...paths].join('\0'), 'latin1');
  return paths.size === 0 ? ok() : plumb(top, ['update-index', '--force-remove', '-z', '--stdin'], { index, stdin });
}

/** As bytes are compared that may be no UTF-8. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/** The workspace paths of all files that are not ignored, sorted. */
export async function listFiles(repo: Repository, workspace: Workspace, signal: AbortSignal): Promise<Result<string[]>> {
  const truth = await wholeTruth(repo, workspace, signal);
  if (!truth.ok) return truth;
  const files = await listTree(repo, truth.value.tree);
  return files.ok ? ok([...files.value.keys()].sort()) : files;
}
