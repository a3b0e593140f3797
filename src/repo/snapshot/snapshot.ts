/** Snapshots: the whole truth of the workspace at one moment, as a commit under a ref of Weft's. */
import * as z from 'zod';
import type { Entry } from '../../domain/changes';
import type { Clock } from '../../domain/clock';
import { fail, ok, type Result } from '../../domain/failure';
import { tooLargeSchema } from '../../domain/include';
import { plumb } from '../git';
import { checkNothingLeft } from '../land/intent';
import { type Repository, writeRef } from '../repository';
import { buildCommit, commitTree, lookUp, messageOf, type Put, treeOf, withPuts } from '../trees';
import { type WholeTruth, wholeTruth } from '../truth/truth';
import type { Untitled, Workspace } from '../workspace';
import { journalLengths } from './journals';

const metaSchema = z.object({
  weft: z.literal(1),
  id: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** Why it was taken, for a person. */
  label: z.string(),
  /** What it was taken for: a run's beginning, a rollback (or files that were restored), or because somebody asked for it. */
  cause: z.enum(['run', 'rollback', 'hand']).default('hand'),
  /** Paths whose text was in an editor and not on disk. */
  unsaved: z.array(z.string()),
  untitled: z.array(z.object({ name: z.string(), language: z.string() })),
  /** The globs by which ignored files are in it, and what was left out for its size. */
  include: z.array(z.string()).default([]),
  tooLarge: tooLargeSchema.nullable().default(null),
  /** How many bytes the journal of each run had: the rest of it came later. Null in older ones: there, time has to tell. */
  journals: z.record(z.string(), z.number()).nullable().default(null),
});

/** Why a snapshot is taken. */
export interface Why {
  readonly label: string;
  /** `hand`, where it is not said. */
  readonly cause?: Snapshot['cause'];
  readonly clock: Clock;
}

/** `commit` has the truth as its tree; its parent, where there is one, keeps what else must come back (see `extras`). */
export type Snapshot = z.infer<typeof metaSchema> & { readonly commit: string };

/**
 * Builds and keeps a snapshot. Leaves HEAD, the index and every branch alone; fails, and records nothing, where git cannot read a file, or
 * where a crash left the workspace half-way between two states.
 */
export async function takeSnapshot(repo: Repository, workspace: Workspace, why: Why, signal: AbortSignal): Promise<Result<Snapshot>> {
  // While something lands, the workspace is half one state and half another.
  return repo.landLock(signal, async () => {
    const clear = await checkNothingLeft(repo);
    if (!clear.ok) return clear;
    const truth = await wholeTruth(repo, workspace, signal);
    return truth.ok ? keepSnapshot(repo, truth.value, await workspace.untitled(), why) : truth;
  });
}

/** Records a truth that was read already. */
export async function keepSnapshot(
  repo: Repository,
  truth: WholeTruth,
  untitled: readonly Untitled[],
  why: Why,
): Promise<Result<Snapshot>> {
  const journals = await journalLengths(repo.stateDir);
  if (!journals.ok) return journals;
  const meta = {
    weft: 1 as const,
    id: why.clock.id(),
    at: why.clock.now(),
    label: why.label,
    cause: why.cause ?? 'hand',
    unsaved: truth.unsaved.map((text) => text.path),
    untitled: untitled.map(({ name, language }) => ({ name, language })),
    include: [...truth.included.globs],
    tooLarge: truth.included.tooLarge,
    journals: journals.value,
  };
  const extras = await keepExtras(repo, truth, untitled);
  if (!extras.ok) return extras;
  const commit = await commitTree(repo, truth.tree, extras.value, messageOf(why.label, meta));
  if (!commit.ok) return commit;
  const written = await writeRef(repo, `snapshots/${meta.id}`, commit.value);
  return written.ok ? ok({ ...meta, commit: commit.value }) : written;
}

/**
 * What the truth's tree does not hold, in a commit of its own: `disk/…`, the files under unsaved text; `text/…`, unsaved text that
 * no agent is to see; `untitled/0…`.
 */
