/** Going back with some files only: which of those that differ are meant, and whether they can go back without the others. */
import type { Change } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import { parentsOf } from '../../domain/path';
import type { Repository } from '../repository';
import { diffTrees, lookUp, type Put, withPuts } from '../trees';

/** Trees of what is on disk, and of the truth, with unsaved text. */
export interface Trees {
  readonly disk: string;
  readonly tree: string;
}

/** Names of files that are no UTF-8 are not whole as text. */
const NO_TEXT = '\ufffd';

/** The trees of now with those files of the past that `only` names: files, or folders with all that is in them. */
export async function withSome(
  repo: Repository,
  ends: { readonly now: Trees; readonly past: Trees },
  only: readonly string[],
): Promise<Result<Trees & { readonly chosen: ReadonlySet<string> }>> {
  const [disk, tree] = await Promise.all([diffTrees(repo, ends.now.disk, ends.past.disk), diffTrees(repo, ends.now.tree, ends.past.tree)]);
  if (!disk.ok) return disk;
  if (!tree.ok) return tree;
  const isMeant = (path: string) => !path.includes(NO_TEXT) && only.some((one) => path === one || path.startsWith(`${one}/`));
  const chosen = new Set([...disk.value, ...tree.value].map(({ path }) => path).filter(isMeant));
  const unknown = await unknownOf(
    repo,
    ends,
    only.filter((one) => !chosen.has(one)),
  );
  if (!unknown.ok) return unknown;
  const fits = checkAlone(disk.value, chosen);
  if (!fits.ok) return fits;
  const [diskPuts, treePuts] = await Promise.all([putsOf(repo, ends.past.disk, chosen), putsOf(repo, ends.past.tree, chosen)]);
  if (!diskPuts.ok) return diskPuts;
  if (!treePuts.ok) return treePuts;
  const [withDisk, withTree] = await Promise.all([
    withPuts(repo, ends.now.disk, diskPuts.value),
    withPuts(repo, ends.now.tree, treePuts.value),
  ]);
  if (!withDisk.ok) return withDisk;
  return withTree.ok ? ok({ disk: withDisk.value, tree: withTree.value, chosen }) : withTree;
}

/** Fails where a name is of nothing, neither now nor then: most likely it is misspelt. */
async function unknownOf(repo: Repository, ends: { now: Trees; past: Trees }, names: readonly string[]): Promise<Result<void>> {
  const [now, past] = await Promise.all([lookUp(repo, ends.now.tree, names), lookUp(repo, ends.past.tree, names)]);
  if (!now.ok) return now;
  if (!past.ok) return past;
  const misspelt = names.find((name) => !now.value.has(name) && !past.value.has(name));
  if (misspelt === undefined) return ok();
  return fail('input', `${misspelt} is neither in the folder nor in the snapshot.`, 'Name files or folders that are in one of them.');
}

/** Where a file has become a folder, or a folder a file, one cannot come back without the other going. */
function checkAlone(changes: readonly Change[], chosen: ReadonlySet<string>): Result<void> {
  const coming = new Set(changes.flatMap(({ path, after }) => (after !== null && chosen.has(path) ? [path] : [])));
  const foldersOfComing = new Set([...coming].flatMap(parentsOf));
  for (const { path, after } of changes) {
    if (after !== null || chosen.has(path)) continue;
    const inTheWay = foldersOfComing.has(path) || parentsOf(path).some((parent) => coming.has(parent));
    if (inTheWay) return fail('input', `${path} stands where a chosen file has to be.`, `Choose ${path}, too.`);
  }
  return ok();
}

async function putsOf(repo: Repository, past: string, chosen: ReadonlySet<string>): Promise<Result<Map<string, Put | null>>> {
  const entries = await lookUp(repo, past, [...chosen]);
  if (!entries.ok) return entries;
  const puts = new Map<string, Put | null>();
  for (const path of chosen) {
    const entry = entries.value.get(path);
    puts.set(path, entry === undefined || entry === 'folder' ? null : entry);
  }
  return ok(puts);
}
