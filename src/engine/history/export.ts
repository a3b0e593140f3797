/** Handing a run on as a branch: one commit for each of its tasks that is in the workspace. */
import { fail, ok, type Result } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import type { TaskState } from '../../domain/taskState';
import { type ChainLink, readChains } from '../../repo/history/chain';
import { type Branch, type Exported, exportBranch, headOf } from '../../repo/history/export';
import { withoutParts } from '../../repo/history/hunks';
import type { Repository } from '../../repo/repository';

/** A subject that is longer is cut by most tools. */
const SUBJECT_LENGTH = 72;

export interface Export {
  readonly branch: string;
  /**
   * Whether what the person had not committed, and what they wrote while the run went on, comes along, as commits of its own.
   * Else the branch has the tasks alone, each merged on top of the commit that was checked out when the run began: what is handed
   * on is the agents' work, not what the person has half done.
   */
  readonly withEdits: boolean;
}

/** Makes the branch; the one that is checked out, HEAD, index and files stay as they are, and nothing is pushed. */
export async function exportRun(state: RunState, repo: Repository, wanted: Export, signal: AbortSignal): Promise<Result<Branch>> {
  const head = state.start.head === undefined ? await headOf(repo) : ok(state.start.head);
  if (!head.ok) return head;
  const changes = await changesOf(state, repo, wanted.withEdits);
  if (!changes.ok) return changes;
  return exportBranch(repo, { name: wanted.branch, from: head.value, changes: changes.value }, signal);
}

async function changesOf(state: RunState, repo: Repository, withEdits: boolean): Promise<Result<Exported[]>> {
  const { run, plan, commit, at } = state.start;
  const chains = await readChains(repo);
  if (!chains.ok) return chains;
  const chain = chains.value.find((one) => one.run === run);
  if (chain === undefined) return fail('input', `The history of run ${run} is gone.`, 'It cannot be handed on any more.');
  const landed = new Map([...state.tasks.values()].flatMap((task) => (task.stage.kind === 'landed' ? [[task.landing?.after, task]] : [])));
  if (landed.size === 0) return fail('input', `No task of “${plan.goal}” is in the workspace.`, 'There is nothing to hand on.');
  const changes: Exported[] = [];
  if (withEdits) changes.push({ base: null, theirs: commit, title: 'Work before the run', message: 'Work before the run\n', at });
  let before = chain.snapshot;
  for (const link of chain.links) {
    const task = landed.get(link.commit);
    const change = task === undefined ? editsOf(link, before, withEdits) : await changeOf(repo, task);
    if (!change.ok) return change;
    if (change.value !== undefined) changes.push(change.value);
    before = link.commit;
  }
  return ok(changes);
}

function editsOf(link: ChainLink, before: string, wanted: boolean): Result<Exported | undefined> {
  const title = 'Edits during the run';
  const isEdit = wanted && link.by === 'person';
  return ok(isEdit ? { base: before, theirs: link.commit, title, message: `${title}\n`, at: link.at } : undefined);
}

async function changeOf(repo: Repository, { task, work, landing, parts }: TaskState): Promise<Result<Exported | undefined>> {
  if (landing === null || landing.before === landing.after) return ok(undefined);
  const theirs = await withoutParts(
    repo,
    landing,
    parts.map(({ part }) => part),
  );
  if (!theirs.ok) return theirs;
  return ok({
    base: landing.before,
    theirs: theirs.value,
    title: task.title,
    message: messageFor(task.title, work.summary),
    at: work.endedAt,
  });
}

/** A summary of one short line is the whole message; a longer one stands below the task's title. */
function messageFor(title: string, summary: string): string {
  const text = summary.trim().replaceAll('\r\n', '\n');
  if (text === '') return `${title}\n`;
  return text.length <= SUBJECT_LENGTH && !text.includes('\n') ? `${text}\n` : `${title.replaceAll(/\s+/g, ' ').trim()}\n\n${text}\n`;
}
