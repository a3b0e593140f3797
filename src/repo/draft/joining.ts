/** A child's changes merged into its parent's draft: where the two contradict each other, both are left for the parent's agent to decide. */
import type { Entry, Mode } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import type { Joint } from '../../domain/spawn';
import type { Repository } from '../repository';
import { lookUp, type Merge, mergeRelated, mergeTrees, type Put, withPuts } from '../trees';

/** How the sides of a conflict are called: an agent does not know commits. */
const DRAFT = 'your draft and its siblings';
const PART = 'the part “';
const WORKSPACE = 'the workspace, by ';
const TASK = 'the task “';

/** A line of a conflict that nobody has decided. */
const MARKER = new RegExp(`^(?:<{7,} (?:${DRAFT}|${WORKSPACE})|>{7,} (?:${PART}|${TASK}))`, 'm');

/** How a child's version of a file is called that lies beside its parent's: `logo.png~part-x`. */
const BESIDE = '~part-';
const LAID_BESIDE = /[^/]~part-[A-Za-z0-9._-]+$/;

/** The mode of a nested repository, whose commit is no file. */
const REPOSITORY: Mode = '160000';

export interface Joining {
  /** Commit that the child's draft began from; both of the others come from it. */
  readonly base: string;
  /** The parent's draft now, and what the child made of its own. */
  readonly ours: string;
  readonly theirs: string;
  readonly child: { readonly name: string; readonly title: string };
}

/** The merged tree, and the files in which the two contradict each other: the tree has markers there that name the sides, or one of them. */
export async function joinTrees(repo: Repository, joining: Joining): Promise<Result<{ tree: string; conflicts: Joint[] }>> {
  const merge = await mergeRelated(repo, joining);
  if (!merge.ok) return merge;
  if (merge.value.conflicts.length === 0) return ok({ tree: merge.value.tree, conflicts: [] });
  const { name, title } = joining.child;
  return named(repo, merge.value, {
    ours: { label: DRAFT, suffix: 'draft' },
    theirs: { label: `${PART}${oneLine(title)}”`, suffix: name },
    beside: `${BESIDE}${name}`,
  });
}

/** A conflict of a landing for an arbiter: the merge with markers that name the sides, as {@link joinTrees}. */
export async function markedTree(
  repo: Repository,
  sides: { readonly base: string; readonly ours: string; readonly theirs: string },
  { by, title }: { readonly by: string; readonly title: string },
): Promise<Result<{ tree: string; conflicts: Joint[] }>> {
  const merge = await mergeTrees(repo, sides);
  if (!merge.ok) return merge;
  const names = {
    ours: { label: `${WORKSPACE}${oneLine(by)}`, suffix: 'workspace' },
    theirs: { label: `${TASK}${oneLine(title)}”`, suffix: 'task' },
  };
  return named(repo, merge.value, names);
}

/** Titles are anybody's words, and a marker is one line. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

interface Side {
  readonly label: string;
  /** Of files that git had to put aside. */
  readonly suffix: string;
}

/** Whether a file still has a line that {@link joinTrees} put there. */
export function isUndecided(bytes: Buffer): boolean {
  return MARKER.test(bytes.toString());
}

/** Whether a path is one at which {@link joinTrees} puts what a child made of a file that could not be merged. */
export function isBeside(path: string): boolean {
  return LAID_BESIDE.test(path);
}

/** Puts names that an agent knows in the place of commits: in markers, and in the names of files that git put aside. */
async function named(
  repo: Repository,
  { tree, conflicts, called }: Merge,
  names: {
    readonly ours: Side;
    readonly theirs: Side;
    /** Behind the path of a file whose versions cannot be merged, for theirs; absent: that is nowhere. */
    readonly beside?: string;
  },
): Promise<Result<{ tree: string; conflicts: Joint[] }>> {
  const paths = conflicts.map(({ path }) => path);
  const merged = await lookUp(repo, tree, paths);
  if (!merged.ok) return merged;
  const labels = new Map([
    [called.ours, names.ours.label],
    [called.theirs, names.theirs.label],
  ]);
  const puts = new Map<string, Put | null>();
  const joints: Joint[] = [];
  for (const conflict of conflicts) {
    const entry = merged.value.get(conflict.path);
    const file = entry === 'folder' ? undefined : entry;
    const marked = await markedAs(repo, file, labels);
    if (!marked.ok) return marked;
    const path = conflict.path.replace(`~${called.ours}`, `~${names.ours.suffix}`).replace(`~${called.theirs}`, `~${names.theirs.suffix}`);
    if (path !== conflict.path) puts.set(conflict.path, null);
    if (file !== undefined && (path !== conflict.path || marked.value !== undefined))
      puts.set(path, marked.value === undefined ? file : { mode: file.mode, bytes: marked.value });
    const stands = marked.value === undefined ? standsOf(conflict, file) : 'both';
    const { theirs } = conflict;
    if (stands !== 'draft' || names.beside === undefined || theirs === null || theirs.mode === REPOSITORY) {
      joints.push({ path, stands });
      continue;
    }
    const beside = await freePath(repo, tree, `${path}${names.beside}`);
    if (!beside.ok) return beside;
    puts.set(beside.value, theirs);
    joints.push({ path, stands, beside: beside.value });
  }
  const renamed = await withPuts(repo, tree, puts);
  return renamed.ok ? ok({ tree: renamed.value, conflicts: joints }) : renamed;
}

/** The path, or the first with a number behind it at which there is nothing. */
async function freePath(repo: Repository, tree: string, path: string): Promise<Result<string>> {
  for (let at = 1; ; at++) {
    const wanted = at === 1 ? path : `${path}-${at}`;
    const found = await lookUp(repo, tree, [wanted]);
    if (!found.ok) return found;
    if (found.value.get(wanted) === undefined) return ok(wanted);
  }
}

function standsOf({ base, ours, theirs }: Merge['conflicts'][number], now: Entry | undefined): Joint['stands'] {
  if (now === undefined) return 'nothing';
  if (ours !== null && theirs !== null) return 'draft';
  if (base === null) return 'renamed';
  return theirs === null ? 'childDeleted' : 'draftDeleted';
}

/** A file's bytes with its markers renamed; undefined where it has none. */
async function markedAs(
  repo: Repository,
  file: Entry | undefined,
  labels: ReadonlyMap<string, string>,
): Promise<Result<Buffer | undefined>> {
  if (file === undefined || !file.mode.startsWith('100')) return ok(undefined);
  const bytes = await repo.objects.read(file.blob);
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined)
    return fail('git', `The merged file ${file.blob} is no longer in the repository.`, 'Spawn the parts again.');
  // As latin1, every byte is a character: what is not UTF-8 stays as it is.
  const before = bytes.value.toString('latin1');
  const lines = new RegExp(`^([<>|]{7,}) (${[...labels.keys()].join('|')})`, 'gm');
  const after = before.replace(lines, (_, marks: string, id: string) => `${marks} ${Buffer.from(labels.get(id) ?? id).toString('latin1')}`);
  return ok(after === before ? undefined : Buffer.from(after, 'latin1'));
}
