/** Locks of refs that a git left which was killed, with the whole machine, say: git itself never takes one away. */
import { stat, unlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Result } from '../domain/failure';

/** Writing a ref takes milliseconds; so long, in milliseconds, a lock has to stay the same before its holder counts as dead. */
const PATIENCE_MS = 3_000;
const LOOK_MS = 100;
/** Others may lock the same ref one after the other: so long, in milliseconds, they are waited for. */
const GIVE_UP_MS = 30_000;

/** Tries again what failed for a lock of a ref below `refs` (`refs/weft/…/`), which is Weft's alone: once that is gone, or is taken away as dead. */
export async function pastDeadLocks<T>(refs: string, act: () => Promise<Result<T>>): Promise<Result<T>> {
  for (const since = performance.now(); ; ) {
    const done = await act();
    const lock = done.ok ? undefined : /Unable to create '(.+\.lock)': File exists/.exec(done.failure.message)?.[1];
    if (lock === undefined || performance.now() - since > GIVE_UP_MS || !lock.includes(`/${refs}`)) return done;
    // One that is gone meanwhile is what was wanted; one that cannot be taken away is told by the next try.
    if (await isDead(lock)) await unlink(lock).catch(() => undefined);
  }
}

/** Whether a lock stays what it is. Told by a clock that nobody sets. */
async function isDead(lock: string): Promise<boolean> {
  const first = await faceOf(lock);
  for (const since = performance.now(); performance.now() - since < PATIENCE_MS; ) {
    await pause(LOOK_MS);
    if ((await faceOf(lock)) !== first) return false;
  }
  return first !== undefined;
}

/** What tells a file from one that comes after it. */
async function faceOf(file: string): Promise<string | undefined> {
  return stat(file).then(
    ({ ino, mtimeMs, ctimeMs }) => [ino, mtimeMs, ctimeMs].join(' '),
    () => undefined,
  );
}
