/** Taking over what an earlier run did, where nothing that determines a task has changed since. */
import { createHash } from 'node:crypto';
import type { Change, Look } from '../../domain/changes';
import type { Happening } from '../../domain/event';
import { ok, type Result } from '../../domain/failure';
import type { Item } from '../../domain/inbox';
import type { RunState } from '../../domain/run';
import { settlementOf, type TaskState, type Work } from '../../domain/taskState';
import type { Repository } from '../../repo/repository';
import { commitTree, diffTrees, lookUp, mergeTrees, treeOf } from '../../repo/trees';
import { listRuns } from '../journal/library';
import { keepDraft } from '../landing/landing';
import { roleOf } from '../schedule/ranking';
import { agentOf } from '../schedule/standIn';

/** So many earlier runs are looked at, the newest first. */
const MOST_RUNS = 20;

/** What an earlier run did for a task, as the event that takes it over. */
export type Reused = Extract<Happening, { type: 'task.reused' }>;

/** A task that may be taken over. */
interface Sought {
  readonly state: RunState;
  readonly task: TaskState;
  /** The commit that its draft would begin from. */
  readonly base: string;
  /** The {@link toldHash} of what its agent would be told. */
  readonly told: string;
}

/** Looks for work to take over; undefined where the task has to be worked on. */
export type Reuse = (sought: Sought) => Promise<Result<Reused | undefined>>;

/** The hash of all that an agent is told beside its task. */
export function toldHash(told: object): string {
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 16);
}

/** Reads the earlier runs when the first task asks. */
export function reuseFrom(repo: Repository): Reuse {
  let earlier: Promise<RunState[]> | undefined;
  return async (sought) => {
    const { state, task, told } = sought;
    // What has begun goes on; what comes of an agent's own plan is no piece of the person's plan. A race has its candidates begin before
    // anybody would look for it here, and what they are beside their models it does not tell: it is run again.
    if (task.origin.kind !== 'plan' || task.work.next !== null || task.work.startedAt > 0 || (task.task.candidates ?? 1) > 1)
      return ok(undefined);
    earlier ??= listRuns(repo).then(({ runs }) => runs.filter(({ start }) => start.run !== state.start.run).slice(0, MOST_RUNS));
    const runs = await earlier;
    const key = keyOf(state, task);
    for (const run of runs) {
      for (const before of run.tasks.values()) {
        // What was taken over is looked for where it was worked on: later, only what was missing may be left of it.
        // Journals that do not say what was told are of an earlier Weft: what has changed since is not known.
        if (before.work.reused !== null || before.work.told !== told || !isWhole(run, before) || keyOf(run, before) !== key) continue;
        if (!hasSameParents(runs, sought, run, before)) continue;
        const taken = await takeOver(repo, { ...sought, run, before });
        if (!taken.ok || taken.value !== undefined) return taken;
      }
    }
    return ok(undefined);
  };
}

