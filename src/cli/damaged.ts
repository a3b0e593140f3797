/** Runs whose journals are damaged: what “weft runs” says can still be done about them. */
import { type Failure, failureText } from '../domain/failure';
import { counted } from '../domain/figures';
import type { RunState } from '../domain/run';
import { missingLandings } from '../engine/resume';
import { readChains } from '../repo/history/chain';
import type { Repository } from '../repo/repository';
import { listSnapshots } from '../repo/snapshot/snapshot';

/** Whether a run that was cut off can be gone on with, and how. */
export async function cutOffText(repo: Repository, state: RunState): Promise<string> {
  const landings = await missingLandings(repo, state);
  return landings.ok
    ? `cut off: “weft resume ${state.start.run}” goes on with it`
    : `cut off, and cannot be gone on with: ${failureText(landings.failure)}`;
}

/** A run of which the journal says nothing any more: git knows what landed, and from where it began. */
export async function unreadableLines(repo: Repository, { run, failure }: { run: string; failure: Failure }): Promise<string[]> {
  const lines = [`${run}  unreadable`, `    ${failure.message}`];
  const [chains, snapshots] = await Promise.all([readChains(repo), listSnapshots(repo)]);
  if (!chains.ok) return [...lines, `    ${failureText(chains.failure)}`];
  const chain = chains.value.find((one) => one.run === run);
  if (chain === undefined) return [...lines, '    nothing of it landed; “weft snapshots” lists what can be rolled back to'];
  const landed = chain.links.filter(({ by }) => by === 'task').length;
  const where = repo.own ? `git --git-dir='${repo.gitDir}'` : 'git';
  lines.push(`    ${counted(landed, 'landing')} of it, to be seen with: ${where} log ${repo.refs}runs/${run}/chain`);
  const snapshot = snapshots.ok ? snapshots.value.find(({ commit }) => commit === chain.snapshot) : undefined;
  if (snapshot !== undefined) lines.push(`    take all of it back: weft rollback ${snapshot.id}`);
  return lines;
}
