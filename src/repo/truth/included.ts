/**
 * Ignored files that the person includes (`weft.snapshot.include`): found without looking into ignored folders that no glob names,
 * and put over the tree of the files that git lists. They are kept in an index of their own, so that unchanged ones are not read again.
 */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Entry, modeSchema } from '../../domain/changes';
import { cancelled, fail, ok, type Result, thrownText } from '../../domain/failure';
import { fitting, type Include, type Matcher, matcherOf, type TooLarge } from '../../domain/include';
import { isMissing } from '../files';
import type { Gate } from '../gate';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { withPuts } from '../trees';
import { below, inPart, type Part } from './parts';

export interface Included {
  /** The tree with the files over it. */
  readonly tree: string;
  readonly paths: readonly string[];
  readonly tooLarge: TooLarge | null;
}

interface Found {
  readonly path: string;
  readonly bytes: number;
}

/** Puts what {@link findIncluded} found over a tree of what git lists in the workspace's parts. */
export async function withIncluded(
  repo: Repository,
  from: { readonly tree: string; readonly found: ReadonlyMap<Part, readonly Found[]>; readonly include: Include },
  signal: AbortSignal,
): Promise<Result<Included>> {
  const { tree, found, include } = from;
  if (include.globs.length === 0) return ok({ tree, paths: [], tooLarge: null });
  const { taken, tooLarge } = fitting([...found.values()].flat(), include);
  const chosen = new Set(taken);
  const puts = new Map<string, Entry>();
  for (const [part, all] of found) {
    const names = all.filter((one) => chosen.has(one)).map(({ path }) => inPart(part, path));
    if (names.length === 0) continue;
    const entries = await entriesOf(part, names, signal);
    if (!entries.ok) return entries;
    for (const [name, entry] of entries.value) puts.set(below(part, name), entry);
  }
  const whole = await withPuts(repo, tree, puts);
  return whole.ok ? ok({ tree: whole.value, paths: [...puts.keys()], tooLarge }) : whole;
}

/** The index of included files, beside the private one. */
export function includedIndex(index: string): string {
  return `${index}.included`;
}

/** The ignored files of each part that the globs take, and their sizes. */
export async function findIncluded(
  from: { readonly parts: readonly Part[]; readonly include: Include; readonly gate: Gate },
  signal: AbortSignal,
): Promise<Result<Map<Part, readonly Found[]>>> {
  const all = new Map<Part, readonly Found[]>();
  const { parts, include, gate } = from;
  if (include.globs.length === 0) return ok(all);
  for (const [at, found] of (await Promise.all(parts.map((part) => gate(() => findInPart(part, include, signal))))).entries()) {
    if (!found.ok) return found;
    const part = parts[at];
    if (part !== undefined) all.set(part, found.value);
  }
  return ok(all);
}

/** What is in the part's private index is listed, and not ignored. */
async function findInPart(part: Part, include: Include, signal: AbortSignal): Promise<Result<Found[]>> {
  const matcher = matcherOf(include.globs);
  // Names ignored files, and ignored folders without going into them.
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z', '--', '.'];
  const said = await plumb(part.place, args, { index: part.index, signal });
  if (!said.ok) return said;
  const found = new Map<string, Found>();
  const names = said.value.out.toString().split('\0');
  try {
    for (const name of names.filter((one) => one !== '' && !part.without.some((other) => `${one}/`.startsWith(`${other}/`)))) {
      if (signal.aborted) return cancelled;
      if (name.endsWith('/')) await search(part, name.slice(0, -1), { matcher, found, signal, isTop: true });
      else if (matcher.takes(below(part, name))) await note(part, name, found);
    }
  } catch (thrown) {
    return fail(
      'file',
      `The ignored files that weft.snapshot.include names cannot be read: ${thrownText(thrown)}.`,
      'Make them readable, or take them out of that setting, then try again.',
    );
  }
  return signal.aborted ? cancelled : ok([...found.values()]);
}

interface Search {
  readonly matcher: Matcher;
  readonly found: Map<string, Found>;
  readonly signal: AbortSignal;
  /** The folder is one that git ignores; else it lies in one. */
  readonly isTop: boolean;
}

/** Looks into an ignored folder where a glob leads there. Links are not followed, and repositories in it are left alone. */
async function search(part: Part, folder: string, how: Search): Promise<void> {
  const { matcher, found, signal } = how;
  const path = below(part, folder);
  if (signal.aborted || !(how.isTop ? matcher.opens(path) : matcher.reaches(path))) return;
  const inside = await readdir(join(part.folder, folder), { withFileTypes: true }).catch((thrown: unknown) => {
    if (isMissing(thrown)) return [];
    throw thrown;
  });
  if (inside.some(({ name }) => name === '.git')) return;
  for (const entry of inside) {
    const name = `${folder}/${entry.name}`;
    if (part.without.includes(name)) continue;
    if (entry.isDirectory()) await search(part, name, { ...how, isTop: false });
    else if (matcher.takes(below(part, name))) await note(part, name, found);
  }
}

/** `name` begins at the part's folder. */
async function note(part: Part, name: string, found: Map<string, Found>): Promise<void> {
  const there = await lstat(join(part.folder, name)).catch((thrown: unknown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
  const path = below(part, name);
  // git keeps no sockets and pipes either.
  if (there?.isFile() === true || there?.isSymbolicLink() === true) found.set(path, { path, bytes: there.size });
}

/** Stores files of a part, those that changed, and says what a tree has of them. Paths begin at the part's folder. */
async function entriesOf({ place, index: own }: Part, paths: readonly string[], signal: AbortSignal): Promise<Result<Map<string, Entry>>> {
  const index = includedIndex(own);
  const wanted = new Set(paths);
  for (;;) {
    const stored = await plumb(place, ['update-index', '--add', '--remove', '-z', '--stdin'], { index, signal, stdin: paths.join('\0') });
    if (!stored.ok) return stored;
    const listed = await plumb(place, ['ls-files', '--stage', '-z'], { index, signal });
    if (!listed.ok) return listed;
    const entries = readStage(listed.value.out.toString());
    if ([...entries.keys()].every((path) => wanted.has(path))) return ok(entries);
    // It has files of an earlier time: it begins anew.
    const gone = await forget(index);
    if (!gone.ok) return gone;
  }
}

/** Has an index begin anew the next time. */
export async function forget(index: string): Promise<Result<void>> {
  try {
    await rm(index, { force: true });
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot begin an index anew: ${thrownText(thrown)}.`, `Delete ${index}.`);
  }
}

/** Reads `MODE BLOB STAGE`, a tab and the path, of each file. */
function readStage(text: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const row of text.split('\0')) {
    const tab = row.indexOf('\t');
    const [mode, blob] = row.slice(0, tab).split(' ');
    const known = modeSchema.safeParse(mode);
    if (tab > 0 && blob !== undefined && known.success) entries.set(row.slice(tab + 1), { mode: known.data, blob });
  }
  return entries;
}
