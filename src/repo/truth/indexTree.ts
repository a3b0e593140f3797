/** The tree of a whole private index, made at the cost of what changed since the last time. */
import { isUtf8 } from 'node:buffer';
import { readFile, writeFile } from 'node:fs/promises';
import { modeSchema } from '../../domain/changes';
import { cancelled, ok, type Result } from '../../domain/failure';
import { type GitPlace, plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import { type Put, readChanges, rememberChanges, withPuts } from '../trees';
import type { Part } from './parts';

/** More differences than this are left to `write-tree`. */
const FEW = 200;

/**
 * The tree that `write-tree` would make of an index at the top of the work tree. That command writes the whole index again, for what it
 * learned of the trees: where little differs from the tree of the last time, the new one is made from that. Fails where `write-tree` does.
 */
export async function treeOfIndex(repo: Repository, { place, index }: Part, signal: AbortSignal): Promise<Result<string>> {
  const mark = `${index}.tree`;
  const last = await readFile(mark, 'utf8').catch(() => '');
  const near = /^[0-9a-f]+$/.test(last) ? await treeNear(repo, { place, index, last }, signal) : undefined;
  if (signal.aborted) return cancelled;
  if (near !== undefined && near === last) return ok(near);
  const tree = near === undefined ? await plumbText(place, ['write-tree'], { index, signal }) : ok(near);
  // Without the mark the next time is slower, and as right: it only says what to compare with.
  if (tree.ok) await writeFile(mark, tree.value).catch(() => undefined);
  return tree;
}

/** The tree of an index, from another that is near it; undefined where there is none such, or git cannot tell. */
async function treeNear(
  repo: Repository,
  from: { place: GitPlace; index: string; last: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const args = ['diff-index', '--cached', '--raw', '-z', '--no-renames', '--ignore-submodules=none', from.last];
  const said = await plumb(from.place, args, { index: from.index, signal });
  // A name that is no UTF-8 would not survive being read as text.
  if (!said.ok || !isUtf8(said.value.out)) return undefined;
  const puts = putsOf(said.value.out.toString());
  if (puts === undefined || puts.size > FEW) return undefined;
  const tree = await withPuts(repo, from.last, puts);
  if (!tree.ok) return undefined;
  rememberChanges(repo, { before: from.last, after: tree.value }, readChanges(said.value.out.toString()));
  return tree.value;
}

/** What turns the old tree into the index; undefined where that is not told whole (files in conflict have no blob). */
function putsOf(raw: string): Map<string, Put | null> | undefined {
  const parts = raw.split('\0');
  const puts = new Map<string, Put | null>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, mode, , blob, status] = (parts[at] ?? '').split(' ');
    const path = parts[at + 1] ?? '';
    const known = modeSchema.safeParse(mode);
    if (status === 'D') puts.set(path, null);
    else if (known.success && blob !== undefined && /^[AMT]$/.test(status ?? '') && !/^0+$/.test(blob))
      puts.set(path, { mode: known.data, blob });
    else return undefined;
  }
  return puts;
}
