/** Forgetting snapshots, and what that gives back: refs go, all at once; the disk comes back when git collects what nothing holds. */
import { fail, ok, type Result } from '../../domain/failure';
import { plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import type { Snapshot } from './snapshot';

/** git's collection of what nothing holds may take so long, in milliseconds; what it did not come to is for the next time. */
const COLLECT_MS = 30_000;
/** Younger objects are left: another process may be about to hang them on a ref. */
const COLLECT_OLDER_THAN = '1.day.ago';

/**
 * Takes refs of Weft's away: all of them or, after a failure, none. Nothing of the person's is touched: their own git collects the
 * objects when it next does so, by its own rules.
 */
export async function forgetRefs(repo: Repository, refs: readonly string[]): Promise<Result<void>> {
  if (refs.length === 0) return ok();
  const done = await plumb(repo, ['update-ref', '--stdin'], { stdin: refs.map((ref) => `delete ${repo.refs}${ref}\n`).join('') });
  return done.ok ? ok() : done;
}

/** Gives the disk back that refs which are gone held: at once in a repository of Weft's own; in the person's, git decides when. */
export async function collect(repo: Repository, signal: AbortSignal, olderThan = COLLECT_OLDER_THAN): Promise<Result<void>> {
  if (!repo.own) return ok();
  for (const known of [repo.known.trees, repo.known.roots, repo.known.changes]) known.clear();
  const patience = AbortSignal.any([signal, AbortSignal.timeout(COLLECT_MS)]);
  // What the private index believes to be stored is kept.
  const done = await plumb(repo, ['prune', `--expire=${olderThan}`], { index: repo.top.index, signal: patience });
  return done.ok || patience.aborted ? ok() : done;
}

/** So many branches are looked at, those with the latest commits: a repository may have thousands. */
const BRANCHES = 100;

/**
 * Bytes on disk (compressed, as git stores them) of objects that these commits of Weft's hold, and that neither the commits `beside`
 * nor HEAD nor the tip of a local branch has. What is only in older commits of a branch counts, though deleting would not give it back.
 */
export async function diskOf(
  repo: Repository,
  held: readonly string[],
  beside: readonly string[],
  signal: AbortSignal,
): Promise<Result<number>> {
  if (held.length === 0) return ok(0);
  const [branches, head] = await Promise.all([
    plumbText(repo, ['for-each-ref', '--sort=-committerdate', `--count=${BRANCHES}`, '--format=%(objectname)', 'refs/heads/'], { signal }),
    plumbText(repo, ['rev-parse', '--verify', '--quiet', 'HEAD'], { answers: [1], signal }),
  ]);
  if (!branches.ok) return branches;
  if (!head.ok) return head;
  const others = new Set([head.value, ...branches.value.split('\n'), ...beside].filter((id) => id !== ''));
  // Of snapshots, which have no parents, git compares trees only where they are named.
  const stdin = [...held, ...[...others].map((id) => `^${id}^{tree}`), ''].join('\n');
  const said = await plumbText(repo, ['rev-list', '--objects', '--disk-usage', '--stdin'], { stdin, signal });
  if (!said.ok) return said;
  return /^\d+$/.test(said.value)
    ? ok(Number(said.value))
    : fail('git', 'git does not tell sizes on disk.', 'Update git to 2.38 or newer.');
}

/** What Weft's refs of this root hold: commits by the names of the refs, which begin after `repo.refs`. */
export async function heldRefs(repo: Repository): Promise<Result<Map<string, string>>> {
  const said = await plumbText(repo, ['for-each-ref', '--format=%(objectname) %(refname)', repo.refs]);
  if (!said.ok) return said;
  const rows = said.value.split('\n').filter((row) => row !== '');
  return ok(new Map(rows.map((row) => [row.slice(row.indexOf(' ') + 1 + repo.refs.length), row.slice(0, row.indexOf(' '))])));
}

/** Whether a ref of Weft's belongs to a snapshot, or to one of the runs that began at it. */
export function belongsTo(ref: string, snapshot: string, runs: readonly string[]): boolean {
  return ref === `snapshots/${snapshot}` || runs.some((run) => ref.startsWith(`runs/${run}/`));
}

/**
 * What a snapshot alone takes of the disk, as {@link diskOf} says it: beside the snapshots before and after it, and the branches.
 * About what comes back when it is deleted. `all`: newest first.
 */
export function ownDisk(repo: Repository, all: readonly Snapshot[], snapshot: Snapshot, signal: AbortSignal): Promise<Result<number>> {
  const beside = neighboursOf(all, snapshot).map(({ commit }) => commit);
  return diskOf(repo, [snapshot.commit], beside, signal);
}

/** The snapshots after and before one. */
export function neighboursOf(all: readonly Snapshot[], snapshot: Snapshot): Snapshot[] {
  const at = all.findIndex(({ id }) => id === snapshot.id);
  return [all[at - 1], all[at + 1]].filter((one) => one !== undefined);
}
