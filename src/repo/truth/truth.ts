/** What the workspace really holds now, disk plus unsaved text, as git sees it: of some paths, or of everything. */
import { createHash } from 'node:crypto';
import type { Entry } from '../../domain/changes';
import { ok, type Result } from '../../domain/failure';
import type { Include, TooLarge } from '../../domain/include';
import { readContent } from '../files';
import { hash } from '../filters';
import { plumbText } from '../git';
import { othersSpelling } from '../letterCase';
import type { Repository } from '../repository';
import { listTree, lookUp, type Put, withPuts } from '../trees';
import type { Content, Unsaved, Workspace } from '../workspace';
import { diskTree } from './diskTree';
import { nameIn, partFinder, topOf } from './parts';

/** A path's truth: the blob (git's clean form), and the bytes as they are (in the editor, else on disk). */
export interface Truth {
  readonly entry: Entry;
  readonly content: Content;
}

/** What some paths hold now, the editor's text where it is unsaved; a path that is missing, or is a folder, is null. */
export async function contentsNow(
  repo: Repository,
  workspace: Pick<Workspace, 'unsaved'>,
  paths: readonly string[],
): Promise<Result<Map<string, Content | null>>> {
  const unsaved = new Map((await workspace.unsaved()).map((text) => [text.path, text]));
  const contents = new Map<string, Content | null>();
  const respelled = await othersSpelling(repo.root, paths);
  for (const path of paths) {
    const found = respelled.has(path) ? ok(null) : await readContent(repo.root, path);
    if (!found.ok) return found;
    const text = unsaved.get(path);
    const disk = found.value === 'folder' ? null : found.value;
    contents.set(path, text === undefined ? disk : { mode: disk?.mode ?? '100644', bytes: text.bytes });
  }
  return ok(contents);
}

/**
 * The truth of some paths. Costs by these paths, not by the repository, and no git process for a file that is still, byte for
 * byte, what `known` has there.
 */
export async function truthOf(
  repo: Repository,
  workspace: Pick<Workspace, 'unsaved'>,
  paths: readonly string[],
  known: ReadonlyMap<string, Entry | 'folder'> = new Map(),
): Promise<Result<Map<string, Truth | null>>> {
  const contents = await contentsNow(repo, workspace, paths);
  if (!contents.ok) return contents;
  const truths = new Map<string, Truth | null>();
  for (const [path, content] of contents.value) {
    const before = known.get(path);
    if (content === null) {
      truths.set(path, null);
    } else if (before !== undefined && before !== 'folder' && before.blob === blobId(repo, content.bytes)) {
      // What was stored is clean already, and cleaning it again changes nothing.
      truths.set(path, { entry: { mode: content.mode, blob: before.blob }, content });
    } else {
      const entry = await entryOf(repo, path, content);
      if (!entry.ok) return entry;
      truths.set(path, { entry: entry.value, content });
    }
  }
  return ok(truths);
}

/** The id that git gives a blob of these very bytes. */
function blobId(repo: Repository, bytes: Buffer): string {
  return createHash(repo.zero.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest('hex');
}

/** Trees of the whole workspace: what is on disk, and the truth (disk with unsaved text over it). Equal where nothing is unsaved. */
export interface WholeTruth {
  readonly disk: string;
  readonly tree: string;
  readonly unsaved: readonly Unsaved[];
  /** Unsaved text over files that git does not list (ignored ones): in neither tree, so that no agent sees it. */
  readonly hidden: ReadonlyMap<string, { readonly text: Entry; readonly disk: Entry }>;
  /** What made ignored files part of it; the paths of those that are; and what was left out for its size. */
  readonly included: { readonly globs: readonly string[]; readonly paths: readonly string[]; readonly tooLarge: TooLarge | null };
}

/**
 * Reads the whole workspace into trees. Fails, and records nothing, where git cannot read a file. `include`: the ignored files that
 * are part of it, where other ones than the person's settings say.
 */
export async function wholeTruth(
  repo: Repository,
  workspace: Workspace,
  signal: AbortSignal,
  include: Include = repo.include(),
): Promise<Result<WholeTruth>> {
  const unsaved = await workspace.unsaved();
  const read = await repo.indexLock(signal, () => diskTree(repo, include, signal));
  if (!read.ok) return read;
  const { tree: disk, paths: ignored, tooLarge } = read.value;
  const included = { globs: include.globs, paths: ignored, tooLarge };
  if (unsaved.length === 0) return ok({ disk, tree: disk, unsaved, hidden: new Map(), included });
  const paths = unsaved.map((text) => text.path);
  const listed = await lookUp(repo, disk, paths);
  if (!listed.ok) return listed;
  const puts = new Map<string, Put>();
  const hidden = new Map<string, { text: Entry; disk: Entry }>();
  for (const { path, bytes } of unsaved) {
    const found = await readContent(repo.root, path);
    if (!found.ok) return found;
    const file = found.value === 'folder' ? null : found.value;
    const text = await entryOf(repo, path, { mode: file?.mode ?? '100644', bytes });
    if (!text.ok) return text;
    if (listed.value.has(path) || file === null) {
      puts.set(path, text.value);
      continue;
    }
    const under = await entryOf(repo, path, file);
    if (!under.ok) return under;
    hidden.set(path, { text: text.value, disk: under.value });
  }
  const tree = await withPuts(repo, disk, puts);
  return tree.ok ? ok({ disk, tree: tree.value, unsaved, hidden, included }) : tree;
}

/** Stores a file's content, as a tree has it. */
export async function entryOf(repo: Repository, path: string, content: Content): Promise<Result<Entry>> {
  const blob = await hash(repo, path, content);
  return blob.ok ? ok({ mode: content.mode, blob: blob.value }) : blob;
}

/** Whether a path is one that the person's sparse checkout leaves out. */
export async function isLeftOut(repo: Repository, path: string): Promise<boolean> {
  const of = await partFinder(repo);
  if (!of.ok) return false;
  const part = of.value(path);
  const said = await plumbText(topOf(part), ['ls-files', '-v', '-z', '--', nameIn(part, path)], { index: part.index });
  return said.ok && /^s /i.test(said.value);
}

/** The workspace paths of all files that are not ignored, sorted. */
export async function listFiles(repo: Repository, workspace: Workspace, signal: AbortSignal): Promise<Result<string[]>> {
  const truth = await wholeTruth(repo, workspace, signal);
  if (!truth.ok) return truth;
  const files = await listTree(repo, truth.value.tree);
  return files.ok ? ok([...files.value.keys()].sort()) : files;
}
