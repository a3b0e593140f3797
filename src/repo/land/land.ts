/** Landing: a change between two states is merged into the workspace as it is now, whole or not at all. Undo is the same with the ends swapped. */
import type { Change, Conflict, Entry } from '../../domain/changes';
import type { Clock } from '../../domain/clock';
import { cancelled, fail, ok, type Result } from '../../domain/failure';
import { giveBeside, rememberBeside } from '../besideTrees';
import { sameContent } from '../diskWorkspace';
import { type Repository, readRef, writeRef } from '../repository';
import { buildCommit, commitTree, diffTrees, lookUp, mergeTrees, treeOf } from '../trees';
import { contentsAsTheyWere, keepRaw, keptRaws, type OnDisk, withLineEndsOf } from '../truth/raw';
import { contentsNow, isLeftOut, type Truth, truthOf } from '../truth/truth';
import { treeOver } from '../truth/unlisted';
import { hideUnignored, listedBefore } from '../truth/unseen';
import type { FileEdit, Workspace } from '../workspace';
import { checkNothingLeft, diskDigest, type Incoming, intend, recordInChain, strike } from './intent';
import { personsMessage } from './linkMessages';
import { mergeSteps, stepsOf } from './steps';

/** The workspace moves while a person types; reading it again this often must suffice. */
const TRIES = 8;

export type { Incoming };

export type Landing =
  /** `before` and `after` are commits of the chain; `changes` is what the workspace saw; `links` has a link for each step. */
  | {
      readonly kind: 'landed';
      readonly before: string;
      readonly after: string;
      readonly changes: readonly Change[];
      readonly links: readonly Link[];
    }
  | InConflict;

/** `task`: at which step. */
export interface InConflict {
  readonly kind: 'conflict';
  readonly task: string;
  readonly conflict: Conflict;
}

/** What one step of a landing did: two commits of the chain. */
export interface Link {
  readonly task: string;
  readonly before: string;
  readonly after: string;
}

export interface LandPorts {
  readonly repo: Repository;
  readonly workspace: Workspace;
  readonly clock: Clock;
  /** Titles of tasks, by id, for naming who wrote the other side of a conflict. */
  readonly titleOf: (task: string) => string;
  /**
   * Told what came of the merge while nobody else can land: what it writes down is written down, whatever happens, or found missing
   * and made up for when the repository is opened next. Where it throws, that is so as well.
   */
  readonly report?: (landing: Landing) => void;
}

/** Name of the ref at the tip of a run's chain. */
export function chainRef(run: string): string {
  return `runs/${run}/chain`;
}

/** Starts a run's chain at its snapshot. */
export function beginChain(repo: Repository, run: string, snapshot: string): Promise<Result<void>> {
  return writeRef(repo, chainRef(run), snapshot);
}

/** The whole workspace now, as a commit at the tip of a run's chain: where the draft of a dependent task begins. */
export function chainNow(ports: LandPorts, run: string, signal: AbortSignal): Promise<Result<string>> {
  const { repo, workspace } = ports;
  return repo.landLock(signal, async () => {
    const clear = await checkNothingLeft(repo);
    if (!clear.ok) return clear;
    const tip = await readRef(repo, chainRef(run));
    if (!tip.ok) return tip;
    const whole = await treeOver(repo, workspace, { run, tip: tip.value }, signal);
    if (!whole.ok) return whole;
    const tipTree = tip.value === undefined ? ok('') : await treeOf(repo, tip.value);
    if (!tipTree.ok) return tipTree;
    if (tip.value !== undefined && tipTree.value === whole.value) return ok(tip.value);
    const link = await commitTree(repo, whole.value, tip.value === undefined ? [] : [tip.value], personsMessage(ports.clock));
    if (!link.ok) return link;
    const kept = await writeRef(repo, chainRef(run), link.value);
    return kept.ok ? link : kept;
  });
}

/**
 * Merges a change into the workspace, applies it, looks whether it is there, and records it. One at a time for each root.
 * `isStillRight` is asked first, when nobody else can land any more: where it fails, so does the landing.
 */
