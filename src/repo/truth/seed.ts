/** The private index that a part's tree is made in: it begins as a copy of the person's, so that what they track is tracked, and unchanged files need not be read. */
import { copyFile, lstat, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { ifThere } from '../files';
import { type GitPlace, plumb, plumbInto } from '../git';
import { includedIndex } from './included';
import { type Part, topOf } from './parts';

/** So many objects lie well without a pack. */
const FEW_OBJECTS = 100;

/** The files of an index: itself, and what Weft notes beside it. */
export function indexFiles(index: string): string[] {
  return [index, `${index}.seed`, `${index}.tree`, `${index}.links`, `${index}.few`];
}

/**
 * Starts the private index anew from the person's where theirs changed since; else keeps ours, which knows the untracked files, too.
 * The parts in this one (paths from its folder) are not in it.
 */
export async function seedIndex(part: Part, inner: readonly string[], signal: AbortSignal): Promise<Result<void>> {
  const { index, theirs } = part;
  const seed = `${index}.seed`;
  try {
    await mkdir(dirname(index), { recursive: true, mode: 0o700 });
    // The lock of a git that was killed: ours around this says that nobody else is at work here.
    await Promise.all([index, `${index}.copy`, `${index}.few`, includedIndex(index)].map((file) => rm(`${file}.lock`, { force: true })));
    const from = theirs === undefined ? undefined : await ifThere(stat(theirs));
    if (theirs === undefined || from === undefined) return ok();
    const mark = `${from.ino} ${from.size} ${from.mtimeMs}`;
    if ((await ifThere(readFile(seed, 'utf8'))) === mark && (await ifThere(stat(index))) !== undefined) return ok();
    await rm(seed, { force: true });
    const copy = `${index}.copy`;
    await copyFile(theirs, copy);
    // git trusts an entry that is older than its index: the copy must not look newer than what it was copied from.
    const time = Math.floor(from.mtimeMs) / 1000;
    await utimes(copy, time, time);
    const unmarked = await lookEverywhere(part, copy);
    if (!unmarked.ok) return unmarked;
    const merged = await dropUnmerged(part, copy);
    if (!merged.ok) return merged;
    const parted = await removeFrom(itsOwn(part.place), copy, inner);
    if (!parted.ok) return parted;
    const brought = await bringObjects(part, copy, signal);
    if (!brought.ok) return brought;
    // Whole or not at all: others may be reading ours.
    await rename(copy, index);
    await writeFile(seed, mark);
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot copy git's index: ${thrownText(thrown)}.`, 'Try again; if it goes on, make the repository readable.');
  }
}

/** Where a part's own objects are. */
function itsOwn(place: GitPlace): GitPlace {
  const { gitDir, workTree, cwd } = place;
  return { gitDir, workTree, cwd };
}

/**
 * Takes the marks out of an index that keep git from looking at files: the person may use them for files that they changed. One that is
 * skipped and not there is outside of a sparse checkout: it is not deleted, but where the objects lie elsewhere, it is left out.
 */
async function lookEverywhere(part: Part, index: string): Promise<Result<unknown>> {
  const place = itsOwn(part.place);
  const listed = await plumb(place, ['ls-files', '-v', '-z'], { index });
  if (!listed.ok) return listed;
  const rows = listed.value.out.toString().split('\0');
  const assumed = rows.filter((row) => /^[a-z] /.test(row)).map((row) => row.slice(2));
  const skipped: string[] = [];
  const absent: string[] = [];
  for (const row of rows) {
    if (!/^s /i.test(row)) continue;
    const path = row.slice(2);
    ((await ifThere(lstat(join(part.folder, path)))) === undefined ? absent : skipped).push(path);
  }
  const update = async (flag: string, paths: string[]): Promise<Result<unknown>> =>
    paths.length === 0 ? ok() : plumb(place, ['update-index', flag, '-z', '--stdin'], { index, stdin: paths.join('\0') });
  const cleared = await update('--no-assume-unchanged', assumed);
  if (!cleared.ok) return cleared;
  const seen = await update('--no-skip-worktree', skipped);
  return seen.ok && part.place.objectDir !== undefined ? removeFrom(place, index, absent) : seen;
}

/** In the middle of a merge, git makes no tree of an index with conflicts, not even where they are outside of a sub-folder that is the root. */
async function dropUnmerged(part: Part, index: string): Promise<Result<unknown>> {
  if (part.prefix === '') return ok();
  const top = itsOwn(topOf(part));
  const listed = await plumb(top, ['ls-files', '-u', '-z'], { index });
  if (!listed.ok) return listed;
  const rows = listed.value.out.toString('latin1').split('\0');
  const paths = new Set(
    rows.map((row) => row.slice(row.indexOf('\t') + 1)).filter((path) => path !== '' && !path.startsWith(latin1(part.prefix))),
  );
  return removeFrom(top, index, [...paths], 'latin1');
}

/** Takes paths out of an index, all their stages. */
export async function removeFrom(
  place: GitPlace,
  index: string,
  paths: readonly string[],
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<Result<unknown>> {
  const stdin = Buffer.from(paths.join('\0'), encoding);
  return paths.length === 0
    ? ok()
    : plumb(place, ['-c', 'index.sparse=false', 'update-index', '--force-remove', '-z', '--stdin'], { index, stdin });
}

/** As bytes are compared that may be no UTF-8. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Copies the files' contents that an index names from the part's repository into the workspace's: git would take them for stored. */
async function bringObjects(part: Part, index: string, signal: AbortSignal): Promise<Result<void>> {
  if (part.place.objectDir === undefined) return ok();
  const own = itsOwn(topOf(part));
  const listed = await plumb(own, ['ls-files', '--stage', '-z'], { index, signal });
  if (!listed.ok) return listed;
  const blobs = new Set<string>();
  for (const row of listed.value.out.toString('latin1').split('\0')) {
    const [mode, blob] = row.split(' ', 2);
    if (blob !== undefined && mode !== '160000') blobs.add(blob);
  }
  const there = await existing(part.place, blobs, signal);
  if (!there.ok) return there;
  const missing = new Set([...blobs].filter((blob) => !there.value.has(blob)));
  // A file that was added in intent alone has no content; git reads it from disk.
  const wanted = await existing(own, missing, signal);
  if (!wanted.ok || wanted.value.size === 0) return wanted.ok ? ok() : wanted;
  return plumbInto(
    // Deltas that are there are taken over, none are looked for.
    { place: own, args: ['pack-objects', '--stdout', '-q', '--window=0', '--threads=1'], stdin: `${[...wanted.value].join('\n')}\n` },
    { place: part.place, args: wanted.value.size <= FEW_OBJECTS ? ['unpack-objects', '-q'] : ['index-pack', '--stdin'] },
    signal,
  );
}

/** Those of some objects that are in the repository of a place. */
async function existing(place: GitPlace, objects: ReadonlySet<string>, signal: AbortSignal): Promise<Result<Set<string>>> {
  if (objects.size === 0) return ok(new Set<string>());
  const args = ['cat-file', '--batch-check=%(objectname)'];
  const said = await plumb(place, args, { stdin: `${[...objects].join('\n')}\n`, signal });
  if (!said.ok) return said;
  const rows = said.value.out.toString('latin1').split('\n');
  return ok(new Set(rows.filter((row) => /^[0-9a-f]+$/.test(row))));
}
