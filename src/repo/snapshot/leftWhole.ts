/** Nested repositories that came after a snapshot: a rollback leaves them whole, since their history, in a `.git`, could not be brought back. */
import { ok, type Result } from '../../domain/failure';
import { plumbText } from '../git';
import type { Repository } from '../repository';
import { lookUp, withFolders } from '../trees';
import { nestedParts } from '../truth/parts';

/** Trees of what is on disk, and of the truth. */
interface Trees {
  readonly disk: string;
  readonly tree: string;
}

/** The nested repositories of which a snapshot has nothing, and the snapshot's trees with what they hold now. */
export async function withLeftWhole(repo: Repository, now: Trees, past: Trees): Promise<Result<{ past: Trees; left: string[] }>> {
  const parts = await nestedParts(repo);
  if (!parts.ok) return parts;
  const paths = parts.value.map((part) => part.path);
  const [then, here] = [await lookUp(repo, past.disk, paths), await lookUp(repo, now.disk, paths)];
  if (!then.ok) return then;
  if (!here.ok) return here;
  // One without files is in nobody's way, unless a file is to come where it is.
  const since = paths.filter((path) => then.value.get(path) !== 'folder' && (here.value.has(path) || then.value.has(path)));
  // What lies in one of them is left whole with it.
  const left = since.filter((path) => !since.some((outer) => isIn(path, outer)));
  const [disk, tree] = [await takeOver(repo, now.disk, past.disk, left), await takeOver(repo, now.tree, past.tree, left)];
  if (!disk.ok) return disk;
  return tree.ok ? ok({ past: { disk: disk.value, tree: tree.value }, left }) : tree;
}

/** Whether a path lies in a folder. */
export function isIn(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

async function takeOver(repo: Repository, from: string, to: string, paths: readonly string[]): Promise<Result<string>> {
  if (paths.length === 0) return ok(to);
  const there = await lookUp(repo, from, paths);
  if (!there.ok) return there;
  const folders = new Map<string, string | undefined>();
  for (const path of paths) {
    if (there.value.get(path) !== 'folder') {
      folders.set(path, undefined);
      continue;
    }
    const tree = await plumbText(repo, ['rev-parse', '--verify', '--end-of-options', `${from}:${path}`]);
    if (!tree.ok) return tree;
    folders.set(path, tree.value);
  }
  return withFolders(repo, to, folders);
}