/** The hash of what a task is told and who does it. Its id is no part of that: it only names it. */
function keyOf({ start }: RunState, whole: TaskState): string {
  const { task } = whole;
  const { title, instructions, context, writes, check } = task;
  const facts = {
    title,
    instructions,
    context,
    writes,
    check,
    role: roleOf(whole),
    model: agentOf(start, whole).model,
    // Of journals that do not tell, what they were is not known: they are those of no other.
    told: [start.roles?.[roleOf(whole)]?.hash, start.rules],
  };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

/** Whether it came to its end. What was undone with all of its run makes way for another try; what was undone alone was not wanted. */
export function isWhole({ tasks, inbox }: RunState, task: TaskState): boolean {
  const { stage, origin } = task;
  // What it was not let do, or not told, it may be this time; and what the person answered it, they may answer otherwise.
  const lacks = ({ ask, answer }: Item) =>
    answer?.kind === 'denied' || answer?.kind === 'expired' || (ask.kind === 'question' && answer?.kind === 'said');
  if ([...inbox.values()].some((item) => lacks(item) && item.askers.some((asker) => asker.task === task.task.id))) return false;
  // What was decided between two tasks is the work of both.
  if (origin.kind !== 'plan' || settlementOf(task) !== undefined) return false;
  if (stage.kind === 'undone') return ![...tasks.values()].some((other) => other.stage.kind === 'landed' && other.work.changeset !== null);
  return stage.kind === 'landed';
}

/** A task of a run whose work it is. */
type Worked = NonNullable<Work['reused']>;

/** Who worked on what a task took over, through however many runs; itself, where it took over nothing. */
function originOf(runs: readonly RunState[], worked: Worked): Worked {
  let origin = worked;
  // A journal that was tampered with could go round in circles.
  for (let steps = 0; steps <= runs.length; steps++) {
    const before: Worked | null | undefined = runs.find(({ start }) => start.run === origin.run)?.tasks.get(origin.task)?.work.reused;
    if (before == null) break;
    origin = before;
  }
  return origin;
}

/** Whether all that it waited for was taken over, and is the work of just those whose it was then: else its parents' results may be others. */
function hasSameParents(runs: readonly RunState[], { state, task }: Sought, run: RunState, before: TaskState): boolean {
  const there = before.task.dependsOn.map((id) => originOf(runs, { run: run.start.run, task: id }));
  return (
    task.task.dependsOn.length === there.length &&
    task.task.dependsOn.every((id) => {
      const reused = state.tasks.get(id)?.work.reused;
      const origin = reused == null ? undefined : originOf(runs, reused);
      return there.some((one) => one.run === origin?.run && one.task === origin.task);
    })
  );
}

interface Candidate extends Sought {
  readonly run: RunState;
  readonly before: TaskState;
}

/** Its changeset on top of `base`; undefined where the agent would read something else there, or what it did does not fit. */
async function takeOver(repo: Repository, { state, task, base, told, run, before }: Candidate): Promise<Result<Reused | undefined>> {
  const [read, seen] = [await readsTheSame(repo, base, before), await seesTheSame(repo, base, before)];
  if (!read.ok) return read;
  if (!seen.ok) return seen;
  if (!read.value || !seen.value) return ok(undefined);
  const { changeset, reads, summary } = before.work;
  const { id, title } = task.task;
  const common = {
    type: 'task.reused' as const,
    task: id,
    from: { run: run.start.run, task: before.task.id },
    base,
    summary,
    reads: [...reads],
    looks: [...looksOf(before)],
    told,
  };
  if (changeset === null) return ok({ ...common, changeset: null, changes: [] });
  const merge = await mergeTrees(repo, { base: before.work.base, ours: base, theirs: changeset });
  if (!merge.ok) return merge;
  if (merge.value.conflicts.length > 0) return ok(undefined);
  const tree = await treeOf(repo, base);
  if (!tree.ok) return tree;
  if (tree.value === merge.value.tree) return ok({ ...common, changeset: null, changes: [] });
  const commit = await commitTree(repo, merge.value.tree, [base], `${title}\n\n${summary}`);
  if (!commit.ok) return commit;
  const kept = await keepDraft(repo, state.start.run, id, commit.value);
  if (!kept.ok) return kept;
  const changes = await diffTrees(repo, base, commit.value);
  return changes.ok ? ok({ ...common, changeset: commit.value, changes: changes.value }) : changes;
}

/** Whether each file that the agent read is what it was then, or what the agent itself made of it. */
async function readsTheSame(repo: Repository, base: string, { work }: TaskState): Promise<Result<boolean>> {
  const now = await lookUp(
    repo,
    base,
    work.reads.map(({ path }) => path),
  );
  if (!now.ok) return now;
  const made = madeBy(work);
  return ok(
    work.reads.every(({ path, blob }) => {
      const entry = now.value.get(path);
      const current = entry === undefined || entry === 'folder' ? null : entry.blob;
      return current === blob || (made.has(path) && current === made.get(path));
    }),
  );
}

/** Whether the folders that the agent was told of are what they were then, but for what it made of them itself. */
async function seesTheSame(repo: Repository, base: string, before: TaskState): Promise<Result<boolean>> {
  const looks = looksOf(before);
  if (looks.length === 0) return ok(true);
  const changes = await diffTrees(repo, before.work.base, base);
  if (!changes.ok) return changes;
  const made = madeBy(before.work);
  const isSeen = ({ path, before: was, after }: Change) =>
    looks.some(
      ({ folder, at }) => (folder === '' || path.startsWith(`${folder}/`)) && (at === 'contents' || was === null || after === null),
    );
  return ok(changes.value.every((change) => made.get(change.path) === (change.after?.blob ?? null) || !isSeen(change)));
}

/** Of what is not known, everything. */
function looksOf({ work }: TaskState): readonly Look[] {
  return work.looks ?? [{ folder: '', at: 'contents' }];
}

/** What an agent made of files: blobs by path, null for deleted. */
function madeBy({ changes }: Work): Map<string, string | null> {
  return new Map(changes.map(({ path, after }) => [path, after?.blob ?? null]));
}