async function keepExtras(repo: Repository, truth: WholeTruth, untitled: readonly Untitled[]): Promise<Result<string[]>> {
  if (truth.unsaved.length === 0 && untitled.length === 0) return ok([]);
  const under = await lookUp(
    repo,
    truth.disk,
    truth.unsaved.map((text) => text.path),
  );
  if (!under.ok) return under;
  const puts = new Map<string, Put>();
  for (const { path } of truth.unsaved) {
    const hidden = truth.hidden.get(path);
    const entry = under.value.get(path) ?? hidden?.disk;
    if (entry !== 'folder' && entry) puts.set(`disk/${path}`, entry);
    if (hidden !== undefined) puts.set(`text/${path}`, hidden.text);
  }
  untitled.forEach((one, at) => {
    puts.set(`untitled/${at}`, { mode: '100644', bytes: Buffer.from(one.text) });
  });
  const commit = await buildCommit(repo, { from: undefined, puts, parents: [], message: 'What lies beside a snapshot' });
  return commit.ok ? ok([commit.value]) : commit;
}

/** All snapshots of this root, newest first. */
export async function listSnapshots(repo: Repository): Promise<Result<Snapshot[]>> {
  const said = await plumb(repo, ['for-each-ref', '--format=%(objectname) %(contents:body)', `${repo.refs}snapshots/`]);
  if (!said.ok) return said;
  const snapshots: Snapshot[] = [];
  for (const line of said.value.out.toString().split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const meta = readMeta(line.slice(space + 1));
    if (meta !== undefined) snapshots.push({ ...meta, commit: line.slice(0, space) });
  }
  return ok(snapshots.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)));
}

function readMeta(text: string): z.infer<typeof metaSchema> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return metaSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A snapshot by its id, or by any beginning of it that names only one. */
export async function findSnapshot(repo: Repository, id: string): Promise<Result<Snapshot>> {
  const all = await listSnapshots(repo);
  if (!all.ok) return all;
  const exact = all.value.find((snapshot) => snapshot.id === id);
  const found = exact === undefined ? all.value.filter((snapshot) => id !== '' && snapshot.id.startsWith(id)) : [exact];
  const [first] = found;
  if (first !== undefined && found.length === 1) return ok(first);
  const why = found.length > 1 ? `${found.length} snapshots begin with “${id}”` : `There is no snapshot “${id}” of this folder`;
  return fail('input', `${why}.`, 'Run “weft snapshots” for the list.');
}

/** The tree of what was on disk when a snapshot was taken. */
export async function diskTreeOf(repo: Repository, snapshot: Snapshot): Promise<Result<string>> {
  if (snapshot.unsaved.length === 0) return treeOf(repo, snapshot.commit);
  const under = await lookUp(
    repo,
    `${snapshot.commit}^1`,
    snapshot.unsaved.map((path) => `disk/${path}`),
  );
  if (!under.ok) return under;
  const puts = new Map<string, Put | null>();
  for (const path of snapshot.unsaved) {
    const entry = under.value.get(`disk/${path}`);
    puts.set(path, entry === undefined || entry === 'folder' ? null : entry);
  }
  return withPuts(repo, snapshot.commit, puts);
}

/** The unsaved texts of a snapshot, by path. */
export async function unsavedOf(repo: Repository, snapshot: Snapshot): Promise<Result<Map<string, Entry>>> {
  const texts = new Map<string, Entry>();
  if (snapshot.unsaved.length === 0) return ok(texts);
  const seen = await lookUp(repo, snapshot.commit, snapshot.unsaved);
  if (!seen.ok) return seen;
  const beside = `${snapshot.commit}^1`;
  const hidden = await lookUp(
    repo,
    beside,
    snapshot.unsaved.map((path) => `text/${path}`),
  );
  if (!hidden.ok) return hidden;
  for (const path of snapshot.unsaved) {
    const entry = hidden.value.get(`text/${path}`) ?? seen.value.get(path);
    if (entry !== undefined && entry !== 'folder') texts.set(path, entry);
  }
  return ok(texts);
}

/** The texts that had no file when a snapshot was taken. */
export async function untitledOf(repo: Repository, snapshot: Snapshot): Promise<Result<Untitled[]>> {
  const texts: Untitled[] = [];
  for (const [at, { name, language }] of snapshot.untitled.entries()) {
    const bytes = await repo.objects.read(`${snapshot.commit}^1:untitled/${at}`);
    if (!bytes.ok) return bytes;
    if (bytes.value !== undefined) texts.push({ name, language, text: bytes.value.toString() });
  }
  return ok(texts);
}
