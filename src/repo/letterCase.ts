/** Disks that take two names for one where only the case of letters differs, as those of macOS and Windows do. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { locate, type Root } from './root';

/**
 * Those of the paths at which the disk only has another of them: after `a.txt`, asked for with it, `A.txt` is there on such a disk, and
 * is no file of its own. Costs nothing where no two paths differ by case alone.
 */
export async function othersSpelling(root: Root, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const alike = new Map<string, string[]>();
  for (const path of paths) alike.set(folded(path), [...(alike.get(folded(path)) ?? []), path]);
  const absent = new Set<string>();
  for (const twins of alike.values()) {
    if (twins.length < 2) continue;
    const real = new Set<string>();
    for (const path of twins) real.add((await spellingOf(root, path)) ?? path);
    for (const path of twins) if (!real.has(path) && twins.some((twin) => real.has(twin))) absent.add(path);
  }
  return absent;
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** A path as the folders on disk spell it; undefined where nothing is there, or where they cannot be looked at. */
async function spellingOf(root: Root, path: string): Promise<string | undefined> {
  const at = locate(root, path);
  if (at === undefined) return undefined;
  let folder = at.top;
  const parts: string[] = [];
  try {
    await lstat(join(at.top, at.inside));
    for (const part of at.inside.split('/')) {
      const names = await readdir(folder);
      // One that is spelled just so comes first: on other disks, both may be there.
      const name = names.find((one) => one === part) ?? names.find((one) => folded(one) === folded(part));
      if (name === undefined) return undefined;
      parts.push(name);
      folder = join(folder, name);
    }
  } catch (thrown) {
    // Whoever reads the file itself tells why it cannot be read.
    if (thrown instanceof Error && 'code' in thrown) return undefined;
    throw thrown;
  }
  return path.slice(0, path.length - at.inside.length) + parts.join('/');
}