export function land(
  ports: LandPorts,
  incoming: Incoming,
  signal: AbortSignal,
  isStillRight: () => Promise<Result<void>> = async () => ok(),
): Promise<Result<Landing>> {
  return ports.repo.landLock(signal, async () => {
    const clear = await checkNothingLeft(ports.repo);
    if (!clear.ok) return clear;
    const right = await isStillRight();
    if (!right.ok) return right;
    let last: Result<Landing> = cancelled;
    for (let tries = 0; tries < TRIES; tries++) {
      if (signal.aborted) return cancelled;
      // What moved may be a file that only the merge changes: then all must be looked at.
      const began = performance.now();
      last = await landOnce(ports, incoming, { signal, all: tries > 0 });
      if (last.ok || last.failure.kind !== 'moved') return last;
      // On a slow machine, it takes longer than the pauses of who types: a pause that is long enough is waited for.
      await ports.workspace.calm(performance.now() - began);
    }
    return last;
  });
}

/** Shows what {@link land} would change, without changing anything: the changes, or the files in conflict. */
export async function previewLanding(
  ports: LandPorts,
  incoming: Incoming,
  signal: AbortSignal,
): Promise<Result<{ changes: Change[]; conflicts: string[] }>> {
  const now = await workspaceNow(ports, incoming, { signal, all: false });
  if (!now.ok) return now;
  let tree = now.value.commit;
  let conflicts: string[] = [];
  for (const { base, theirs } of stepsOf(incoming)) {
    const merge = await mergeTrees(ports.repo, { base, ours: tree, theirs });
    if (!merge.ok) return merge;
    tree = merge.value.tree;
    conflicts = merge.value.conflicts.map((conflict) => conflict.path);
    // What comes after it depends on what is decided there.
    if (conflicts.length > 0) break;
  }
  const changes = await diffTrees(ports.repo, now.value.commit, tree);
  return changes.ok ? ok({ changes: changes.value, conflicts }) : changes;
}

async function landOnce(ports: LandPorts, incoming: Incoming, look: Look): Promise<Result<Landing>> {
  const { repo } = ports;
  const now = await workspaceNow(ports, incoming, look);
  if (!now.ok) return now;
  const { commit: before, truths } = now.value;
  const merged = await mergeSteps(ports, incoming, before);
  if (!merged.ok) return merged;
  if (merged.value.kind === 'conflict') {
    // The conflict itself keeps what it saw. The chain does not: it may be an ignored file of the person's (.env), and drafts of later tasks begin at the chain.
    ports.report?.(merged.value);
    return ok(merged.value);
  }
  const { links } = merged.value;
  const after = links.at(-1)?.after ?? before;
  const changes = await diffTrees(repo, before, after);
  if (!changes.ok) return changes;
  const edits = await editsFor(ports, changes.value, truths);
  if (!edits.ok) return edits;
  const listed = await listedBefore(repo, ports.workspace, changes.value, look.signal);
  if (!listed.ok) return listed;
  const intended = await intendLanding(ports, incoming, { before, after, links, edits: edits.value });
  if (!intended.ok) return intended;
  const applied = await applyEdits(repo, ports.workspace, edits.value);
  const verified = applied.ok ? await verify(ports, edits.value, changes.value, after) : applied;
  if (!verified.ok) {
    // What could not be put back stays on record, and is settled before anything else is done.
    const struck = verified.failure.kind === 'half' ? ok() : await strike(repo);
    return struck.ok ? verified : struck;
  }
  if (listed.value !== undefined) {
    const site = { repo, workspace: ports.workspace, run: incoming.run };
    const hidden = await hideUnignored(site, { listed: listed.value, changes: changes.value }, look.signal);
    if (!hidden.ok) return hidden;
  }
  const kept = await recordInChain(repo, chainRef(incoming.run), verified.value);
  if (!kept.ok) return kept;
  const landing: Landing = { kind: 'landed', before, after, changes: changes.value, links };
  ports.report?.(landing);
  const struck = await strike(repo);
  return struck.ok ? ok(landing) : struck;
}

/** {@link Workspace.apply}, with what no tree holds: permission bits, and folders that were empty. */
export async function applyEdits(repo: Repository, workspace: Workspace, edits: readonly FileEdit[]): Promise<Result<void>> {
  const going = edits.flatMap(({ path, after }) => (after === null ? [path] : []));
  const coming = edits.flatMap(({ path, before, after }) => (before === null && after !== null ? [path] : []));
  const noted = await rememberBeside(repo, { going, coming });
  if (!noted.ok) return noted;
  const applied = await workspace.apply(edits);
  if (applied.ok) return giveBeside(repo, { going, coming });
  // What was put back left folders empty, or away, that were empty before.
  const back = await giveBeside(repo, { going: coming, coming: going });
  return back.ok ? applied : back;
}

