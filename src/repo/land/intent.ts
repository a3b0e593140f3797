/**
 * What is about to be done to the workspace, on record before the first file changes. A process that dies over it leaves no riddle:
 * the next one to open the repository finds the record, looks at each file, and settles it.
 */
import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { stepSchema } from '../../domain/changes';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { partSchema } from '../../domain/part';
import { isMissing, readContent } from '../files';
import { type Repository, writeRef } from '../repository';

/** What is to come into the workspace: all that differs between two commits. */
const incomingSchema = z.object({
  /** The run whose chain records it. */
  run: z.string(),
  task: z.string(),
  title: z.string(),
  intent: z.enum(['land', 'undo', 'redo']),
  /** What the change began from, and what it made of that. */
  base: z.string(),
  theirs: z.string(),
  /** The part of the task that is undone or redone, where that is not all of it. */
  part: partSchema.optional(),
  /** Where more tasks are undone or redone with it: what is merged before it, and what after it. All of it lands, or nothing. */
  others: z.object({ before: z.array(stepSchema).readonly(), after: z.array(stepSchema).readonly() }).optional(),
});
export type Incoming = Readonly<z.infer<typeof incomingSchema>>;

const landingSchema = z.object({
  kind: z.literal('landing'),
  incoming: incomingSchema,
  /** The ref at the tip of the run's chain. */
  chain: z.string(),
  /** Commits: the workspace as it is, and as it is to be. */
  before: z.string(),
  after: z.string(),
  /** A link of the chain for each step. */
  links: z.array(z.object({ task: z.string(), before: z.string(), after: z.string() })),
  /** Files whose text was in an editor and not on disk: the digest of what was on disk, null where nothing was. */
  unsaved: z.array(z.object({ path: z.string(), disk: z.string().nullable() })),
});
const rollbackSchema = z.object({
  kind: z.literal('rollback'),
  /** Ids of the snapshot that is gone back to, and of the one that was taken before. */
  snapshot: z.string(),
  safety: z.string(),
  /** Files or folders that alone go back; undefined: all. */
  only: z.array(z.string()).readonly().optional(),
});
const intentSchema = z.discriminatedUnion('kind', [landingSchema, rollbackSchema]);

export type LandingIntent = z.infer<typeof landingSchema>;
export type RollbackIntent = z.infer<typeof rollbackSchema>;
export type Intent = z.infer<typeof intentSchema>;

/** Keeps the commits of a landing from git's garbage collection until the chain has them; stays after that, for the next one. */
export const LANDING_REF = 'landing';

/** What lies on disk at a path, as an intent remembers it. */
export async function diskDigest(repo: Repository, path: string): Promise<Result<string | null>> {
  const found = await readContent(repo.root, path);
  if (!found.ok) return found;
  if (found.value === null || found.value === 'folder') return ok(null);
  return ok(createHash('sha256').update(found.value.bytes).digest('hex'));
}

function intentFile(repo: Repository): string {
  return join(repo.stateDir, 'intent.json');
}

/** Puts an intent on record, on disk for good when this resolves. Called under the landing lock. */
export async function intend(repo: Repository, intent: Intent): Promise<Result<void>> {
  const kept = intent.kind === 'landing' ? await writeRef(repo, LANDING_REF, intent.after) : ok();
  if (!kept.ok) return kept;
  const file = intentFile(repo);
  try {
    const whole = await open(`${file}.new`, 'w', 0o600);
    try {
      await whole.writeFile(JSON.stringify(intent));
      await whole.sync();
    } finally {
      await whole.close();
    }
    await rename(`${file}.new`, file);
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot write ${file}: ${thrownText(thrown)}.`, 'Free some disk space, or make the folder writable.');
  }
}

/**
 * Points a chain at its new tip. What kept the landing's commits until now stays, for the next landing: to delete a ref, git locks those of
 * the whole repository, and where it is killed then, they stay locked for the person, too.
 */
export function recordInChain(repo: Repository, chain: string, tip: string): Promise<Result<void>> {
  return writeRef(repo, chain, tip);
}

/** Strikes the intent out: it was carried out, or nothing of it was. */
export async function strike(repo: Repository): Promise<Result<void>> {
  try {
    await rm(intentFile(repo), { force: true });
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot delete ${intentFile(repo)}: ${thrownText(thrown)}.`, 'Make its folder writable.');
  }
}

/** The intent that somebody left who died over it, or could not take it back; undefined where there is none. Costs no process. */
export async function leftIntent(repo: Repository): Promise<Result<Intent | undefined>> {
  const file = intentFile(repo);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return ok(undefined);
    return fail('file', `Weft cannot read ${file}: ${thrownText(thrown)}.`, 'Make it readable.');
  }
  try {
    const intent = intentSchema.safeParse(JSON.parse(text));
    if (intent.success) return ok(intent.data);
  } catch {
    // No JSON at all: told below, as what is not understood.
  }
  return fail(
    'file',
    `Something was cut off in this workspace that this version of Weft does not understand (${file}).`,
    'Use the version that did it; or look whether your files are as you want them, then delete that file.',
  );
}

/** Fails where an intent was left: nothing is built on a workspace that may be half-way between two states. */
export async function checkNothingLeft(repo: Repository): Promise<Result<void>> {
  const left = await leftIntent(repo);
  if (!left.ok) return left;
  if (left.value === undefined) return ok();
  const what = left.value.kind === 'landing' ? `landing of “${left.value.incoming.title}”` : 'rollback';
  return fail('half', `A ${what} was cut off in this workspace.`, 'Try again: Weft settles it first.');
}
