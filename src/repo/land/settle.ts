/**
 * Settles a landing (or undo) that was cut off: looks at each file that it was to change, and makes the workspace whole again.
 * All written: it has landed, and the chain learns of it. Nothing written: it did not happen. Some of it: that is put back, as after
 * any landing that fails half-way; its draft is kept, and landing it again merges it as always. What somebody changed since stays.
 */
import type { Change, Entry } from '../../domain/changes';
import { ok, type Result } from '../../domain/failure';
import { readContent, removeUnfinished } from '../files';
import { contentOf } from '../filters';
import { plumb } from '../git';
import { type Repository, readRef } from '../repository';
import { buildCommit, diffTrees, lookUp, type Merge, mergeTrees, treeOf, withPuts } from '../trees';
import { contentsAsTheyWere, isPartOf, keptRaws } from '../truth/raw';
import { type Truth, truthOf } from '../truth/truth';
import type { Content, FileEdit, FileRestore } from '../workspace';
import { diskDigest, type LandingIntent, recordInChain } from './intent';
import { applyEdits, type LandPorts } from './land';
import { personsMessage } from './linkMessages';

/** What is settled, and how the chain tells when. */
export type SettlePorts = Pick<LandPorts, 'repo' | 'workspace' | 'clock'>;

export interface SettledFiles {
  /** `landed`: all of it is in the workspace, and in the chain. `nothing`: no file had been changed. `back`: what had been is as before. */
  readonly outcome: 'landed' | 'nothing' | 'back';
  /** Files that were put back. */
  readonly back: readonly string[];
  /** Files that somebody changed since: those changes are kept. */
  readonly changed: readonly string[];
}

/**
 * How a file stands. `half`: begun by the landing, and not finished (what is there is a part of what was to come). `edited`: somebody
 * changed it since, before (`before`) or after the landing wrote it.
 */
type Stand = 'before' | 'after' | 'half' | 'edited before' | 'edited after';

interface Site extends SettlePorts {
  readonly intent: LandingIntent;
  readonly changes: readonly Change[];
  readonly truths: ReadonlyMap<string, Truth | null>;
  /** Files whose text was in an editor that knows nothing of it any more. */
  readonly forgotten: ReadonlySet<string>;
  /** Files whose text is in an editor now. */
  readonly unsaved: ReadonlySet<string>;
}

/** Called under the landing lock; may be called again when it was cut off itself. The intent is the caller's to strike. */
export async function settleLanding(ports: SettlePorts, intent: LandingIntent): Promise<Result<SettledFiles>> {
  const { repo } = ports;
  const changes = await diffTrees(repo, intent.before, intent.after);
  if (!changes.ok) return changes;
  for (const { path } of changes.value) {
    const removed = await removeUnfinished(repo.root, path);
    if (!removed.ok) return removed;
  }
  const tip = await readRef(repo, intent.chain);
  if (!tip.ok) return tip;
  if (tip.value !== undefined && (await isIn(repo, intent.after, tip.value))) return ok({ outcome: 'landed', back: [], changed: [] });
  const site = await lookAt(ports, intent, changes.value);
  if (!site.ok) return site;
  const stands = await standsOf(site.value);
  if (!stands.ok) return stands;
  const at = (...wanted: Stand[]) => [...stands.value].filter(([, stand]) => wanted.includes(stand)).map(([path]) => path);
  const settled = await makeWhole(site.value, at);
  if (!settled.ok) return settled;
  const shown = settled.value.outcome === 'landed' ? ok() : await showForgotten(site.value);
  return shown.ok ? settled : shown;
}

async function makeWhole(site: Site, at: (...wanted: Stand[]) => string[]): Promise<Result<SettledFiles>> {
  const changed = at('edited before', 'edited after');
  if (at('after', 'half', 'edited after').length === 0) return ok({ outcome: 'nothing', back: [], changed });
  if (at('before', 'half', 'edited before').length === 0) {
    const recorded = await record(site, at('edited after'));
    return recorded.ok ? ok({ outcome: 'landed', back: [], changed }) : recorded;
  }
  const back = await putBack(site, { whole: at('after', 'half'), edited: at('edited after') });
  return back.ok ? ok({ outcome: 'back', back: back.value, changed }) : back;
}

async function isIn(repo: Repository, commit: string, tip: string): Promise<boolean> {
  const said = await plumb(repo, ['merge-base', '--is-ancestor', commit, tip], { answers: [1] });
  return said.ok && said.value.code === 0;
}

async function lookAt(ports: SettlePorts, intent: LandingIntent, changes: readonly Change[]): Promise<Result<Site>> {
  const { repo, workspace } = ports;
  // An editor that comes back from a crash may know text of files that nobody has looked at yet.
  await workspace.recall(intent.unsaved.map(({ path }) => path));
  const unsaved = new Set((await workspace.unsaved()).map(({ path }) => path));
  const paths = changes.map(({ path }) => path);
  const known = await lookUp(repo, intent.before, paths);
  if (!known.ok) return known;
  const truths = await truthOf(repo, workspace, paths, known.value);
  if (!truths.ok) return truths;
  const forgotten = new Set<string>();
  for (const { path, disk } of intent.unsaved) {
    if (unsaved.has(path)) continue;
    const now = await diskDigest(repo, path);
    if (!now.ok) return now;
    if (now.value === disk) forgotten.add(path);
  }
  return ok({ ...ports, intent, changes, truths: truths.value, forgotten, unsaved });
}

