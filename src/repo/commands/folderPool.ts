/**
 * Real folders, for commands alone: agents need none. Each is made once, outside the workspace and out of sight of its watchers, and then
 * moved from tree to tree at the cost of the difference. Not a worktree of the person's repository: nothing of theirs knows of it.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../domain/clock';
import { cancelled, fail, ok, type Result, thrownText } from '../../domain/failure';
import { checkNoLink, isMissing } from '../files';
import { type GitPlace, plumb, plumbText } from '../git';
import { tryLock } from '../lock';
import { type Repository, userStateDir } from '../repository';
import { rootText } from '../root';
import type { CommandPlace } from './command';
import { type FolderFacts, type FolderSlot, readFacts, slotsOf, trimFolders, writeFacts } from './folderStore';
import { linkIgnored } from './linkedPaths';
import { takePorts } from './ports';
import { isGroupAlive, markedWith, signalTree } from './processTree';
import { dropLink, emptyFolder, removeDeep } from './removal';

/** Between two looks for a free folder, when all are in use. */
const POLL_MS = 50;
/** A process that is not gone this often after it was killed hangs in the system: its folder is left alone. */
const DYING_TRIES = 100;

export interface FolderSettings {
  /** Which ignored paths of the workspace a folder gets: names or paths, with `*`. */
  readonly link: readonly string[];
  /** Most folders of one workspace, and most bytes of all of them together. */
  readonly most: number;
  readonly quotaBytes: number;
}

/** A folder that is held: nobody else uses it until the work ends. */
export interface Folder extends CommandPlace {
  /** The tree of what is in it now: what commands made, changed and deleted, without what git ignores and what was linked. */
  treeNow(signal: AbortSignal): Promise<Result<string>>;
}

/** What somebody wants a folder for. */
export interface FolderWish {
  /** Tree or commit that it is to hold. */
  readonly tree: string;
  /**
   * Whoever says who they are may get a folder again with what they left there that git ignores, such as a build's output; and leaves one
   * folder to those who do not, whose work must be exact. Absent: nothing is in it but the tree, and what is linked.
   */
  readonly owner?: string | undefined;
  /** Told once, when all folders are in use. */
  readonly onWait?: (() => void) | undefined;
}

export interface FolderPool {
  /** Does some work in a folder that holds a tree. Waits while all folders are in use. */
  use<T>(wish: FolderWish, signal: AbortSignal, work: (folder: Folder) => Promise<Result<T>>): Promise<Result<T>>;
}

function portsHome(): string {
  return join(userStateDir(), 'ports');
}

/** Below Weft's own folder in the person's home; WEFT_STATE_DIR says where. */
export function foldersHome(): string {
  return join(userStateDir(), 'folders');
}

export function folderPool(repo: Repository, settings: FolderSettings, clock: Clock): FolderPool {
  const home = join(foldersHome(), basename(repo.stateDir));
  return {
    use: async (wish, signal, work) => {
      const taken = await take(home, settings.most, wish, signal);
      if (!taken.ok) return taken;
      const { slot, release } = taken.value;
      let giveBack: (() => Promise<void>) | undefined;
      try {
        const folder = await prepare(repo, slot, { wish, settings, clock }, signal);
        if (!folder.ok) return folder;
        const ranged = await takePorts(portsHome());
        if (!ranged.ok) return ranged;
        giveBack = ranged.value.release;
        return await work({ ...folder.value, ports: ranged.value.ports });
      } finally {
        await giveBack?.();
        await release();
        await trimFolders(foldersHome(), settings.quotaBytes);
      }
    },
  };
}

interface Taken {
  readonly slot: FolderSlot;
  readonly release: () => Promise<void>;
}

