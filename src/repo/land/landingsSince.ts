/** Whether something landed in the workspace, was undone or rolled back since a moment: by the chains of all its runs, and its snapshots. */
import * as z from 'zod';
import { ok, type Result } from '../../domain/failure';
import { plumbText } from '../git';
import type { Repository } from '../repository';

/** Where the chains of all runs of a workspace stand, and its snapshots, by ref. */
export type ChainTips = ReadonlyMap<string, string>;

export async function chainTips(repo: Repository): Promise<Result<ChainTips>> {
  const said = await plumbText(repo, ['for-each-ref', '--format=%(objectname) %(refname)', `${repo.refs}runs/`, `${repo.refs}snapshots/`]);
  if (!said.ok) return said;
  const rows = said.value.split('\n').filter((row) => row.endsWith('/chain') || row.includes(` ${repo.refs}snapshots/`));
  return ok(new Map(rows.map((row) => [row.slice(row.indexOf(' ') + 1), row.slice(0, row.indexOf(' '))])));
}

const linkSchema = z.object({ by: z.string().optional(), cause: z.string().optional() });

/**
 * The commits of landings and undos, of any run, that came after `tips`, and of the snapshots before rollbacks; links of the person's own
 * are not among them.
 */
export async function landingsSince(repo: Repository, tips: ChainTips): Promise<Result<string[]>> {
  const now = await chainTips(repo);
  if (!now.ok) return now;
  const found: string[] = [];
  for (const [ref, commit] of now.value) {
    const before = tips.get(ref);
    if (before === commit) continue;
    // A run that began meanwhile began at a snapshot: what follows on that is new.
    const range = before !== undefined ? [`${before}..${commit}`] : ref.endsWith('/chain') ? [commit] : ['--max-count=1', commit];
    const said = await plumbText(repo, ['log', '--first-parent', '-z', '--format=%H %b', ...range]);
    if (!said.ok) return said;
    for (const row of said.value.split('\0')) {
      const space = row.indexOf(' ');
      if (space > 0 && isLanding(row.slice(space + 1))) found.push(row.slice(0, space));
    }
  }
  return ok(found);
}

function isLanding(body: string): boolean {
  try {
    const link = linkSchema.safeParse(JSON.parse(body.trim())).data;
    return link?.cause === 'rollback' || (link?.by !== undefined && link.by !== 'person');
  } catch {
    return false;
  }
}
