/** Reading the chains of runs: who wrote what, and what was there before. */
import * as z from 'zod';
import type { Entry } from '../../domain/changes';
import { ok, type Result } from '../../domain/failure';
import { plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import { journalLengths } from '../snapshot/journals';
import { listSnapshots, type Snapshot } from '../snapshot/snapshot';
import { readChanges } from '../trees';

const linkSchema = z.object({
  by: z.enum(['person', 'task', 'undo', 'redo']),
  task: z.string().optional(),
  /** Milliseconds since 1970; journals of the first version have none. */
  at: z.number().optional(),
});

/** One change of the workspace, as a run's chain has it. */
export interface ChainLink {
  readonly commit: string;
  readonly by: 'person' | 'task' | 'undo' | 'redo';
  /** Empty for what the person did. */
  readonly task: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The history of a run: the snapshot that it began with, and what came after. */
export interface Chain {
  readonly run: string;
  readonly snapshot: string;
  /** When the snapshot was taken, in milliseconds since 1970. */
  readonly at: number;
  /** Oldest first. */
  readonly links: readonly ChainLink[];
}

/** The chains of all runs of this root, oldest first. */
export async function readChains(repo: Repository): Promise<Result<Chain[]>> {
  const listed = await plumbText(repo, ['for-each-ref', '--format=%(objectname) %(refname)', `${repo.refs}runs/`]);
  if (!listed.ok) return listed;
  const tips = listed.value.split('\n').flatMap((row) => {
    const [commit = '', ref = ''] = row.split(' ');
    const run = /^runs\/(.+)\/chain$/.exec(ref.slice(repo.refs.length))?.[1];
    return run === undefined ? [] : [{ run, commit }];
  });
  if (tips.length === 0) return ok([]);
  const said = await plumbText(repo, ['log', '--first-parent', '--stdin', '--format=%H %ct %P%n%b%x00'], {
    stdin: tips.map(({ commit }) => `${commit}\n`).join(''),
  });
  if (!said.ok) return said;
  const commits = new Map<string, { parent: string; seconds: number; body: string }>();
  for (const row of said.value.split('\0')) {
    const [head = '', ...body] = row.trimStart().split('\n');
    const [commit = '', seconds, parent = ''] = head.split(' ');
    commits.set(commit, { parent, seconds: Number(seconds), body: body.join('\n').trim() });
  }
  const chains = tips.map(({ run, commit }): Chain => {
    const links: ChainLink[] = [];
    for (let at = commit; ; ) {
      const found = commits.get(at);
      const link = found === undefined ? undefined : linkOf(found.body);
      const time = (said: number | undefined) => said ?? (found?.seconds ?? 0) * 1_000;
      // What is no link is the snapshot.
      if (found === undefined || link === undefined) return { run, snapshot: at, at: time(timeOf(found?.body)), links: links.reverse() };
      links.push({ commit: at, by: link.by, task: link.task ?? '', at: time(link.at) });
      at = found.parent;
    }
  });
  return ok(chains.sort((a, b) => a.at - b.at));
}

function linkOf(body: string): z.infer<typeof linkSchema> | undefined {
  return linkSchema.safeParse(parsed(body)).data;
}

function timeOf(body: string | undefined): number | undefined {
  return body === undefined ? undefined : z.object({ at: z.number() }).safeParse(parsed(body)).data?.at;
}

/** The facts of a message; undefined where it has none. */
function parsed(body: string): unknown {
  if (!body.startsWith('{')) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The task whose landing last touched a path between two commits of a chain; undefined: the person did, or nobody. */
export async function authorOf(
  repo: Repository,
  where: { since: string; until: string; path: string },
): Promise<Result<string | undefined>> {
  const said = await plumbText({ ...repo, cwd: repo.workTree }, [
    'log',
    '--first-parent',
    '--max-count=1',
    '--format=%b',
    `${where.since}..${where.until}`,
    '--',
    where.path,
  ]);
  if (!said.ok) return said;
  const link = linkOf(said.value.trim());
  return ok(link?.by === 'task' || link?.by === 'redo' ? link.task : undefined);
}

/** All who changed a path between two commits of a chain, whoever did last first: tasks, and null for the person, whose an undo is as well. */
export async function authorsOf(
  repo: Repository,
  where: { since: string; until: string; path: string },
): Promise<Result<(string | null)[]>> {
  const range = `${where.since}..${where.until}`;
  const said = await plumbText({ ...repo, cwd: repo.workTree }, ['log', '--first-parent', '--format=%b%x00', range, '--', where.path]);
  if (!said.ok) return said;
  const bodies = said.value.split('\0').slice(0, -1);
  const authors = bodies.map((body) => {
    const link = linkOf(body.trim());
    return link?.by === 'task' || link?.by === 'redo' ? (link.task ?? null) : null;
  });
  return ok([...new Set(authors)]);
}

/** What landings and undos made of a path since some moment: what was there before the first of them, and after the last. */
export interface Rewritten {
  readonly before: Entry | null;
  readonly after: Entry | null;
}

/** The paths that landings and undos changed in all runs that began at a snapshot or later. */
export async function rewrittenSince(repo: Repository, snapshot: Snapshot): Promise<Result<Map<string, Rewritten>>> {
  const [listed, snapshots, journals] = await Promise.all([
    plumbText(repo, ['for-each-ref', '--format=%(refname)', `${repo.refs}runs/`]),
    listSnapshots(repo),
    journalLengths(repo.stateDir),
  ]);
  if (!listed.ok) return listed;
  if (!snapshots.ok) return snapshots;
  if (!journals.ok) return journals;
  const takenAt = new Map(snapshots.value.map(({ commit, at }) => [commit, at]));
  const runs: { at: number; raw: string }[] = [];
  for (const ref of listed.value.split('\n').filter((name) => name.endsWith('/chain'))) {
    const links = await plumbText(repo, ['rev-list', '--first-parent', ref]);
    if (!links.ok) return links;
    const began = links.value.split('\n').find((commit) => takenAt.has(commit));
    const at = began === undefined ? undefined : takenAt.get(began);
    if (at === undefined) continue;
    const run = ref.slice(`${repo.refs}runs/`.length, -'/chain'.length);
    // Where there is a journal, the snapshot knows whether that had begun; a clock may have been set back since.
    const isLater = snapshot.journals === null || !(run in journals.value) ? at >= snapshot.at : !(run in snapshot.journals);
    if (!isLater) continue;
    const flags = ['--first-parent', '--reverse', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--no-ext-diff', '--format='];
    const said = await plumbText(repo, ['log', ...flags, '-E', '--grep=^\\{"by":"(task|undo|redo)"', `${began}..${ref}`]);
    if (!said.ok) return said;
    runs.push({ at, raw: said.value });
  }
  const paths = new Map<string, Rewritten>();
  for (const { raw } of runs.sort((a, b) => a.at - b.at)) {
    for (const { path, before, after } of readChanges(raw)) {
      const earlier = paths.get(path);
      paths.set(path, { before: earlier === undefined ? before : earlier.before, after });
    }
  }
  return ok(paths);
}

/** Whether a commit is one that another, of the same chain, came from. */
export async function isBehind(repo: Repository, { commit, tip }: { commit: string; tip: string }): Promise<Result<boolean>> {
  const said = await plumb(repo, ['merge-base', '--is-ancestor', commit, tip], { answers: [1] });
  return said.ok ? ok(said.value.code === 0) : said;
}
