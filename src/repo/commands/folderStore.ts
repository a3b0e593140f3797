/** The folders of all workspaces on disk: where each lies, what is known of it, and which go when there are too many. */
import { writeFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { isMissing } from '../files';
import { tryLock } from '../lock';
import { removeDeep } from './removal';

const factsSchema = z.object({
  /** The workspace that it is for. */
  root: z.string(),
  /** What its tree took on disk when it was made. */
  bytes: z.number(),
  /** Milliseconds since 1970. */
  usedAt: z.number(),
  /** Who it was used for last, where they said so: what git ignores in it is theirs. */
  owner: z.string().optional(),
  /** What was put into it from the workspace. */
  linked: z.array(z.string()).optional(),
});

export type FolderFacts = z.infer<typeof factsSchema>;

/** One place for a folder, whether there is one or not yet. */
export interface FolderSlot {
  /** All of it; the lock lies beside it. */
  readonly path: string;
  readonly lock: string;
  /** The folder in which commands run, and the one for their temporary files. */
  readonly work: string;
  readonly temp: string;
  readonly index: string;
  /** Holds what is known of it. */
  readonly facts: string;
  /** Holds the process group of the command that runs in it. */
  readonly command: string;
  began(group: number): void;
  ended(): Promise<void>;
}

function slotAt(home: string, name: string): FolderSlot {
  const path = join(home, name);
  const command = `${path}.command`;
  return {
    path,
    lock: `${path}.held`,
    work: join(path, 'work'),
    temp: join(path, 'temp'),
    index: join(path, 'index'),
    facts: join(path, 'facts.json'),
    command,
    // At once: a crash that comes next must find it.
    began: (group) => writeFileSync(command, String(group)),
    ended: () => rm(command, { force: true }),
  };
}

/** The places of a workspace: those with a folder first, the last used first of all. */
export async function slotsOf(home: string, most: number): Promise<FolderSlot[]> {
  const slots = Array.from({ length: most }, (_, at) => slotAt(home, String(at)));
  const ages = new Map<FolderSlot, number>();
  for (const slot of slots) ages.set(slot, (await readFacts(slot))?.usedAt ?? 0);
  return slots.sort((a, b) => (ages.get(b) ?? 0) - (ages.get(a) ?? 0));
}

/** What is known of a folder; undefined where it is not whole. */
export async function readFacts(slot: FolderSlot): Promise<FolderFacts | undefined> {
  try {
    return factsSchema.safeParse(JSON.parse(await readFile(slot.facts, 'utf8'))).data;
  } catch (thrown) {
    if (isMissing(thrown) || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

export async function writeFacts(slot: FolderSlot, facts: FolderFacts): Promise<Result<void>> {
  try {
    await writeFile(slot.facts, JSON.stringify(facts), { mode: 0o600 });
    return ok();
  } catch (thrown) {
    return fail('file', `${slot.facts} cannot be written: ${thrownText(thrown)}.`, 'Free disk space, or make it writable.');
  }
}

/** A folder as it lies on disk. */
export interface StoredFolder extends FolderFacts {
  /** Where commands run. */
  readonly path: string;
  readonly slot: FolderSlot;
}

/** All folders of all workspaces, the last used first. */
export async function listFolders(home: string): Promise<StoredFolder[]> {
  const found: StoredFolder[] = [];
  for (const key of await names(home)) {
    for (const name of await names(join(home, key))) {
      if (!/^\d+$/.test(name)) continue;
      const slot = slotAt(join(home, key), name);
      // One that was not finished is known by its place alone, and is the first to go.
      const facts = (await readFacts(slot)) ?? { root: '', bytes: 0, usedAt: 0 };
      found.push({ ...facts, path: slot.work, slot });
    }
  }
  return found.sort((a, b) => b.usedAt - a.usedAt);
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** Deletes a folder that nobody uses; false where somebody does. */
export async function removeFolder(slot: FolderSlot): Promise<Result<boolean>> {
  const locked = await tryLock(slot.lock);
  if (!locked.ok) return locked;
  if (locked.value === undefined) return ok(false);
  try {
    await removeDeep(slot.path);
    return ok(true);
  } catch (thrown) {
    return fail(
      'file',
      `${slot.path} cannot be deleted: ${thrownText(thrown)}.`,
      'Delete it by hand; what its links lead to is not yours to delete.',
    );
  } finally {
    await locked.value();
  }
}

/**
 * Deletes folders until the rest is within the quota, the one first that was not used for longest; the last used one stays.
 * One that cannot be deleted stays, too: `weft folders` lists it.
 */
export async function trimFolders(home: string, quotaBytes: number): Promise<void> {
  // What cannot be looked at stays, and must not cost the work that was done: `weft folders` looks again, and says why.
  const folders = await listFolders(home).catch(() => []);
  let bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  for (const folder of folders.slice(1).reverse()) {
    if (bytes <= quotaBytes) return;
    const removed = await removeFolder(folder.slot);
    if (removed.ok && removed.value) bytes -= folder.bytes;
  }
}

/** Whether a process that lives uses a folder. */
export async function isHeld(slot: FolderSlot): Promise<boolean> {
  const locked = await tryLock(slot.lock);
  if (!locked.ok || locked.value === undefined) return true;
  await locked.value();
  return false;
}
