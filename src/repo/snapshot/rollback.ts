/** Rolling back: the workspace becomes equal to a snapshot, unsaved text included, after a snapshot of now. */
import type { Change, Entry } from '../../domain/changes';
import type { Clock } from '../../domain/clock';
import { cancelled, fail, ok, type Result } from '../../domain/failure';
import { matcherOf } from '../../domain/include';
import { giveBeside, rememberBeside } from '../besideTrees';
import { checkNoLink, readContent } from '../files';
import { contentOf } from '../filters';
import { plumbText } from '../git';
import { rewrittenSince } from '../history/chain';
import { checkNothingLeft, intend, strike } from '../land/intent';
import type { Repository } from '../repository';
import { diffTrees, lookUp, type Put, treeOf, withPuts } from '../trees';
import { ignoredOf } from '../truth/ignored';
import { asText, oddChanges, restoreOddNames } from '../truth/oddNames';
import { byPart, partFinder } from '../truth/parts';
import { contentsAsTheyWere, keepRaw, keptRaws, type OnDisk, type Raws, rawKey } from '../truth/raw';
import { entryOf, type WholeTruth, wholeTruth } from '../truth/truth';
import type { Content, FileRestore, Untitled, Workspace } from '../workspace';
import { isIn, withLeftWhole } from './leftWhole';
import { diskTreeOf, keepSnapshot, type Snapshot, unsavedOf, untitledOf } from './snapshot';
import { type Trees, withSome } from './someFiles';
import { checkStill } from './still';

/** Whoever types or saves while a rollback reads the workspace is looked for so often. */
const TRIES = 4;

/** The files that rolling back would change, as they are now (`before`) and would be (`after`). */
export async function previewRollback(
  repo: Repository,
  workspace: Workspace,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<Result<Change[]>> {
  const ends = await endsOf(repo, workspace, snapshot, signal);
  return ends.ok ? diffTrees(repo, ends.value.now.tree, ends.value.past.tree) : ends;
}

export interface RolledBack {
  /** The snapshot of the moment before: rolling back to it undoes the rollback. */
  readonly safety: Snapshot;
  readonly changes: readonly Change[];
  /** Nested repositories that came after the snapshot: they are as they were. */
  readonly left: readonly string[];
}

/**
 * Makes the workspace equal to a snapshot; where `only` names files or folders, these alone. Unchanged files are not touched. `report`
 * is told what was done while nobody else can change the workspace; where it did not get that far, or stopped half-way, the intent is
 * left on record.
 */
export async function rollBack(
  repo: Repository,
  workspace: Workspace,
  options: { snapshot: Snapshot; clock: Clock; only?: readonly string[] },
  signal: AbortSignal,
  report: (done: RolledBack) => Result<void> = () => ok(),
): Promise<Result<RolledBack>> {
  return repo.landLock(signal, async () => {
    let last: Result<RolledBack> = cancelled;
    for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
      last = await rollBackOnce({ repo, workspace, ...options, report }, signal);
      if (last.ok || last.failure.kind !== 'moved') return last;
    }
    return signal.aborted ? cancelled : last;
  });
}

interface Rollback {
  readonly repo: Repository;
  readonly workspace: Workspace;
  readonly snapshot: Snapshot;
  readonly clock: Clock;
  readonly only?: readonly string[];
  readonly report: (done: RolledBack) => Result<void>;
}

