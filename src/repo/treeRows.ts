/** Tree objects, read one by one: what a path leads to, and what differs between two trees. Costs no process, and by what is read alone. */
import { type Change, type Entry, modeSchema } from '../domain/changes';
import { fail, ok, type Result } from '../domain/failure';
import type { Repository } from './repository';

const FOLDER = '040000';

interface Row {
  /** Six digits, as git prints it. */
  readonly mode: string;
  readonly id: string;
}

type Rows = ReadonlyMap<string, Row>;

/** One tree object, taken apart: `MODE NAME`, a NUL, and the id as bytes, one after the other. As `latin1`, names have a character a byte. */
async function rowsOf(repo: Repository, tree: string, encoding: 'utf8' | 'latin1'): Promise<Result<Rows>> {
  const bytes = await repo.objects.read(tree);
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined)
    return fail('git', `The tree ${tree} is no longer in the repository.`, 'Something deleted git objects: “git fsck” tells more.');
  const rows = new Map<string, Row>();
  const idLength = repo.zero.length / 2;
  for (let at = 0; at < bytes.value.length; ) {
    const blank = bytes.value.indexOf(0x20, at);
    const nul = bytes.value.indexOf(0, blank);
    const mode = bytes.value.toString('latin1', at, blank).padStart(6, '0');
    const id = bytes.value.toString('hex', nul + 1, nul + 1 + idLength);
    rows.set(bytes.value.toString(encoding, blank + 1, nul), { mode, id });
    at = nul + 1 + idLength;
  }
  return ok(rows);
}

/** A row as a file; null where it is none, or there is none. */
function fileOf(row: Row | undefined): Entry | null {
  const known = modeSchema.safeParse(row?.mode);
  return known.success && row !== undefined ? { mode: known.data, blob: row.id } : null;
}

/** What a tree has at each of these exact paths: a file, `'folder'`, or nothing. */
export async function entriesAt(repo: Repository, top: string, paths: readonly string[]): Promise<Result<Map<string, Entry | 'folder'>>> {
  const found = new Map<string, Entry | 'folder'>();
  // Paths lie beside each other: each tree on the way is read once.
  const read = new Map<string, Rows>();
  for (const path of paths) {
    let at: string | undefined = top;
    const parts = path.split('/');
    for (const [depth, part] of parts.entries()) {
      const before: Rows | undefined = read.get(at);
      const rows: Result<Rows> = before === undefined ? await rowsOf(repo, at, 'utf8') : ok(before);
      if (!rows.ok) return rows;
      read.set(at, rows.value);
      const row: Row | undefined = rows.value.get(part);
      const file = fileOf(row);
      if (depth === parts.length - 1 && file !== null) found.set(path, file);
      if (depth === parts.length - 1 && row?.mode === FOLDER) found.set(path, 'folder');
      at = row?.mode === FOLDER ? row.id : undefined;
      if (at === undefined) break;
    }
  }
  return ok(found);
}

/** The files that differ between two trees, in git's order. Renames are a deletion and an addition. */
export async function changesBetween(repo: Repository, before: string, after: string): Promise<Result<Change[]>> {
  const changes = await changesBelow(repo, '', { before, after });
  if (!changes.ok) return changes;
  // As git sorts: by bytes.
  changes.value.sort((a, b) => (a.path < b.path ? -1 : 1));
  return ok(changes.value.map((change) => ({ ...change, path: Buffer.from(change.path, 'latin1').toString() })));
}

/** `folder` ends with a slash, or is the top; it and all paths have a character a byte. */
async function changesBelow(
  repo: Repository,
  folder: string,
  trees: { before: string | undefined; after: string | undefined },
): Promise<Result<Change[]>> {
  const read = (tree: string | undefined) => (tree === undefined ? ok<Rows>(new Map()) : rowsOf(repo, tree, 'latin1'));
  const [before, after] = await Promise.all([read(trees.before), read(trees.after)]);
  if (!before.ok) return before;
  if (!after.ok) return after;
  const changes: Change[] = [];
  const below: Promise<Result<Change[]>>[] = [];
  for (const name of new Set([...before.value.keys(), ...after.value.keys()])) {
    const [old, now] = [before.value.get(name), after.value.get(name)];
    if (old?.mode === now?.mode && old?.id === now?.id) continue;
    const path = folder + name;
    const [oldTree, nowTree] = [old, now].map((row) => (row?.mode === FOLDER ? row.id : undefined));
    if ((old !== undefined && oldTree === undefined) || (now !== undefined && nowTree === undefined))
      changes.push({ path, before: fileOf(old), after: fileOf(now) });
    if (oldTree !== nowTree) below.push(changesBelow(repo, `${path}/`, { before: oldTree, after: nowTree }));
  }
  for (const more of await Promise.all(below)) {
    if (!more.ok) return more;
    // They may be more than a call takes arguments.
    for (const change of more.value) changes.push(change);
  }
  return ok(changes);
}
