/** Reading the chains of runs: who wrote what, and what was there before. */
import * as z from 'zod';
import type { Entry } from '../domain/changes';
import { ok, type Result } from '../domain/failure';
import { plumbText } from './git';
import type { Repository } from './repository';
import { listSnapshots, type Snapshot } from './snapshot';
import { readChanges } from './trees';

const linkSchema = z.object({ by: z.enum(['person', 'task', 'undo', 'redo']), task: z.string().optional() });

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
  const body = said.value.trim();
  if (!body.startsWith('{')) return ok(undefined);
  try {
    const link = linkSchema.safeParse(JSON.parse(body)).data;
    return ok(link?.by === 'task' || link?.by === 'redo' ? link.task : undefined);
  } catch {
    return ok(undefined);
  }
}

/** What landings and undos made of a path since some moment: what was there before the first of them, and after the last. */
export interface Rewritten {
  readonly before: Entry | null;
  readonly after: Entry | null;
}

/** The paths that landings and undos changed in all runs that began at a snapshot or later. */
export async function rewrittenSince(repo: Repository, snapshot: Snapshot): Promise<Result<Map<string, Rewritten>>> {
  const [listed, snapshots] = await Promise.all([
    plumbText(repo, ['for-each-ref', '--format=%(refname)', `${repo.refs}runs/`]),
    listSnapshots(repo),
  ]);
  if (!listed.ok) return listed;
  if (!snapshots.ok) return snapshots;
  const takenAt = new Map(snapshots.value.map(({ commit, at }) => [commit, at]));
  const runs: { at: number; raw: string }[] = [];
  for (const ref of listed.value.split('\n').filter((name) => name.endsWith('/chain'))) {
    const links = await plumbText(repo, ['rev-list', '--first-parent', ref]);
    if (!links.ok) return links;
    const began = links.value.split('\n').find((commit) => takenAt.has(commit));
    const at = began === undefined ? undefined : takenAt.get(began);
    if (at === undefined || at < snapshot.at) continue;
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