/** Fails as `moved`, and has changed nothing, where somebody changed what it was to overwrite after the snapshot of now. */
async function rollBackOnce(
  { repo, workspace, snapshot, clock, only, report }: Rollback,
  signal: AbortSignal,
): Promise<Result<RolledBack>> {
  const clear = await checkNothingLeft(repo);
  if (!clear.ok) return clear;
  const ends = await endsOf(repo, workspace, snapshot, signal);
  if (!ends.ok) return ends;
  const { now, left } = ends.value;
  const some = only === undefined ? ok(undefined) : await withSome(repo, ends.value, only);
  if (!some.ok) return some;
  const past = some.value ?? ends.value.past;
  const safety = await keepSnapshot(repo, now, await workspace.untitled(), {
    label: some.value === undefined ? `Before rolling back to “${snapshot.label}”` : `Before restoring files of “${snapshot.label}”`,
    cause: 'rollback',
    clock,
  });
  if (!safety.ok) return safety;
  const changes = await diffTrees(repo, now.tree, past.tree);
  if (!changes.ok) return changes;
  const intended = await intend(repo, { kind: 'rollback', snapshot: snapshot.id, safety: safety.value.id, only });
  if (!intended.ok) return intended;
  const done = await restoreAll(repo, workspace, { ...ends.value, past, snapshot, clock, chosen: some.value?.chosen });
  if (!done.ok && done.failure.kind === 'moved') {
    const struck = await strike(repo);
    return struck.ok ? done : struck;
  }
  if (!done.ok) {
    return fail(
      'half',
      `The rollback stopped half-way: ${done.failure.message}`,
      `${done.failure.fix} Nothing is lost: what was there before is snapshot ${safety.value.id}.`,
    );
  }
  const rolledBack = { safety: safety.value, changes: changes.value, left };
  const reported = report(rolledBack);
  if (!reported.ok) return reported;
  const struck = await strike(repo);
  return struck.ok ? ok(rolledBack) : struck;
}

/** Both ends of a rollback; files that git does not list are in them where the rollback must touch them, so that it can be taken back. */
interface Ends {
  readonly now: WholeTruth;
  readonly past: Trees;
  /** Files that the snapshot knows nothing of, because git ignores them: they are left as they are, unsaved text included. */
  readonly alone: ReadonlySet<string>;
  /** Folders that are left as they are. */
  readonly left: readonly string[];
}

/** Both ends of a rollback to a snapshot from the workspace as it is. */
export async function endsOf(repo: Repository, workspace: Workspace, snapshot: Snapshot, signal: AbortSignal): Promise<Result<Ends>> {
  const include = repo.include();
  // What is in the snapshot must be in the one of now, too, so that the rollback can be taken back.
  const whole = await wholeTruth(repo, workspace, signal, { ...include, globs: [...new Set([...snapshot.include, ...include.globs])] });
  if (!whole.ok) return whole;
  const [disk, tree, rewritten] = await Promise.all([
    diskTreeOf(repo, snapshot),
    treeOf(repo, snapshot.commit),
    rewrittenSince(repo, snapshot),
  ]);
  if (!disk.ok) return disk;
  if (!tree.ok) return tree;
  if (!rewritten.ok) return rewritten;
  const kept = await withLeftWhole(repo, whole.value, { disk: disk.value, tree: tree.value });
  if (!kept.ok) return kept;
  const { past: then, left } = kept.value;
  const changes = await diffTrees(repo, whole.value.disk, then.disk);
  if (!changes.ok) return changes;
  const paths = [...rewritten.value.keys()];
  const [listedNow, listedThen] = await Promise.all([lookUp(repo, whole.value.disk, paths), lookUp(repo, then.disk, paths)]);
  if (!listedNow.ok) return listedNow;
  if (!listedThen.ok) return listedThen;
  const unknown = await unknownTo(repo, snapshot, { truth: whole.value, disk: then.disk });
  if (!unknown.ok) return unknown;
  const returning = changes.value.filter((change) => change.before === null).map((change) => change.path);
  const ignored = paths.filter((path) => !listedThen.value.has(path) && (!listedNow.value.has(path) || unknown.value.has(path)));
  const now = new Map<string, Put>();
  const past = new Map<string, Put>();
  for (const path of new Set([...returning, ...ignored])) {
    const found = await onDisk(repo, path);
    if (!found.ok) return found;
    if (found.value !== null) now.set(path, found.value);
  }
  // What a landing deleted, and git does list, came after the snapshot: else that would have it.
  const gone = ignored.filter((path) => !now.has(path) && rewritten.value.get(path)?.after === null);
  const hidden = await ignoredOf(repo, gone);
  if (!hidden.ok) return hidden;
  const late = new Set(gone.filter((path) => !hidden.value.has(path)));
  for (const path of ignored) {
    const found = now.get(path) ?? null;
    const landing = late.has(path) ? undefined : rewritten.value.get(path);
    // What a landing wrote goes back to what was there before; what somebody changed since is left to them.
    const entry = landing !== undefined && sameBlob(found, landing.after) ? landing.before : found;
    if (entry !== null) past.set(path, entry);
    unknown.value.delete(path);
  }
  const seen = new Map(past);
  for (const [path, entries] of unknown.value) {
    if (entries.disk !== null) past.set(path, entries.disk);
    if (entries.seen !== null) seen.set(path, entries.seen);
  }
  const ends = { now: whole.value, past: then, left, alone: new Set(unknown.value.keys()) };
  return addTo(repo, ends, { now, past, seen });
}

