/**
 * Files that git ignored until a landing changed a .gitignore: they were none of the run's agents' to see, and no agent can make them so.
 * They are remembered with the run, and stay out of its chain, where the drafts of later tasks begin.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Change } from '../../domain/changes';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { ifThere } from '../files';
import type { Repository } from '../repository';
import { diffTrees, lookUp } from '../trees';
import type { Workspace } from '../workspace';
import { wholeTruth } from './truth';

const pathsSchema = z.array(z.string());

/** The tree of all that git lists before a landing; undefined where the landing changes nothing of what git ignores. */
export async function listedBefore(
  repo: Repository,
  workspace: Workspace,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<Result<string | undefined>> {
  if (!changes.some(({ path }) => /(^|\/)\.gitignore$/i.test(path))) return ok(undefined);
  const whole = await wholeTruth(repo, workspace, signal);
  return whole.ok ? ok(whole.value.tree) : whole;
}

/** Remembers the files that git lists since a landing, and that the landing did not make. */
export async function hideUnignored(
  site: { readonly repo: Repository; readonly workspace: Workspace; readonly run: string },
  landing: { readonly listed: string; readonly changes: readonly Change[] },
  signal: AbortSignal,
): Promise<Result<void>> {
  const { repo, workspace, run } = site;
  const whole = await wholeTruth(repo, workspace, signal);
  if (!whole.ok) return whole;
  const now = await diffTrees(repo, landing.listed, whole.value.tree);
  if (!now.ok) return now;
  const made = new Set(landing.changes.map(({ path }) => path));
  const found = now.value.flatMap(({ path, before }) => (before === null && !made.has(path) ? [path] : []));
  const known = await readUnseen(repo, run);
  if (!known.ok || found.length === 0) return known.ok ? ok() : known;
  const file = unseenFile(repo, run);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify([...new Set([...known.value, ...found])]), { mode: 0o600 });
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot write ${file}: ${thrownText(thrown)}.`, 'Free some disk space, or make the folder writable.');
  }
}

/** Of the files that a run's agents are not to see, those that its chain does not have, with this tip. */
export async function unseenOf(repo: Repository, chain: { readonly run: string; readonly tip: string }): Promise<Result<string[]>> {
  const unseen = await readUnseen(repo, chain.run);
  if (!unseen.ok) return unseen;
  const known = await lookUp(repo, chain.tip, unseen.value);
  return known.ok ? ok(unseen.value.filter((path) => !known.value.has(path))) : known;
}

async function readUnseen(repo: Repository, run: string): Promise<Result<string[]>> {
  const file = unseenFile(repo, run);
  try {
    const text = await ifThere(readFile(file, 'utf8'));
    return ok(text === undefined ? [] : pathsSchema.parse(JSON.parse(text)));
  } catch (thrown) {
    return fail(
      'file',
      `Weft cannot read ${file}: ${thrownText(thrown)}.`,
      'Delete it: then agents see what their .gitignore lets them see.',
    );
  }
}

function unseenFile(repo: Repository, run: string): string {
  return join(repo.stateDir, 'runs', run, 'unseen.json');
}
