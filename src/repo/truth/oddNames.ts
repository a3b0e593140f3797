/** Files whose names are no UTF-8: text cannot hold such a path, so a rollback leaves them to git, in bytes. */
import { isUtf8 } from 'node:buffer';
import { lstat, rm, unlink } from 'node:fs/promises';
import type { Change } from '../../domain/changes';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { parentsOf } from '../../domain/path';
import { isMissing } from '../files';
import { plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import { readChanges } from '../trees';
import { nestedParts, type Part } from './parts';

/** Those of them that differ between two trees; each path has a character a byte. */
export async function oddChanges(repo: Repository, ends: { now: string; past: string }): Promise<Result<Change[]>> {
  const said = await plumb(repo, ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-ext-diff', ends.now, ends.past]);
  if (!said.ok) return said;
  if (isUtf8(said.value.out)) return ok([]);
  const odd = readChanges(said.value.out.toString('latin1')).filter(({ path }) => !isUtf8(Buffer.from(path, 'latin1')));
  return ok(odd.filter(({ before, after }) => before?.mode !== '160000' && after?.mode !== '160000'));
}

/** The path as text has it: of no file. */
export function asText(odd: Change): string {
  return Buffer.from(odd.path, 'latin1').toString();
}

/** Makes the files of {@link oddChanges} as a tree has them. */
export async function restoreOddNames(repo: Repository, ours: readonly Change[], past: string): Promise<Result<void>> {
  const nested = await nestedParts(repo);
  if (!nested.ok) return nested;
  const begin = (part: Part) => (part.path === '' ? '' : `${Buffer.from(part.path).toString('latin1')}/`);
  // Inner parts come after those that they are in.
  const parts = [...repo.roots, ...nested.value];
  const partOf = (name: string) => parts.findLast((part) => name.startsWith(begin(part)));
  for (const part of parts) {
    const own = ours.flatMap((change) =>
      partOf(change.path) === part ? [{ ...change, path: change.path.slice(begin(part).length) }] : [],
    );
    try {
      for (const { path, after } of own) if (after === null) await unlinkOdd(part, path);
    } catch (thrown) {
      return fail(
        'file',
        `A file whose name is no UTF-8 cannot be deleted: ${thrownText(thrown)}.`,
        'Make its folder writable, then try again.',
      );
    }
    const names = own.flatMap(({ path, after }) => (after === null ? [] : [path]));
    const done = names.length === 0 ? ok() : await checkOut(part, names, past);
    if (!done.ok) return done;
  }
  return ok();
}

/** Writes files of a tree into a part's folder; names have a character a byte, and begin at the part. */
async function checkOut(part: Part, names: readonly string[], past: string): Promise<Result<void>> {
  const index = `${part.index}.odd`;
  const place = { ...part.place, workTree: part.folder };
  const tree = part.path === '' ? ok(past) : await plumbText(place, ['rev-parse', '--verify', '--end-of-options', `${past}:${part.path}`]);
  if (!tree.ok) return tree;
  const read = await plumb(place, ['read-tree', tree.value], { index });
  if (!read.ok) return read;
  const stdin = Buffer.from(names.join('\0'), 'latin1');
  const written = await plumb(place, ['checkout-index', '--force', '-z', '--stdin'], { index, stdin });
  await rm(index, { force: true });
  return written.ok ? ok() : written;
}

/** `path` has a character a byte. Nothing is deleted behind a link. */
async function unlinkOdd({ folder }: Part, path: string): Promise<void> {
  const bytes = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
  try {
    for (const parent of parentsOf(path)) if ((await lstat(bytes(parent))).isSymbolicLink()) return;
    await unlink(bytes(path));
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}
