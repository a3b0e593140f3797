/** Failures are values: what went wrong, where, and what the person can do about it. */

/** The kinds of thing that can go wrong, as a program tells them apart. People read `message` and `fix`. */
export type FailureKind =
  /** The input (plan, path, argument, setting) cannot be used as it is. */
  | 'input'
  /** git is missing, too old, or refused. */
  | 'git'
  /** A file could not be read or written. */
  | 'file'
  /** The workspace changed between reading it and writing to it: reading again may help. */
  | 'moved'
  /** Files were changed, and could be neither finished nor put back: Weft settles that before it does anything else. */
  | 'half'
  /** No key, or the server refused it. */
  | 'auth'
  /** A budget is used up, or has not enough left. */
  | 'budget'
  /** The model's server cannot be reached, or answered with an error. */
  | 'model'
  /** The model's server does not take what is asked, and would not the next time: it does not know the model, say, or what Weft asks of it. */
  | 'refused'
  /** The agent did not do what its task needs (no tool call, out of turns, refused). */
  | 'agent'
  /** The agent goes round in circles: it makes the same calls, or spawns the same tasks, again and again. */
  | 'loop'
  /** It took longer than the task, or the run, may take. */
  | 'timeout'
  /** The process that the agent ran in ended, or did not answer any more. */
  | 'crash'
  /** A check failed on the merged workspace. */
  | 'check'
  /** The person, or a rule of theirs, does not allow it. */
  | 'denied'
  /** Whoever was to decide it leaves it to the person. */
  | 'unsure'
  /** The person stopped it. */
  | 'cancelled';

export interface Failure {
  readonly kind: FailureKind;
  /** What failed, and where: a sentence. */
  readonly message: string;
  /** What to do next: a sentence; empty where nothing is to be done (a cancellation). */
  readonly fix: string;
}

export type Result<T, F = Failure> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: F };

export function ok(): Result<void>;
export function ok<T>(value: T): Result<T>;
export function ok<T>(value?: T): Result<T | undefined> {
  return { ok: true, value };
}

export function fail(kind: FailureKind, message: string, fix = ''): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { kind, message, fix } };
}

/** Whether an agent that failed with this was cut off, and can go on where it was: no turn that is paid for has to be made again. */
export function isCutOff(kind: FailureKind): boolean {
  return kind === 'crash' || kind === 'model';
}

/** What a wait that was called off resolves to. */
export const cancelled = fail('cancelled', 'Stopped.');

/** One line for a person: what failed, then what to do. */
export function failureText(failure: Failure): string {
  return failure.fix === '' ? failure.message : `${failure.message} ${failure.fix}`;
}

/** The message of whatever foreign code threw. */
export function thrownText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What to do about a file that could not be written: `otherwise`, unless its disk is full. */
export function fixOfWrite(thrown: unknown, otherwise: string): string {
  return saysDiskFull(thrownText(thrown)) ? 'Free some space on its disk, then try again.' : otherwise;
}

/** Whether a message of the system's, git's or ours tells of a disk, or of what its user may have of it, that is used up. */
export function saysDiskFull(text: string): boolean {
  return /ENOSPC|EDQUOT|no space left|out of disk ?space|disk quota exceeded|the disk is full/i.test(text);
}

/** Fails to compile where a union gained a member that a `switch` does not know. */
export function never(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
