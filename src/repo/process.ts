/** Processes by their numbers, which are given again: who one is, and whether it lives. */
import { readFileSync } from 'node:fs';

/** A system tells the moment of its start in whole seconds, and clocks are set. */
const CLOCK_SLACK_MS = 60_000;

/** Where a process's state and start stand in its line of `/proc`, counted from the name's end; the start in ticks of 10 ms since the machine's. */
const STATE = 0;
const START = 19;

/**
 * Tells a process from all that have its number before or after it, on this machine, whatever its clock is set to; undefined where
 * the system does not say so for nothing.
 */
export function birthOf(pid: number): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticksOf(pid)}`;
  } catch {
    return undefined;
  }
}

/** As {@link birthOf}, for what is written down: with nothing in it where the system does not tell. */
export function birthFact(pid: number): { readonly birth?: string } {
  const birth = birthOf(pid);
  return birth === undefined ? {} : { birth };
}

/**
 * Whether the process lives that had this number at a moment (milliseconds since 1970), or that was born so: numbers are given again,
 * soon so in a container.
 */
export function isAlive(pid: number, at: number, birth?: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // EPERM: it lives, and is somebody else's.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
  if (hasEnded(pid)) return false;
  const now = birth === undefined ? undefined : birthOf(pid);
  if (now !== undefined) return now === birth;
  const began = startOf(pid);
  return began === undefined || began <= at + CLOCK_SLACK_MS;
}

/** When a process began, in milliseconds since 1970. */
function startOf(pid: number): number | undefined {
  try {
    const booted = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    const began = booted * 1000 + ticksOf(pid) * 10;
    return Number.isNaN(began) ? undefined : began;
  } catch {
    return undefined;
  }
}

/** One that nobody has waited for yet keeps its number: in a container there may be nobody who ever does. */
function hasEnded(pid: number): boolean {
  try {
    return ['Z', 'X'].includes(fieldOf(pid, STATE));
  } catch {
    // The system does not tell.
    return false;
  }
}

function ticksOf(pid: number): number {
  return Number(fieldOf(pid, START));
}

function fieldOf(pid: number, at: number): string {
  // After the name, which is in brackets and may hold anything.
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ')[at] ?? '';
}
