/** A lock that holds among all processes of Weft's: a file that names its holder, and dies with it. */
import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { cancelled, fail, fixOfWrite, ok, type Result, thrownText } from '../domain/failure';
import { isMissing } from './files';
import { birthOf, isAlive } from './process';

/** Between two looks at a lock that another process holds. */
const POLL_MS = 25;
const TRIES = (5 * 60_000) / POLL_MS;
const REAP_MS = 10_000;

/** Runs `work` while no other holder, here or in another process, does. Waits, at most five minutes. */
export type Lock = <T>(signal: AbortSignal, work: () => Promise<Result<T>>) => Promise<Result<T>>;

/** The lock that a file stands for. Those who wait on the same `Lock` queue up without touching the disk. */
export function fileLock(file: string): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return (signal, work) => {
    const mine = last.then(() => heldAlone(file, signal, work));
    last = mine.catch(() => undefined);
    return mine;
  };
}

async function heldAlone<T>(file: string, signal: AbortSignal, work: () => Promise<Result<T>>): Promise<Result<T>> {
  const mark = newMark();
  try {
    for (let tries = 0; !(await take(file, mark)); tries++) {
      if (signal.aborted) return cancelled;
      if (tries >= TRIES)
        return fail(
          'file',
          `Another Weft has been at work in this workspace for five minutes (${await holder(file)}).`,
          `End it, or delete ${file}.`,
        );
      await pause(POLL_MS);
    }
  } catch (thrown) {
    return fail('file', `Weft cannot write its lock ${file}: ${thrownText(thrown)}.`, fixOfWrite(thrown, 'Make its folder writable.'));
  }
  try {
    return signal.aborted ? cancelled : await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Takes a lock only if nobody has it: what lets it go again, or undefined. One whose holder died is taken over. */
export async function tryLock(file: string): Promise<Result<(() => Promise<void>) | undefined>> {
  const mark = newMark();
  try {
    // The first look may only find, and drop, a dead holder's.
    const mine = (await take(file, mark)) || (await take(file, mark));
    return mine ? ok(() => rm(file, { force: true })) : ok(undefined);
  } catch (thrown) {
    return fail('file', `Weft cannot write its lock ${file}: ${thrownText(thrown)}.`, fixOfWrite(thrown, 'Make its folder writable.'));
  }
}

/** Names this process, and this hold of it, in words: number, name, and birth where the system tells. */
function newMark(): string {
  return [process.pid, randomUUID(), birthOf(process.pid) ?? ''].join(' ');
}

/** The lock appears with its content in one step (a link), so nobody ever reads it half written. */
async function take(file: string, mark: string): Promise<boolean> {
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, mark);
  try {
    await link(own, file);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
    await dropIfDead(file);
    return false;
  } finally {
    await unlink(own);
  }
}

/**
 * Takes a lock away whose holder died. Only one process at a time does that: between looking at the lock and taking it away,
 * another could have done so already, and a third taken it.
 */
async function dropIfDead(file: string): Promise<void> {
  if (!(await isDead(file))) return;
  const reaper = `${file}.reaping`;
  try {
    await writeFile(reaper, '', { flag: 'wx' });
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
    // It takes milliseconds: one that is older died over it.
    const since = await stat(reaper).then(
      (found) => found.mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    if (Date.now() - since > REAP_MS) await rm(reaper, { force: true });
    return;
  }
  try {
    if (await isDead(file)) await rm(file, { force: true });
  } finally {
    await rm(reaper, { force: true });
  }
}

async function isDead(file: string): Promise<boolean> {
  try {
    const [number = '', , birth] = (await readFile(file, 'utf8')).split(' ');
    const pid = Number.parseInt(number, 10);
    return !(Number.isInteger(pid) && isAlive(pid, (await stat(file)).mtimeMs, birth?.includes('/') === true ? birth : undefined));
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

async function holder(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => 'unknown');
  return `process ${text.split(' ')[0]}`;
}
