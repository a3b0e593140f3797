/** Reading a run's chain: who wrote what. */
import { z } from 'zod';
import { ok, type Result } from '../domain/failure';
import { plumbText } from './git';
import type { Repository } from './repository';

const linkSchema = z.object({ by: z.enum(['person', 'task', 'undo']), task: z.string().optional() });

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
    return ok(link?.by === 'task' ? link.task : undefined);
  } catch {
    return ok(undefined);
  }
}
