/** The merges that a landing is made of: one, or, where a whole run is undone or redone, one for each of its tasks. */
import type { Step } from '../../domain/changes';
import { ok, type Result } from '../../domain/failure';
import { authorsOf } from '../history/chain';
import { writeRef } from '../repository';
import { commitTree, type Merge, mergeTrees } from '../trees';
import type { InConflict, Incoming, LandPorts, Link } from './land';
import { tasksMessage } from './linkMessages';

/** All that is to be merged, in order. */
export function stepsOf({ task, base, theirs, others }: Incoming): Step[] {
  return [...(others?.before ?? []), { task, base, theirs }, ...(others?.after ?? [])];
}

/** Merges step by step, each on top of the one before, with a commit for each; the workspace is not touched. */
export async function mergeSteps(
  ports: LandPorts,
  incoming: Incoming,
  now: string,
): Promise<Result<{ kind: 'merged'; links: Link[] } | InConflict>> {
  const steps = stepsOf(incoming);
  const links: Link[] = [];
  let ours = now;
  for (const [at, step] of steps.entries()) {
    const merge = await mergeTrees(ports.repo, { base: step.base, ours, theirs: step.theirs });
    if (!merge.ok) return merge;
    if (merge.value.conflicts.length > 0) {
      const others = { before: steps.slice(0, at), after: steps.slice(at + 1) };
      return describeConflict(ports, { incoming, step, others: steps.length > 1 ? others : undefined }, ours, merge.value);
    }
    // What an undo brings back was written before: a blame finds it behind the second parent.
    const parents = incoming.intent === 'land' ? [ours] : [ours, step.theirs];
    const title = step.task === incoming.task ? incoming.title : ports.titleOf(step.task);
    const after = await commitTree(ports.repo, merge.value.tree, parents, tasksMessage(incoming, step.task, title, ports.clock));
    if (!after.ok) return after;
    links.push({ task: step.task, before: ours, after: after.value });
    ours = after.value;
  }
  return ok({ kind: 'merged', links });
}

/** Where a landing met a conflict: at which step, and which others there are. */
interface Where {
  readonly incoming: Incoming;
  readonly step: Step;
  readonly others: { before: Step[]; after: Step[] } | undefined;
}

async function describeConflict(
  ports: LandPorts,
  { incoming, step, others }: Where,
  ours: string,
  merge: Merge,
): Promise<Result<InConflict>> {
  const files = [];
  for (const conflict of merge.conflicts) {
    const authors = await authorsOf(ports.repo, { since: step.base, until: ours, path: conflict.path });
    if (!authors.ok) return authors;
    const [by = null] = authors.value;
    files.push({ ...conflict, oursBy: by === null ? 'Your edits' : ports.titleOf(by), authors: authors.value });
  }
  // The markers name commits; the tree must outlive git's garbage collection, so it hangs on a ref until it is decided.
  const parents = new Set([ours, step.theirs, ...(others?.after ?? []).flatMap(({ base, theirs }) => [base, theirs])]);
  const kept = await commitTree(ports.repo, merge.tree, [...parents], `Conflict of ${ports.titleOf(step.task)}`);
  if (!kept.ok) return kept;
  const written = await writeRef(ports.repo, `runs/${incoming.run}/conflicts/${step.task}`, kept.value);
  if (!written.ok) return written;
  const { intent, part } = incoming;
  const only = { ...(part === undefined ? {} : { part }), ...(others === undefined ? {} : { others }) };
  return ok({
    kind: 'conflict',
    task: step.task,
    conflict: { intent, ...only, ours, base: step.base, theirs: step.theirs, tree: kept.value, files },
  });
}
