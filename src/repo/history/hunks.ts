/** The hunks of a landing, and the state that a landing would have made without some of its parts. */
import type { Entry } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import type { Hunk, Lines, Part } from '../../domain/part';
import { plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import { buildCommit, diffTrees, lookUp, type Put } from '../trees';

/** Two commits, around a landing. */
interface Landing {
  readonly before: string;
  readonly after: string;
}

/** What differs between two files, as git's plainest algorithm has it: the person's own settings must not renumber hunks. */
const HUNK_FLAGS = [
  'diff',
  '--unified=0',
  '--inter-hunk-context=0',
  '--diff-algorithm=myers',
  '--indent-heuristic',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
];

/** The hunks between two blobs, in order; none where a side is no text. */
async function hunksBetween(repo: Repository, before: string, after: string): Promise<Result<Hunk[]>> {
  if (before === after) return ok([]);
  const said = await plumb(repo, [...HUNK_FLAGS, before, after], { answers: [1] });
  if (!said.ok) return said;
  const hunks: Hunk[] = [];
  for (const match of said.value.out.toString('latin1').matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)) {
    const lines = (line: string | undefined, count: string | undefined): Lines => ({ line: Number(line), count: Number(count ?? 1) });
    hunks.push({ number: hunks.length + 1, before: lines(match[1], match[2]), after: lines(match[3], match[4]) });
  }
  return ok(hunks);
}

/** A file that a landing changed: under which path it was there before, and how it differs. */
export interface Changed {
  readonly path: string;
  /** Its path before, where the landing renamed it; else null. */
  readonly from: string | null;
  readonly before: Entry | null;
  readonly after: Entry | null;
  /** Empty where it was added or deleted whole, or is no text. */
  readonly hunks: readonly Hunk[];
}

/** What a landing did to a file, asked for by its path before or after; fails where it did nothing to it. */
export async function changedFile(repo: Repository, landing: Landing, path: string): Promise<Result<Changed>> {
  const changes = await diffTrees(repo, landing.before, landing.after);
  if (!changes.ok) return changes;
  const renames = await renamesOf(repo, landing);
  if (!renames.ok) return renames;
  const now = renames.value.find((rename) => rename.from === path)?.path ?? path;
  const from = renames.value.find((rename) => rename.path === now)?.from ?? null;
  const change = changes.value.find((one) => one.path === now);
  if (change === undefined) {
    const known = changes.value.map((one) => one.path);
    return fail('input', `${path} was not changed there.`, `What was: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}.`);
  }
  const before = from === null ? change.before : (changes.value.find((one) => one.path === from)?.before ?? null);
  const isText = before !== null && change.after !== null && before.mode !== '160000' && change.after.mode !== '160000';
  const hunks = isText ? await hunksBetween(repo, before.blob, change.after?.blob ?? before.blob) : ok([]);
  return hunks.ok ? ok({ path: now, from, before, after: change.after, hunks: hunks.value }) : hunks;
}

async function renamesOf(repo: Repository, { before, after }: Landing): Promise<Result<{ from: string; path: string }[]>> {
  const said = await plumbText(repo, ['diff-tree', '-r', '-z', '-M', '--diff-filter=R', '--name-status', '--no-ext-diff', before, after]);
  if (!said.ok) return said;
  const rows = said.value.split('\0');
  const renames: { from: string; path: string }[] = [];
  for (let at = 0; at + 2 < rows.length; at += 3) renames.push({ from: rows[at + 1] ?? '', path: rows[at + 2] ?? '' });
  return ok(renames);
}

/**
 * The commit that a landing would have made without some of its parts: each of them is as it was before. Its parents are both ends
 * of the landing, so that a blame finds each line where it comes from.
 */
export async function withoutParts(repo: Repository, landing: Landing, parts: readonly Part[]): Promise<Result<string>> {
  if (parts.length === 0) return ok(landing.after);
  const puts = new Map<string, Put | null>();
  const whole = new Set(parts.flatMap((part) => (part.hunk === null ? [part.path] : [])));
  const paths = new Map(parts.map((part) => [part.path, part.from]));
  const wanted = [...paths].flatMap(([path, from]) => (from === null ? [path] : [path, from]));
  const [before, after] = [await lookUp(repo, landing.before, wanted), await lookUp(repo, landing.after, wanted)];
  if (!before.ok) return before;
  if (!after.ok) return after;
  for (const [path, from] of paths) {
    const was = fileOf(before.value.get(from ?? path));
    const is = fileOf(after.value.get(path));
    if (whole.has(path)) {
      if (from !== null) puts.set(path, null);
      puts.set(from ?? path, was);
      continue;
    }
    const hunks = parts.flatMap((part) => (part.path === path && part.hunk !== null ? [part.hunk] : []));
    if (was === null || is === null) return gone(path);
    const bytes = await withoutHunks(repo, { before: was.blob, after: is.blob }, hunks);
    if (!bytes.ok) return bytes;
    puts.set(path, { mode: is.mode, bytes: bytes.value });
  }
  return buildCommit(repo, { from: landing.after, puts, parents: [landing.after, landing.before], message: 'Without parts' });
}

/** A file as it was after, but for some hunks, whose lines are as they were before. */
async function withoutHunks(repo: Repository, blobs: { before: string; after: string }, hunks: readonly Hunk[]): Promise<Result<Buffer>> {
  const [before, after] = [await repo.objects.read(blobs.before), await repo.objects.read(blobs.after)];
  if (!before.ok) return before;
  if (!after.ok) return after;
  if (before.value === undefined || after.value === undefined) return gone(blobs.after);
  const [old, now] = [linesOf(before.value), linesOf(after.value)];
  // The last first: what stands before it keeps its place.
  for (const hunk of [...hunks].sort((a, b) => b.number - a.number)) {
    const first = firstOf(hunk.before);
    now.splice(firstOf(hunk.after), hunk.after.count, ...old.slice(first, first + hunk.before.count));
  }
  return ok(Buffer.from(now.join(''), 'latin1'));
}

/** The index of the first line that lines stand for, or stand before. */
function firstOf({ line, count }: Lines): number {
  return count === 0 ? line : line - 1;
}

/** A file's lines with their ends, byte by byte: whatever its encoding, nothing is lost. */
function linesOf(bytes: Buffer): string[] {
  return bytes.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function fileOf(found: Entry | 'folder' | undefined): Entry | null {
  return found === undefined || found === 'folder' ? null : found;
}

function gone(what: string) {
  return fail('git', `What ${what} was is no longer in the repository.`, 'Something deleted git objects: “git fsck” tells more.');
}

/** The text of a hunk as a diff shows it, for people: lines taken away, then lines put there. */
export async function hunkText(repo: Repository, file: Changed, hunk: Hunk): Promise<Result<string[]>> {
  const [before, after] = [await textOf(repo, file.before), await textOf(repo, file.after)];
  if (!before.ok) return before;
  if (!after.ok) return after;
  const part = (lines: readonly string[], at: Lines, mark: string) =>
    lines.slice(firstOf(at), firstOf(at) + at.count).map((line) => `${mark}${line.replace(/\r?\n$/, '')}`);
  return ok([...part(before.value, hunk.before, '-'), ...part(after.value, hunk.after, '+')]);
}

async function textOf(repo: Repository, entry: Entry | null): Promise<Result<string[]>> {
  const bytes = entry === null ? ok(undefined) : await repo.objects.read(entry.blob);
  return bytes.ok ? ok(bytes.value?.toString().match(/[^\n]*\n|[^\n]+$/g) ?? []) : bytes;
}