/** Their own folder, where it is free; else the free folder that was used last, else a new one, else whichever is free first. */
async function take(
  home: string,
  most: number,
  { owner, onWait }: Pick<FolderWish, 'owner' | 'onWait'>,
  signal: AbortSignal,
): Promise<Result<Taken>> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    for (let tries = 0; ; tries++) {
      if (tries === 1) onWait?.();
      for (const slot of owner === undefined ? await slotsOf(home, most) : await slotsFor(owner, home, Math.max(1, most - 1))) {
        const locked = await tryLock(slot.lock);
        if (!locked.ok) return locked;
        if (locked.value === undefined) continue;
        if (await isReclaimed(slot)) return ok({ slot, release: locked.value });
        await locked.value();
      }
      if (signal.aborted) return cancelled;
      await pause(POLL_MS);
    }
  } catch (thrown) {
    return fail(
      'file',
      `Weft cannot make a folder for commands in ${home}: ${thrownText(thrown)}.`,
      'Make it writable, or free disk space.',
    );
  }
}

/** One that nobody left anything in comes before others'. */
async function slotsFor(owner: string, home: string, most: number): Promise<FolderSlot[]> {
  const slots = await slotsOf(home, most);
  const ranks = new Map<FolderSlot, number>();
  for (const slot of slots) {
    const last = (await readFacts(slot))?.owner;
    ranks.set(slot, last === owner ? 0 : last === undefined ? 1 : 2);
  }
  return slots.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
}