/** Ignored files of now that a snapshot did not look at, and what is there: on disk, and with unsaved text (null: nothing in a tree of now). */
async function unknownTo(
  repo: Repository,
  snapshot: Snapshot,
  from: { truth: WholeTruth; disk: string },
): Promise<Result<Map<string, { disk: Entry | null; seen: Entry | null }>>> {
  const { included, hidden, disk, tree } = from.truth;
  // Where the size set a limit, a file that is not in the snapshot may have been there.
  const { takes } = matcherOf(snapshot.tooLarge === null ? snapshot.include : []);
  const paths = [...included.paths.filter((path) => !takes(path)), ...hidden.keys()];
  const [then, there, shown] = await Promise.all([lookUp(repo, from.disk, paths), lookUp(repo, disk, paths), lookUp(repo, tree, paths)]);
  if (!then.ok) return then;
  if (!there.ok) return there;
  if (!shown.ok) return shown;
  const fileOf = (entry: Entry | 'folder' | undefined) => (entry === undefined || entry === 'folder' ? null : entry);
  const rows = paths
    .filter((path) => !then.value.has(path))
    .map((path) => [path, { disk: fileOf(there.value.get(path)), seen: fileOf(shown.value.get(path)) }] as const);
  return ok(new Map(rows));
}

async function onDisk(repo: Repository, path: string): Promise<Result<Entry | null>> {
  if (!(await checkNoLink(repo.root, path)).ok) return ok(null);
  const found = await readContent(repo.root, path);
  if (!found.ok) return found;
  return found.value === null || found.value === 'folder' ? ok(null) : entryOf(repo, path, found.value);
}

export function sameBlob(a: Put | null, b: Entry | null): boolean {
  return a === null || b === null ? a === b : 'blob' in a && a.blob === b.blob;
}

/** `seen`: what the snapshot's truth gets, unsaved text included. */
async function addTo(
  repo: Repository,
  ends: Ends,
  more: { now: Map<string, Put>; past: Map<string, Put>; seen: Map<string, Put> },
): Promise<Result<Ends>> {
  // Unsaved text over one of these files is the truth of it already.
  const unsaved = new Set(ends.now.unsaved.map((text) => text.path));
  const saved = new Map([...more.now].filter(([path]) => !unsaved.has(path)));
  const [nowDisk, nowTree, thenDisk, thenTree] = await Promise.all([
    withPuts(repo, ends.now.disk, more.now),
    withPuts(repo, ends.now.tree, saved),
    withPuts(repo, ends.past.disk, more.past),
    withPuts(repo, ends.past.tree, more.seen),
  ]);
  if (!nowDisk.ok) return nowDisk;
  if (!nowTree.ok) return nowTree;
  if (!thenDisk.ok) return thenDisk;
  if (!thenTree.ok) return thenTree;
  return ok({
    ...ends,
    now: { ...ends.now, disk: nowDisk.value, tree: nowTree.value },
    past: { disk: thenDisk.value, tree: thenTree.value },
  });
}