/** Puts on record what is about to be written. */
async function intendLanding(
  { repo, workspace }: LandPorts,
  incoming: Incoming,
  step: { before: string; after: string; links: readonly Link[]; edits: readonly FileEdit[] },
): Promise<Result<void>> {
  const { before, after, links, edits } = step;
  const touched = new Set(edits.map((edit) => edit.path));
  const unsaved: { path: string; disk: string | null }[] = [];
  for (const { path } of await workspace.unsaved()) {
    if (!touched.has(path)) continue;
    const disk = await diskDigest(repo, path);
    if (!disk.ok) return disk;
    unsaved.push({ path, disk: disk.value });
  }
  return intend(repo, { kind: 'landing', incoming, chain: chainRef(incoming.run), before, after, links: [...links], unsaved });
}

/** How to look at the workspace: all of it, or what the change touches. */
interface Look {
  readonly signal: AbortSignal;
  readonly all: boolean;
}

interface Now {
  /** Commit of the chain whose tree is the workspace now, as far as this landing can see it. */
  readonly commit: string;
  readonly truths: ReadonlyMap<string, Truth | null>;
}

/**
 * The workspace as a commit on the run's chain. Only the paths that are to change are read, unless one of them is missing that
 * the chain has: the person may have renamed it, and only the whole workspace tells.
 */
async function workspaceNow(ports: LandPorts, incoming: Incoming, look: Look): Promise<Result<Now>> {
  const { repo, workspace } = ports;
  const tip = await readRef(repo, chainRef(incoming.run));
  if (!tip.ok) return tip;
  if (tip.value === undefined)
    return fail('input', `The history of run ${incoming.run} is gone.`, 'Its snapshots may still be there: “weft snapshots”.');
  const wanted = await wantedBy(repo, incoming);
  if (!wanted.ok) return wanted;
  const paths = wanted.value.map((change) => change.path);
  const known = await lookUp(repo, tip.value, paths);
  if (!known.ok) return known;
  const truths = await truthOf(repo, workspace, paths, known.value);
  if (!truths.ok) return truths;
  const puts = new Map([...truths.value].map(([path, truth]) => [path, truth?.entry ?? null]));
  // An undo is rare and may be late: it looks at everything.
  const all =
    look.all || incoming.intent !== 'land' || wanted.value.some((change) => change.before !== null && puts.get(change.path) === null);
  let from = tip.value;
  if (all) {
    const whole = await treeOver(repo, workspace, { run: incoming.run, tip: tip.value }, look.signal);
    if (!whole.ok) return whole;
    from = whole.value;
    // The whole knows what is gone, and a folder that stands where a file was must not be taken for nothing.
    for (const [path, entry] of puts) if (entry === null) puts.delete(path);
  }
  if (!all && [...puts].every(([path, entry]) => isSame(known.value.get(path), entry)))
    return ok({ commit: tip.value, truths: truths.value });
  const built = await buildCommit(repo, { from, puts, parents: [tip.value], message: personsMessage(ports.clock) });
  if (!built.ok) return built;
  const [treeNow, treeTip] = await Promise.all([treeOf(repo, built.value), treeOf(repo, tip.value)]);
  if (!treeNow.ok) return treeNow;
  if (!treeTip.ok) return treeTip;
  return ok({ commit: treeNow.value === treeTip.value ? tip.value : built.value, truths: truths.value });
}

/** What is to change, by what the steps differ in. */
async function wantedBy(repo: Repository, incoming: Incoming): Promise<Result<Change[]>> {
  const wanted = new Map<string, Change>();
  for (const { base, theirs } of stepsOf(incoming)) {
    const changes = await diffTrees(repo, base, theirs);
    if (!changes.ok) return changes;
    for (const change of changes.value) wanted.set(change.path, change);
  }
  return ok([...wanted.values()]);
}

/** Whether a tree has just this at a path; `undefined`: nothing. */
function isSame(known: Entry | 'folder' | undefined, entry: Entry | null): boolean {
  if (known === undefined || known === 'folder' || entry === null) return known === undefined && entry === null;
  return known.mode === entry.mode && known.blob === entry.blob;
}