/** Ends what a command of a Weft that died still does in a folder; false where it may be at work and nobody can tell that it is ours. */
async function isReclaimed(slot: FolderSlot): Promise<boolean> {
  const group = await readFile(slot.command, 'utf8').catch((thrown: unknown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
  if (group === undefined) return true;
  // By the mark in its environment, which no other process has; the number alone may be another's by now.
  for (let tries = 0; markedWith(slot.work).length > 0; tries++) {
    if (tries === DYING_TRIES) return false;
    signalTree(undefined, slot.work, 'SIGKILL');
    await pause(POLL_MS);
  }
  if (process.platform !== 'linux' && isGroupAlive(Number(group))) return false;
  await rm(slot.command, { force: true });
  return true;
}

interface Wanted {
  readonly wish: FolderWish;
  readonly settings: FolderSettings;
  readonly clock: Clock;
}

async function prepare(repo: Repository, slot: FolderSlot, wanted: Wanted, signal: AbortSignal): Promise<Result<Folder>> {
  const moved = await move(repo, slot, wanted, signal);
  if (moved.ok || moved.failure.kind === 'cancelled') return moved;
  // Whatever it was (a broken index, a folder that git cannot make sense of): made anew, it is gone.
  try {
    await removeDeep(slot.path);
  } catch (thrown) {
    return fail('file', `The folder ${slot.path} cannot be deleted: ${thrownText(thrown)}.`, 'Delete it.');
  }
  return move(repo, slot, wanted, signal);
}

/** Makes a folder hold a tree, at the cost of what differs and of looking at what is there. */
async function move(repo: Repository, slot: FolderSlot, { wish, settings, clock }: Wanted, signal: AbortSignal): Promise<Result<Folder>> {
  const { tree, owner } = wish;
  const place: GitPlace = { gitDir: repo.gitDir, workTree: slot.work, cwd: slot.work };
  const git = (args: readonly string[]) => plumb(place, [...EXACT, ...args], { index: slot.index, signal });
  let facts: FolderFacts | undefined;
  try {
    // What a command may have put there: to go by such a link would be to clean, or write over, what it leads to.
    for (const ours of [slot.path, slot.work, slot.temp, slot.index, slot.facts]) await dropLink(ours);
    facts = await readFacts(slot);
    await mkdir(slot.work, { recursive: true, mode: 0o700 });
    await mkdir(slot.temp, { recursive: true, mode: 0o700 });
    await emptyFolder(slot.temp);
    // Of a git that was killed: the lock of the folder says that nobody else is at work here.
    await rm(`${slot.index}.lock`, { force: true });
    await removeDeep(join(slot.work, '.git'));
  } catch (thrown) {
    return fail(
      'file',
      `The folder ${slot.path} cannot be prepared: ${thrownText(thrown)}.`,
      'Delete it, and free disk space if there is none.',
    );
  }
  const isTheirs = owner !== undefined && facts?.owner === owner;
  if (facts?.owner !== undefined && !isTheirs) {
    // It is nobody's from here on: cut off in the midst of this, it would else be given to them with less than they left.
    const nobodys = await writeFacts(slot, { root: facts.root, bytes: facts.bytes, usedAt: facts.usedAt });
    if (!nobodys.ok) return nobodys;
  }
  const cleaned = await removeOthers(slot, git, isTheirs ? (facts?.linked ?? []) : undefined);
  if (!cleaned.ok) return cleaned;
  const filled = await git(['read-tree', '--reset', '-u', tree]);
  if (!filled.ok) return filled;
  const linked = await linkIgnored(repo, slot.work, settings.link, signal);
  if (!linked.ok) return linked;
  const bytes = facts === undefined ? await sizeOf(repo, tree) : ok(facts.bytes);
  if (!bytes.ok) return bytes;
  const own = owner === undefined ? {} : { owner, linked: linked.value };
  const written = await writeFacts(slot, { root: rootText(repo.root), bytes: bytes.value, usedAt: clock.now(), ...own });
  if (!written.ok) return written;
  return ok({
    path: slot.work,
    temp: slot.temp,
    began: slot.began,
    ended: slot.ended,
    treeNow: (until) => treeNow(place, { index: slot.index, linked: linked.value }, until),
  });
}

/** The person's ways of looking at less than all of a work tree are about theirs. */
const EXACT = [
  'core.sparseCheckout=false',
  'core.trustctime=true',
  'core.checkStat=default',
  'core.untrackedCache=false',
  'checkout.workers=0',
].flatMap((setting) => ['-c', setting]);

/**
 * Deletes all that the folder's index does not know: what commands made, ignored or not, and what was linked, as links. A build's
 * output goes, too: what another tree left there could turn a check green, or red. `linked`: set where what is ignored stays, but for these.
 */
async function removeOthers(
  slot: FolderSlot,
  git: (args: readonly string[]) => ReturnType<typeof plumb>,
  linked: readonly string[] | undefined,
): Promise<Result<void>> {
  const kept = linked === undefined ? [] : ['--exclude-standard'];
  const listed = await git(['ls-files', '--others', ...kept, '--directory', '-z']);
  if (!listed.ok) return listed;
  for (const row of [...listed.value.out.toString().split('\0'), ...(linked ?? [])]) {
    const path = row.replace(/\/$/, '');
    if (path === '') continue;
    const safe = await checkNoLink(slot.work, path);
    if (!safe.ok) return safe;
    try {
      await removeDeep(join(slot.work, path));
    } catch (thrown) {
      return fail('file', `${path} cannot be deleted in ${slot.work}: ${thrownText(thrown)}.`, `Delete ${slot.path}.`);
    }
  }
  return ok();
}

async function treeNow(
  place: GitPlace,
  { index, linked }: { index: string; linked: readonly string[] },
  signal: AbortSignal,
): Promise<Result<string>> {
  const added = await plumb(place, [...EXACT, 'add', '--all', '--', '.'], { index, signal });
  if (!added.ok) return added;
  if (linked.length > 0) {
    const stdin = linked.join('\0');
    const dropped = await plumb(place, ['update-index', '--force-remove', '-z', '--stdin'], { index, stdin, signal });
    if (!dropped.ok) return dropped;
  }
  return plumbText(place, ['write-tree'], { index, signal });
}

/** What a tree takes on disk, in whole blocks. */
async function sizeOf(repo: Repository, tree: string): Promise<Result<number>> {
  const listed = await plumbText(repo, ['ls-tree', '-r', '--full-tree', '--format=%(objectsize)', tree]);
  if (!listed.ok) return listed;
  const sizes = listed.value.split('\n').map((size) => Number.parseInt(size, 10) || 0);
  return ok(sizes.reduce((sum, size) => sum + Math.ceil((size + 1) / BLOCK) * BLOCK, 0));
}

const BLOCK = 4096;