/** Makes every file whose disk or unsaved text differs as the snapshot has it; `chosen`: only these; `kept`: all but these. Fails as `moved`, and has changed nothing, where they are not as `now` says any more. */
export async function restoreAll(
  repo: Repository,
  workspace: Workspace,
  ends: Ends & { snapshot: Snapshot; clock: Clock; chosen: ReadonlySet<string> | undefined; kept?: ReadonlySet<string> },
): Promise<Result<void>> {
  const { now, past, left, alone, snapshot, chosen } = ends;
  const changes = await diffTrees(repo, now.disk, past.disk);
  if (!changes.ok) return changes;
  const texts = await unsavedOf(repo, snapshot);
  if (!texts.ok) return texts;
  const untitled = chosen === undefined ? await untitledOf(repo, snapshot) : ok(await workspace.untitled());
  if (!untitled.ok) return untitled;
  // A submodule that was not checked out is a mere link in the tree: there is no file to write or delete.
  const ours = changes.value.filter(({ before, after }) => before?.mode !== '160000' && after?.mode !== '160000');
  const odd = await oddChanges(repo, { now: now.disk, past: past.disk });
  if (!odd.ok) return odd;
  const notText = new Set(odd.value.map(asText));
  const kept = await keptRaws(repo);
  if (!kept.ok) return kept;
  const rewritten = await rewrittenRaw(repo, { disk: past.disk, since: snapshot.at }, kept.value);
  if (!rewritten.ok) return rewritten;
  const all = [
    ...ours.map((change) => change.path).filter((path) => !notText.has(path)),
    ...now.unsaved.map((text) => text.path).filter((path) => !alone.has(path)),
    ...texts.value.keys(),
    ...rewritten.value,
  ];
  const isWanted = (path: string) => (chosen?.has(path) ?? true) && ends.kept?.has(path) !== true;
  const wanted = all.filter((path) => isWanted(path) && !left.some((folder) => isIn(path, folder)));
  const paths = [...new Set(wanted)];
  const saved = await keepOverwritten(repo, { disk: now.disk, kept: kept.value, clock: ends.clock }, paths);
  if (!saved.ok) return saved;
  const isAttributes = (path: string) => /(^|\/)\.gitattributes$/.test(path);
  const restore = async (some: readonly string[], more: readonly Untitled[]): Promise<Result<void>> => {
    const files = await restoresOf(repo, { disk: past.disk, texts: texts.value, kept: kept.value, since: snapshot.at }, some);
    if (!files.ok) return files;
    const going = files.value.filter(({ disk }) => disk === null).map(({ path }) => path);
    const coming: string[] = [];
    for (const { path, disk } of files.value) {
      const there = await readContent(repo.root, path);
      if (!there.ok) return there;
      if (disk !== null && there.value === null) coming.push(path);
    }
    const noted = await rememberBeside(repo, { going, coming });
    if (!noted.ok) return noted;
    const done = await workspace.restore(files.value, more);
    if (!done.ok) return fail('half', done.failure.message, done.failure.fix);
    const given = await giveBeside(repo, { going, coming });
    return given.ok ? firstDifference(repo, files.value) : given;
  };
  // Now: when attributes are others, what lies on disk would not be stored as it was read.
  const still = await checkStill(repo, workspace, { now, paths });
  if (!still.ok) return still;
  // They say how the bytes of all other files lie on disk, so they must be there first.
  const attributes = paths.filter(isAttributes);
  const first = attributes.length === 0 ? ok() : await restore(attributes, await workspace.untitled());
  if (!first.ok) return first;
  const rest = await restore(
    paths.filter((path) => !isAttributes(path)),
    untitled.value,
  );
  return rest.ok ? restoreOddNames(repo, odd.value, past.disk) : rest;
}

