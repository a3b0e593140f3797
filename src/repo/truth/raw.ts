/**
 * Bytes that git's filters do not give back: line ends that differ from what the attributes say, what a clean filter drops, a stale `$Id$`.
 * A tree holds the clean form alone, so Weft keeps them beside it before it overwrites them.
 */
import type { Entry } from '../../domain/changes';
import type { Clock } from '../../domain/clock';
import { ok, type Result } from '../../domain/failure';
import { contentsOf, hash } from '../filters';
import { type Repository, readRef, writeRef } from '../repository';
import { buildCommit, listTree, type Put } from '../trees';
import type { Content } from '../workspace';

/** Its tree: `<clean blob>/<milliseconds since 1970>/<path>`. */
const REF = 'raw';

/** A file as it lies on disk, and as a tree has it. */
export interface OnDisk {
  readonly path: string;
  readonly entry: Entry;
  readonly content: Content;
}

/** Bytes that were kept, by path and clean blob, oldest first. */
export type Raws = ReadonlyMap<string, readonly { readonly at: number; readonly raw: Entry }[]>;

export function rawKey(path: string, blob: string): string {
  return `${blob}/${path}`;
}

/** Those of the files whose bytes git would not write as they are now. */
async function unlikeGit<T extends OnDisk>(repo: Repository, there: readonly T[]): Promise<Result<T[]>> {
  const files = there.filter(({ content, entry }) => content.mode !== '120000' && entry.mode !== '120000' && entry.mode !== '160000');
  const gits = await contentsOf(repo, new Map(files.map(({ path, entry }) => [path, entry])));
  return gits.ok ? ok(files.filter(({ path, content }) => gits.value.get(path)?.bytes.equals(content.bytes) === false)) : gits;
}

/**
 * Keeps the bytes of files that are about to be overwritten, where git would not give them back; resolves to those files. Bytes like
 * git's are kept as well where others were kept before: the last ones count. Called under the landing lock.
 */
export async function keepRaw<T extends OnDisk>(
  repo: Repository,
  there: readonly T[],
  { kept, clock }: { readonly kept: Raws; readonly clock: Clock },
): Promise<Result<T[]>> {
  const unlike = await unlikeGit(repo, there);
  if (!unlike.ok) return unlike;
  const files = there.filter((file) => unlike.value.includes(file) || kept.has(rawKey(file.path, file.entry.blob)));
  if (files.length === 0) return unlike;
  const tip = await readRef(repo, REF);
  if (!tip.ok) return tip;
  const now = clock.now();
  const puts = new Map<string, Put>();
  for (const { path, entry, content } of files) puts.set(`${entry.blob}/${now}/${path}`, { mode: content.mode, bytes: content.bytes });
  const commit = await buildCommit(repo, { from: tip.value, puts, parents: [], message: 'Bytes that no filter gives back' });
  if (!commit.ok) return commit;
  const written = await writeRef(repo, REF, commit.value);
  return written.ok ? unlike : written;
}

/** All bytes that were kept. */
export async function keptRaws(repo: Repository): Promise<Result<Raws>> {
  const tip = await readRef(repo, REF);
  if (!tip.ok) return tip;
  const raws = new Map<string, { at: number; raw: Entry }[]>();
  if (tip.value === undefined) return ok(raws);
  const listed = await listTree(repo, tip.value);
  if (!listed.ok) return listed;
  for (const [name, raw] of listed.value) {
    const [blob = '', at = ''] = name.split('/', 2);
    const key = rawKey(name.slice(blob.length + at.length + 2), blob);
    raws.set(
      key,
      [...(raws.get(key) ?? []), { at: Number(at), raw }].sort((a, b) => a.at - b.at),
    );
  }
  return ok(raws);
}

/** Forgets the bytes that were kept before the oldest snapshot that there is was taken: no landing that it knows of wrote over them. */
export async function forgetRaws(repo: Repository, oldest: number): Promise<Result<void>> {
  const tip = await readRef(repo, REF);
  if (!tip.ok) return tip;
  if (tip.value === undefined) return ok();
  const listed = await listTree(repo, tip.value);
  if (!listed.ok) return listed;
  const puts = new Map<string, null>();
  for (const name of listed.value.keys()) if (Number(name.split('/', 2)[1]) < oldest) puts.set(name, null);
  if (puts.size === 0) return ok();
  const commit = await buildCommit(repo, { from: tip.value, puts, parents: [], message: 'Bytes that no filter gives back' });
  return commit.ok ? writeRef(repo, REF, commit.value) : commit;
}

/** Files of a tree with the bytes that lay on disk: those that were kept first since a moment, else last before it; else git's. Modes are the tree's. */
export async function contentsAsTheyWere(
  repo: Repository,
  entries: ReadonlyMap<string, Entry>,
  from: { readonly kept: Raws; readonly since: number },
): Promise<Result<Map<string, Content>>> {
  const contents = await contentsOf(repo, entries);
  if (!contents.ok) return contents;
  for (const [path, entry] of entries) {
    const all = from.kept.get(rawKey(path, entry.blob)) ?? [];
    const found = all.find((one) => one.at >= from.since) ?? all.at(-1);
    if (found === undefined || entry.mode === '120000') continue;
    const bytes = await repo.objects.read(found.raw.blob);
    if (!bytes.ok) return bytes;
    if (bytes.value !== undefined) contents.value.set(path, { mode: entry.mode, bytes: bytes.value });
  }
  return contents;
}

/** What git would write, with the line ends of the bytes that it replaces, where git takes that for the same. */
export async function withLineEndsOf(
  repo: Repository,
  before: Content,
  file: { path: string; entry: Entry; content: Content },
): Promise<Result<Content>> {
  const { path, entry, content } = file;
  const wanted = lineEnd(before.bytes);
  const gits = lineEnd(content.bytes);
  if (wanted === undefined || gits === undefined || wanted === gits) return ok(content);
  const text = content.bytes.toString('latin1').replaceAll('\r\n', '\n').replaceAll('\n', wanted);
  const changed: Content = { mode: content.mode, bytes: Buffer.from(text, 'latin1') };
  const blob = await hash(repo, path, changed);
  if (!blob.ok) return blob;
  return ok(blob.value === entry.blob ? changed : content);
}

/** The one line end that text has; undefined where there is none, or are two, or it is no text. */
function lineEnd(bytes: Buffer): '\n' | '\r\n' | undefined {
  if (bytes.includes(0)) return undefined;
  const text = bytes.toString('latin1');
  const lone = /(^|[^\r])\n/.test(text);
  const both = text.includes('\r\n');
  return lone === both ? undefined : both ? '\r\n' : '\n';
}

/** Whether a file is the beginning of what was being written into it, line ends aside: whoever writes into a file empties it first. */
export function isPartOf(now: Content | null, wanted: Content | undefined): boolean {
  if (now === null || wanted === undefined || now.mode === '120000' || wanted.mode === '120000') return false;
  const [part, whole] = [now.bytes, wanted.bytes].map((bytes) => bytes.toString('latin1').replaceAll('\r', ''));
  return part !== undefined && whole !== undefined && part.length < whole.length && whole.startsWith(part);
}
