/** The tree of a whole private index, made at the cost of what changed since the last time. */
import { isUtf8 } from 'node:buffer';
import { open, readFile, writeFile } from 'node:fs/promises';
import { modeSchema } from '../../domain/changes';
import { cancelled, ok, type Result } from '../../domain/failure';
import { type GitPlace, plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import { type Put, readChanges, rememberChanges, withPuts } from '../trees';
import type { Part } from './parts';

/** More differences than this are left to `write-tree`. */
const FEW = 200;

/**
 * The tree that `write-tree` would make of an index. That command writes the whole index again, for what it learned of the trees: where nothing
 * differs from the last time, or little does, the new one is that one, or is made from it. Fails where `write-tree` does.
 */
export async function treeOfIndex(repo: Repository, part: Part, signal: AbortSignal): Promise<Result<string>> {
  const same = await treeAsBefore(repo, part);
  if (same !== undefined) return ok(same.tree);
  const tree = part.prefix === '' ? await treeAtTop(repo, part, signal) : await treeOfFolder(part, signal);
  if (signal.aborted) return cancelled;
  if (!tree.ok) return tree;
  const seal = await sealOf(repo, part.index);
  // Without the mark the next time is slower, and as right: it only says what to compare with.
  await writeFile(markOf(part), `${tree.value} ${seal?.digest ?? ''}`.trim()).catch(() => undefined);
  return tree;
}

/** The tree of an index that is, byte for byte, what it was when its tree was made; undefined where it is not. Costs no process. */
export async function treeAsBefore(repo: Repository, part: Part): Promise<{ tree: string; indexBytes: number } | undefined> {
  const [last, seal] = await Promise.all([lastOf(part), sealOf(repo, part.index)]);
  if (last === undefined || seal === undefined || last.digest !== seal.digest) return undefined;
  // git may have collected it.
  const there = await repo.objects.find(last.tree);
  return there.ok && there.value !== undefined ? { tree: last.tree, indexBytes: seal.bytes } : undefined;
}

/** Where a tree lies, and the digest that its index ended with then. */
function markOf({ index }: Part): string {
  return `${index}.tree`;
}

async function lastOf(part: Part): Promise<{ tree: string; digest: string | undefined } | undefined> {
  const text = await readFile(markOf(part), 'utf8').catch(() => '');
  const [, tree, digest] = /^([0-9a-f]{40,64})(?: ([0-9a-f]{40,64}))?$/.exec(text) ?? [];
  return tree === undefined ? undefined : { tree, digest };
}

/** An index ends with the digest of all that is before it. Undefined where there is none, or git was told to save itself the work. */
async function sealOf(repo: Repository, index: string): Promise<{ digest: string; bytes: number } | undefined> {
  try {
    const file = await open(index);
    try {
      const { size } = await file.stat();
      const end = Buffer.alloc(repo.zero.length / 2);
      const { bytesRead } = await file.read(end, 0, end.length, Math.max(0, size - end.length));
      const digest = end.toString('hex');
      return bytesRead < end.length || digest === repo.zero ? undefined : { digest, bytes: size };
    } finally {
      await file.close();
    }
  } catch {
    // Whoever needs it says why it cannot be read.
    return undefined;
  }
}

/** Of the folder alone that is the workspace, of a larger work tree. */
async function treeOfFolder({ place, index, prefix }: Part, signal: AbortSignal): Promise<Result<string>> {
  const sub = await plumbText(place, ['write-tree', `--prefix=${prefix}`], { index, signal });
  if (sub.ok || !/prefix .* not found/.test(sub.failure.message)) return sub;
  return plumbText(place, ['hash-object', '-w', '-t', 'tree', '--stdin'], { stdin: '', signal });
}

async function treeAtTop(repo: Repository, part: Part, signal: AbortSignal): Promise<Result<string>> {
  const { place, index } = part;
  const last = await lastOf(part);
  const near = last === undefined ? undefined : await treeNear(repo, { place, index, last: last.tree }, signal);
  if (near !== undefined || signal.aborted) return near === undefined ? cancelled : ok(near);
  return plumbText(place, ['write-tree'], { index, signal });
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
