/** The whole truth as a run's chain needs it: with files that the chain has, that are there, and that git does not list any more. */
import { ok, type Result } from '../../domain/failure';
import type { Repository } from '../repository';
import { diffTrees, lookUp, type Put, treeOf, withPuts } from '../trees';
import type { Workspace } from '../workspace';
import { truthOf, wholeTruth } from './truth';
import { unseenOf } from './unseen';

/**
 * The tree of the workspace now, for the chain with this tip. An ignored file that the chain has (an agent made it, or it was included when the run began, by
 * settings that may say something else now) and that is still there has not been deleted by anybody. What an agent's .gitignore
 * uncovered is left out.
 */
export async function treeOver(
  repo: Repository,
  workspace: Workspace,
  chain: { readonly run: string; readonly tip: string | undefined },
  signal: AbortSignal,
): Promise<Result<string>> {
  const whole = await wholeTruth(repo, workspace, signal);
  if (!whole.ok) return whole;
  const { tree } = whole.value;
  const { run, tip } = chain;
  if (tip === undefined) return ok(tree);
  const before = await treeOf(repo, tip);
  if (!before.ok) return before;
  const changes = await diffTrees(repo, before.value, tree);
  if (!changes.ok) return changes;
  const gone = changes.value.flatMap(({ path, before, after }) => (after === null && before?.mode !== '160000' ? [path] : []));
  const truths = await truthOf(repo, workspace, gone);
  if (!truths.ok) return truths;
  const unseen = await unseenOf(repo, { run, tip });
  if (!unseen.ok) return unseen;
  const listed = await lookUp(repo, tree, unseen.value);
  if (!listed.ok) return listed;
  const puts = new Map<string, Put | null>([...listed.value.keys()].map((path) => [path, null]));
  for (const [path, truth] of truths.value) if (truth !== null) puts.set(path, truth.entry);
  return withPuts(repo, tree, puts);
}
