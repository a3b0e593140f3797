/** Whether something landed in the workspace, or was undone, since a moment: by the chains of all its runs. */
import * as z from 'zod';
import { ok, type Result } from '../domain/failure';
import { plumbText } from './git';
import type { Repository } from './repository';

/** Where the chains of all runs of a workspace stand, by ref. */
export type ChainTips = ReadonlyMap<string, string>;

export async function chainTips(repo: Repository): Promise<Result<ChainTips>> {
  const said = await plumbText(repo, ['for-each-ref', '--format=%(objectname) %(refname)', `${repo.refs}runs/`]);
  if (!said.ok) return said;
  const rows = said.value.split('\n').filter((row) => row.endsWith('/chain'));
  return ok(new Map(rows.map((row) => [row.slice(row.indexOf(' ') + 1), row.slice(0, row.indexOf(' '))])));
}

const linkSchema = z.object({ by: z.string() });

/** The commits of landings and undos, of any run, that came after `tips`; links of the person's own are not among them. */
export async function landingsSince(repo: Repository, tips: ChainTips): Promise<Result<string[]>> {
  const now = await chainTips(repo);
  if (!now.ok) return now;
  const found: string[] = [];
  for (const [ref, commit] of now.value) {
    const before = tips.get(ref);
    if (before === commit) continue;
    // A run that began meanwhile began at a snapshot: what follows on that is new.
    const range = before === undefined ? [commit] : [`${before}..${commit}`];
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
    const by = linkSchema.safeParse(JSON.parse(body.trim())).data?.by;
    return by !== undefined && by !== 'person';
  } catch {
    return false;
  }
}