async function editsFor(
  ports: LandPorts,
  changes: readonly Change[],
  truths: ReadonlyMap<string, Truth | null>,
): Promise<Result<FileEdit[]>> {
  const edits: FileEdit[] = [];
  const kept = await keptRaws(ports.repo);
  if (!kept.ok) return kept;
  const unread = changes.filter((change) => !truths.has(change.path));
  const expected = new Map(unread.flatMap(({ path, before }) => (before === null ? [] : [[path, before] as const])));
  const paths = unread.map((change) => change.path);
  const more = await truthOf(ports.repo, ports.workspace, paths, expected);
  if (!more.ok) return more;
  const there: OnDisk[] = [];
  for (const { path, before } of changes) {
    const truth = truths.get(path) ?? more.value.get(path) ?? null;
    if ((truth?.entry.blob ?? null) !== (before?.blob ?? null))
      return truth === null && (await isLeftOut(ports.repo, path))
        ? leftOut(path)
        : fail('moved', `${path} was changed while a task was landing in it.`, 'Land the task again.');
    if (truth !== null) there.push({ path, ...truth });
  }
  const unlike = await keepRaw(ports.repo, there, { kept: kept.value, clock: ports.clock });
  if (!unlike.ok) return unlike;
  const odd = new Map(unlike.value.map((file) => [file.path, file.content]));
  const after = new Map(changes.flatMap((change) => (change.after === null ? [] : [[change.path, change.after] as const])));
  const wanted = await contentsAsTheyWere(ports.repo, after, { kept: kept.value, since: Number.POSITIVE_INFINITY });
  if (!wanted.ok) return wanted;
  for (const { path, after: entry } of changes) {
    const truth = truths.get(path) ?? more.value.get(path) ?? null;
    const content = wanted.value.get(path);
    const replaced = odd.get(path);
    const like =
      entry === null || content === undefined || replaced === undefined
        ? ok(content)
        : await withLineEndsOf(ports.repo, replaced, { path, entry, content });
    if (!like.ok) return like;
    edits.push({ path, before: truth?.content ?? null, after: like.value ?? null });
  }
  return ok(edits);
}

/** The tree has it, the folder has not: that is meant so in a sparse checkout. */
function leftOut(path: string) {
  return fail(
    'file',
    `${path} is outside of your sparse checkout.`,
    'Add its folder (git sparse-checkout add), then land the task again: its draft is kept.',
  );
}

/**
 * Looks whether the workspace now holds what was merged. Where an editor changed the text as it saved (a formatter, say), that is
 * the person's, a link of its own. Where a file was not written at all, the landing failed, and what was written is put back.
 */
async function verify(ports: LandPorts, edits: readonly FileEdit[], changes: readonly Change[], after: string): Promise<Result<string>> {
  const { repo, workspace } = ports;
  const contents = await contentsNow(
    repo,
    workspace,
    edits.map((edit) => edit.path),
  );
  if (!contents.ok) return contents;
  const wanted = new Map(edits.map((edit) => [edit.path, edit.after]));
  const others = changes.filter(({ path }) => !sameContent(contents.value.get(path) ?? null, wanted.get(path) ?? null));
  if (others.length === 0) return ok(after);
  const truths = await truthOf(
    repo,
    workspace,
    others.map((change) => change.path),
  );
  if (!truths.ok) return truths;
  const puts = new Map<string, Entry | null>();
  const unwritten = new Set<string>();
  for (const { path, before, after: wanted } of others) {
    const entry = truths.value.get(path)?.entry ?? null;
    if (sameEntry(entry, wanted)) continue;
    puts.set(path, entry);
    if (sameEntry(entry, before) && before?.blob !== wanted?.blob) unwritten.add(path);
  }
  if (unwritten.size > 0) {
    const written = edits.filter((edit) => !unwritten.has(edit.path));
    const back = await applyEdits(
      repo,
      workspace,
      written.map(({ path, before, after: now }) => ({ path, before: now, after: before })),
    );
    const message = `${[...unwritten].join(', ')} did not change although the change was accepted.`;
    return back.ok
      ? fail('file', message, 'See whether another program writes these files, then land the task again: its draft is kept.')
      : fail('half', `${message} ${back.failure.message}`, 'Mend what it names, then try again: Weft puts the rest back first.');
  }
  if (puts.size === 0) return ok(after);
  return buildCommit(repo, { from: after, puts, parents: [after], message: personsMessage(ports.clock) });
}

/** Whether a path holds the same content; a mode that this platform cannot hold is no difference. */
function sameEntry(a: Entry | null, b: Entry | null): boolean {
  return a === null || b === null ? a === b : a.blob === b.blob;
}
