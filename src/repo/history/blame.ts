/** Who wrote each line: git's blame along the chains of all runs, as if they were one history. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { buildCommit, lookUp } from '../trees';
import { truthOf, wholeTruth } from '../truth/truth';
import type { Workspace } from '../workspace';
import { type Chain, type ChainLink, readChains } from './chain';

export type Writer =
  | { readonly by: 'task'; readonly run: string; readonly task: string }
  /** The person, or what they brought in from elsewhere (a pull, another program). */
  | { readonly by: 'person' }
  /** It was there when the first run began. */
  | { readonly by: 'before' };

/** One line, and where it was written: in which commit, at which path and line (from 1) of it. */
export interface BlamedLine {
  readonly writer: Writer;
  readonly commit: string;
  readonly path: string;
  readonly line: number;
}

/** Who wrote each line of a file as it is now, unsaved text included. */
export async function blameNow(repo: Repository, workspace: Workspace, path: string, signal: AbortSignal): Promise<Result<BlamedLine[]>> {
  const chains = await readChains(repo);
  if (!chains.ok) return chains;
  const now = await commitNow(repo, workspace, { chains: chains.value, path }, signal);
  return now.ok ? blameCommit(repo, { chains: chains.value, commit: now.value, path }, signal) : now;
}

/** Who wrote each line of a file of a commit: a link of one of the chains, or one on top of them. */
export async function blameCommit(
  repo: Repository,
  { chains, commit, path }: { chains: readonly Chain[]; commit: string; path: string },
  signal: AbortSignal,
): Promise<Result<BlamedLine[]>> {
  const file = join(repo.stateDir, `${randomUUID()}.grafts`);
  const parents = graftsOf(chains);
  try {
    await writeFile(file, [...parents].map(([child, all]) => `${[child, ...all].join(' ')}\n`).join(''));
    // The lines are those of the file, not what a command of the configuration (textconv) makes of it.
    const args = ['-c', 'core.commitGraph=false', 'blame', '--no-textconv', '--no-ignore-revs-file', '--porcelain', '-M', '-C', '-S', file];
    const said = await plumb({ ...repo, cwd: repo.workTree }, [...args, commit, '--', path], { signal });
    return said.ok ? ok(readBlame(said.value.out.toString(), writers(chains, parents))) : said;
  } catch (thrown) {
    return fail('file', `Weft cannot write in ${repo.stateDir}: ${thrownText(thrown)}.`, 'Make it writable, or free disk space.');
  } finally {
    await rm(file, { force: true });
  }
}

/** The file as it is now, as a commit on top of all chains. */
async function commitNow(
  repo: Repository,
  workspace: Workspace,
  { chains, path }: { chains: readonly Chain[]; path: string },
  signal: AbortSignal,
): Promise<Result<string>> {
  const truth = await truthOf(repo, workspace, [path]);
  if (!truth.ok) return truth;
  const entry = truth.value.get(path)?.entry;
  if (entry === undefined) return fail('input', `There is no file ${path} in the workspace.`, 'Give a file that is there.');
  const parents = headsAt(chains, Number.POSITIVE_INFINITY).map(({ commit }) => commit);
  const [tip] = parents;
  const known = tip === undefined ? ok(new Map<string, unknown>()) : await lookUp(repo, tip, [path]);
  if (!known.ok) return known;
  let from = tip;
  if (tip !== undefined && !known.value.has(path)) {
    // The person may have renamed it: only the whole workspace tells from what.
    const whole = await wholeTruth(repo, workspace, signal);
    if (!whole.ok) return whole;
    from = whole.value.tree;
  }
  return buildCommit(repo, { from, puts: new Map([[path, entry]]), parents, message: 'Now' });
}

interface Head {
  readonly commit: string;
  readonly at: number;
}

/** Where the chains stood at some time, latest first; a chain that had ended when another began is behind that one. */
function headsAt(chains: readonly Chain[], time: number): Head[] {
  const heads = chains.flatMap((chain) => {
    if (chain.at >= time) return [];
    const last = chain.links.findLast((link) => link.at < time);
    return [{ commit: last?.commit ?? chain.snapshot, at: last?.at ?? chain.at, began: chain.at }];
  });
  return heads.filter((head) => heads.every((other) => other === head || other.began <= head.at)).sort((a, b) => b.at - a.at);
}

/**
 * Which commits come before which, where the chains do not say it themselves: a snapshot comes after the runs before it, and what a
 * chain took for the person's may be what another run did meanwhile.
 */
function graftsOf(chains: readonly Chain[]): Map<string, string[]> {
  const grafts = new Map<string, string[]>();
  for (const chain of chains) {
    grafts.set(
      chain.snapshot,
      headsAt(chains, chain.at).map(({ commit }) => commit),
    );
    let before: Head = { commit: chain.snapshot, at: chain.at };
    for (const link of chain.links) {
      if (link.by === 'person') {
        const others = chains.flatMap((other) => (other === chain ? [] : (lastBetween(other, before.at, link.at)?.commit ?? [])));
        if (others.length > 0) grafts.set(link.commit, [before.commit, ...others]);
      }
      before = link;
    }
  }
  return grafts;
}

function lastBetween(chain: Chain, after: number, until: number): ChainLink | undefined {
  return chain.links.findLast((link) => link.at > after && link.at < until);
}

/** Who wrote what a blame finds in a commit. */
function writers(chains: readonly Chain[], grafts: ReadonlyMap<string, readonly string[]>): (commit: string) => Writer {
  const known = new Map<string, Writer>();
  for (const { run, snapshot, links } of chains) {
    if (grafts.get(snapshot)?.length === 0) known.set(snapshot, { by: 'before' });
    for (const { commit, by, task } of links) if (by === 'task') known.set(commit, { by, run, task });
  }
  // What an undo or a redo has of its own was decided by hand. Where there is no chain, all of it was there before.
  return (commit) => known.get(commit) ?? { by: chains.length === 0 ? 'before' : 'person' };
}

/** Reads what `git blame --porcelain` says. */
function readBlame(said: string, writerOf: (commit: string) => Writer): BlamedLine[] {
  const lines: BlamedLine[] = [];
  const paths = new Map<string, string>();
  let at = { commit: '', line: 0 };
  for (const row of said.split('\n')) {
    const head = /^([0-9a-f]{40,64}) (\d+) \d+(?: \d+)?$/.exec(row);
    if (row.startsWith('\t')) lines.push({ writer: writerOf(at.commit), path: paths.get(at.commit) ?? '', ...at });
    else if (row.startsWith('filename ')) paths.set(at.commit, unquoted(row.slice('filename '.length)));
    else if (head !== null) at = { commit: head[1] ?? '', line: Number(head[2]) };
  }
  return lines;
}

/** A path as git quotes it where it has quotes, backslashes or control characters in it. */
function unquoted(path: string): string {
  if (!path.startsWith('"')) return path;
  const control: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return path.slice(1, -1).replaceAll(/\\(.)/g, (_, letter: string) => control[letter] ?? letter);
}
