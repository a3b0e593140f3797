/**
 * The tree of a large work tree in which few files differ from its index. To have the index know them, git writes all of it again, and its tree is
 * found by reading all of it: what takes longest after the look at the disk is to note that a file changed. So the index stays as it is, and git
 * stores these files in a small one of their own.
 */
import { isUtf8 } from 'node:buffer';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Entry, modeSchema } from '../../domain/changes';
import { parentsOf } from '../../domain/path';
import { ifThere } from '../files';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { lookUp, type Put, withPuts } from '../trees';
import { checkAllRead } from './allRead';
import type { Part } from './parts';

/** More files are for the index to know. */
const FEW = 32;
/** They are read anew each time: so many bytes take less than writing a large index. */
const FEW_BYTES = 1 << 20;

/** On these disks, git gives a folder that it knows by other letters the name that it knows: only the whole index says so. */
const IGNORES_CASE = process.platform === 'win32' || process.platform === 'darwin';

/** What is to be looked at: a part at the top of its work tree, without the paths in it that are `apart`, whose index has this tree. */
export interface Around {
  readonly part: Part;
  readonly apart: readonly string[];
  readonly tree: string;
}

/** The tree that the index would have if all that changed were added to it; undefined where that is to be done, and will tell why. */
export async function treeOfFewChanged(repo: Repository, around: Around, signal: AbortSignal): Promise<string | undefined> {
  const { part, tree } = around;
  const names = await changedNames(around, signal);
  if (names === undefined) return undefined;
  if (names.length === 0) return tree;
  const folders = [...new Set(names.flatMap(parentsOf))];
  // Attributes of a file that is not there are read in the index.
  const attributes = ['', ...folders.map((folder) => `${folder}/`)].map((folder) => `${folder}.gitattributes`);
  const known = await lookUp(repo, tree, [...names, ...attributes, ...folders]);
  if (!known.ok || (IGNORES_CASE && folders.some((folder) => known.value.get(folder) !== 'folder'))) return undefined;
  const before = new Map<string, Entry>();
  for (const [name, entry] of known.value) if (entry !== 'folder') before.set(name, entry);
  const after = await addedTo(part, { before, names }, signal);
  if (after === undefined) return undefined;
  const puts = new Map<string, Put | null>();
  for (const name of before.keys()) if (!after.has(name)) puts.set(name, null);
  for (const [name, entry] of after) {
    const old = before.get(name);
    if (old?.blob !== entry.blob || old.mode !== entry.mode) puts.set(name, entry);
  }
  const made = await withPuts(repo, tree, puts);
  return made.ok ? made.value : undefined;
}

/** What differs from the index, beside what it does not know: git finds both at once. Undefined where that is much, or not plain files. */
async function changedNames({ part, apart }: Around, signal: AbortSignal): Promise<string[] | undefined> {
  const { place, index } = part;
  const within = ['--', '.', ...apart.map((path) => `:(exclude,literal)${path}`)];
  const how = { index, signal, magic: true };
  const both = await Promise.all([
    plumb(place, ['diff-files', '-z', '--name-only', '--no-renames', '--relative', '--ignore-submodules=dirty', ...within], how),
    plumb(place, ['ls-files', '-z', '--others', '--exclude-standard', ...within], how),
  ]);
  const names: string[] = [];
  for (const said of both) {
    // A name that is no UTF-8 would not survive being read as text.
    if (!said.ok || !checkAllRead(said.value.warnings).ok || !isUtf8(said.value.out)) return undefined;
    names.push(...said.value.out.toString().split('\0').slice(0, -1));
  }
  // A name with a slash at its end is a repository that nobody knew of.
  if (names.length > FEW || names.some((name) => name.endsWith('/'))) return undefined;
  let bytes = 0;
  for (const name of names) bytes += (await ifThere(lstat(join(part.folder, name))))?.size ?? 0;
  return bytes > FEW_BYTES ? undefined : names;
}

/** What `git add` makes of some files, in an index that has `before` alone. */
async function addedTo(
  { place, index: large }: Part,
  { before, names }: { before: ReadonlyMap<string, Entry>; names: readonly string[] },
  signal: AbortSignal,
): Promise<Map<string, Entry> | undefined> {
  const index = `${large}.few`;
  const git = async (args: readonly string[], stdin: string): Promise<string | undefined> => {
    const said = await plumb(place, args, { index, stdin, signal });
    return said.ok && checkAllRead(said.value.warnings).ok && isUtf8(said.value.out) ? said.value.out.toString() : undefined;
  };
  const rows = [...before].map(([name, { mode, blob }]) => `${mode} ${blob}\t${name}\0`);
  try {
    await rm(index, { force: true });
  } catch {
    return undefined;
  }
  if (rows.length > 0 && (await git(['update-index', '-z', '--index-info'], rows.join(''))) === undefined) return undefined;
  const add = ['add', '--all', '--sparse', '--pathspec-from-file=-', '--pathspec-file-nul'];
  if ((await git(add, names.join('\0'))) === undefined) return undefined;
  const listed = await git(['ls-files', '--stage', '-z'], '');
  return listed === undefined ? undefined : entriesOf(listed);
}

/** Reads `MODE BLOB STAGE`, a tab and the name, of each file; undefined where one is in conflict. */
function entriesOf(listed: string): Map<string, Entry> | undefined {
  const entries = new Map<string, Entry>();
  for (const row of listed.split('\0').slice(0, -1)) {
    const tab = row.indexOf('\t');
    const [mode, blob, stage] = row.slice(0, tab).split(' ');
    const known = modeSchema.safeParse(mode);
    if (!known.success || blob === undefined || stage !== '0') return undefined;
    entries.set(row.slice(tab + 1), { mode: known.data, blob });
  }
  return entries;
}