async function standsOf(site: Site): Promise<Result<Map<string, Stand>>> {
  const { repo, changes, truths, forgotten, unsaved } = site;
  const wanted = await asOnDisk(
    repo,
    changes.flatMap(({ path, after }) => (after === null ? [] : [[path, after] as const])),
  );
  if (!wanted.ok) return wanted;
  const stands = new Map<string, Stand>();
  const edited = new Map<string, Entry | null>();
  for (const { path, before, after } of changes) {
    const truth = truths.get(path) ?? null;
    const now = truth?.entry ?? null;
    // A landing leaves unsaved text unsaved: where it is gone, and its file is as it was, nothing says that it was changed.
    if (forgotten.has(path) || isSame(now, before)) stands.set(path, 'before');
    else if (isSame(now, after)) stands.set(path, 'after');
    else if (now?.blob === after?.blob && now?.mode === before?.mode) stands.set(path, 'half');
    else if (!unsaved.has(path) && isPartOf(truth?.content ?? null, wanted.value.get(path))) stands.set(path, 'half');
    else edited.set(path, now);
  }
  if (edited.size === 0) return ok(stands);
  const merged = await mergeInto(site, edited, { base: site.intent.before, theirs: site.intent.after });
  if (!merged.ok) return merged;
  for (const [path, entry] of edited) {
    const found = merged.value.get(path);
    // What a merge with the landing does not change has it already.
    stands.set(path, found !== undefined && isSame(found, entry) ? 'edited after' : 'edited before');
  }
  return ok(stands);
}

function isSame(a: Entry | null, b: Entry | null): boolean {
  return a === null || b === null ? a === b : a.blob === b.blob && (a.mode === b.mode || process.platform === 'win32');
}

/** What merging gives at each of these paths, whose entries differ from the base; a path in conflict is missing. */
async function mergeInto(
  { repo }: Site,
  edited: ReadonlyMap<string, Entry | null>,
  sides: { base: string; theirs: string },
): Promise<Result<Map<string, Entry | null>>> {
  const base = await treeOf(repo, sides.base);
  if (!base.ok) return base;
  const ours = await withPuts(repo, base.value, edited);
  if (!ours.ok) return ours;
  const merge: Result<Merge> = await mergeTrees(repo, { base: base.value, ours: ours.value, theirs: sides.theirs });
  if (!merge.ok) return merge;
  const found = await lookUp(repo, merge.value.tree, [...edited.keys()]);
  if (!found.ok) return found;
  const merged = new Map<string, Entry | null>();
  for (const path of edited.keys()) {
    const entry = found.value.get(path) ?? null;
    if (entry !== 'folder' && !merge.value.conflicts.some((conflict) => conflict.path === path)) merged.set(path, entry);
  }
  return ok(merged);
}

/** The chain learns of a landing that was written; what somebody changed since is a link of its own. */
async function record({ repo, clock, intent, truths }: Site, edited: readonly string[]): Promise<Result<void>> {
  let tip = intent.after;
  if (edited.length > 0) {
    const puts = new Map(edited.map((path) => [path, truths.get(path)?.entry ?? null]));
    const link = await buildCommit(repo, { from: tip, puts, parents: [tip], message: personsMessage(clock) });
    if (!link.ok) return link;
    tip = link.value;
  }
  return recordInChain(repo, intent.chain, tip);
}

/** Makes what was written as it was before; out of what somebody changed since, only the landing's part is taken, where that can be told. */
async function putBack(site: Site, paths: { whole: readonly string[]; edited: readonly string[] }): Promise<Result<string[]>> {
  const { repo, workspace, intent, changes, truths } = site;
  const before = new Map(changes.map((change) => [change.path, change.before]));
  const targets = new Map<string, Entry | null>(paths.whole.map((path) => [path, before.get(path) ?? null]));
  if (paths.edited.length > 0) {
    const edited = new Map(paths.edited.map((path) => [path, truths.get(path)?.entry ?? null]));
    const merged = await mergeInto(site, edited, { base: intent.after, theirs: intent.before });
    if (!merged.ok) return merged;
    for (const [path, entry] of merged.value) targets.set(path, entry);
  }
  const contents = await asOnDisk(
    repo,
    [...targets].flatMap(([path, entry]) => (entry === null ? [] : [[path, entry] as const])),
  );
  if (!contents.ok) return contents;
  const edits = [...targets.keys()].map((path): FileEdit => {
    return { path, before: truths.get(path)?.content ?? null, after: contents.value.get(path) ?? null };
  });
  const applied = await applyEdits(repo, workspace, edits);
  return applied.ok ? ok([...targets.keys()]) : applied;
}

async function asOnDisk(repo: Repository, entries: readonly (readonly [string, Entry])[]): Promise<Result<Map<string, Content>>> {
  const kept = await keptRaws(repo);
  if (!kept.ok) return kept;
  return contentsAsTheyWere(repo, new Map(entries), { kept: kept.value, since: Number.POSITIVE_INFINITY });
}

/** Unsaved text that no editor brought back is in the commit before the landing: it is shown again, unsaved. */
async function showForgotten({ repo, workspace, forgotten, changes }: Site): Promise<Result<void>> {
  const files: FileRestore[] = [];
  for (const { path, before } of changes) {
    if (!forgotten.has(path) || before === null) continue;
    const text = await contentOf(repo, path, before);
    if (!text.ok) return text;
    const disk = await readContent(repo.root, path);
    if (!disk.ok) return disk;
    if (disk.value !== 'folder') files.push({ path, disk: disk.value, unsaved: text.value.bytes });
  }
  return files.length === 0 ? ok() : workspace.restore(files, []);
}