/** Files that the tree has as they are, but whose bytes Weft wrote anew since, as git's filters made them. */
async function rewrittenRaw(repo: Repository, past: { disk: string; since: number }, kept: Raws): Promise<Result<string[]>> {
  const since = [...kept].filter(([, all]) => all.some((one) => one.at >= past.since)).map(([key]) => key);
  const paths = since.map((key) => key.slice(key.indexOf('/') + 1));
  const then = await lookUp(repo, past.disk, paths);
  if (!then.ok) return then;
  return ok(
    paths.filter((path, at) => {
      const entry = then.value.get(path);
      return entry !== undefined && entry !== 'folder' && rawKey(path, entry.blob) === since[at];
    }),
  );
}

/** What a rollback overwrites can come back byte for byte, too. */
async function keepOverwritten(
  repo: Repository,
  now: { disk: string; kept: Raws; clock: Clock },
  paths: readonly string[],
): Promise<Result<unknown>> {
  const entries = await lookUp(repo, now.disk, paths);
  if (!entries.ok) return entries;
  const there: OnDisk[] = [];
  for (const path of paths) {
    const entry = entries.value.get(path);
    if (entry === undefined || entry === 'folder') continue;
    const found = await readContent(repo.root, path);
    if (!found.ok) return found;
    if (found.value !== null && found.value !== 'folder') there.push({ path, entry, content: found.value });
  }
  return keepRaw(repo, there, now);
}

async function restoresOf(
  repo: Repository,
  past: { disk: string; texts: ReadonlyMap<string, Entry>; kept: Raws; since: number },
  paths: readonly string[],
): Promise<Result<FileRestore[]>> {
  const entries = await lookUp(repo, past.disk, paths);
  if (!entries.ok) return entries;
  const files = new Map([...entries.value].flatMap(([path, entry]) => (entry === 'folder' ? [] : [[path, entry] as const])));
  const contents = await contentsAsTheyWere(repo, files, past);
  if (!contents.ok) return contents;
  const noModes = await withoutModes(repo, paths);
  if (!noModes.ok) return noModes;
  const restores: FileRestore[] = [];
  for (const path of paths) {
    const disk = contents.value.get(path) ?? null;
    const text = past.texts.get(path);
    const unsaved = text === undefined ? ok(null) : await contentOf(repo, path, text);
    if (!unsaved.ok) return unsaved;
    const file = noModes.value.has(path) && disk !== null ? await withModeOnDisk(repo, path, disk) : ok(disk);
    if (!file.ok) return file;
    restores.push({ path, disk: file.value, unsaved: unsaved.value?.bytes ?? null });
  }
  return ok(restores);
}

/** The paths where git does not look at modes. */
async function withoutModes(repo: Repository, paths: readonly string[]): Promise<Result<Set<string>>> {
  const of = await partFinder(repo);
  if (!of.ok) return of;
  const found = new Set<string>();
  for (const [part, inside] of byPart(of.value, paths)) {
    const modes = await plumbText(part.place, ['config', '--type=bool', '--get', 'core.fileMode'], { answers: [1] });
    if (!modes.ok) return modes;
    if (modes.value === 'false') for (const path of inside) found.add(path);
  }
  return ok(found);
}

/** Where git does not look at modes, the tree knows none: a file keeps its own. */
async function withModeOnDisk(repo: Repository, path: string, file: Content): Promise<Result<Content>> {
  const there = await readContent(repo.root, path);
  if (!there.ok) return there;
  const isFile = there.value !== null && there.value !== 'folder' && there.value.mode !== '120000' && file.mode !== '120000';
  return ok(isFile ? { mode: there.value.mode, bytes: file.bytes } : file);
}

async function firstDifference(repo: Repository, files: readonly FileRestore[]): Promise<Result<void>> {
  for (const file of files) {
    const now = await readContent(repo.root, file.path);
    if (!now.ok) return now;
    const same = now.value === 'folder' || now.value === null ? file.disk === null : file.disk?.bytes.equals(now.value.bytes) === true;
    if (!same) return fail('file', `${file.path} is not as the snapshot has it.`, 'Close what else writes to it, then roll back again.');
  }
  return ok();
}
