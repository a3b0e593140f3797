/** The part of a draft that an agent's tools work on. */
import type { Mode } from '../domain/changes';
import type { Result } from '../domain/failure';

/** Every path is a workspace path, checked by `domain/path`; the workspace itself is the folder ''. */
export interface Draft {
  /** The files under a folder, sorted; none where there is no such folder. */
  list(folder: string): Promise<Result<string[]>>;
  /** A file; null where there is none. The bytes of a symbolic link (mode 120000) are its target. */
  read(path: string): Promise<Result<{ mode: Mode; bytes: Buffer } | null>>;
  /** Refuses a path through a symbolic link, and one where a folder, or a file in a folder's place, stands in the way. */
  write(path: string, bytes: Buffer, mode?: Mode): Promise<Result<void>>;
  remove(path: string): Promise<Result<void>>;
  move(from: string, to: string): Promise<Result<void>>;
  /** The lines that match an extended regular expression; lines count from 1. */
  search(
    pattern: string,
    options: { folder: string; ignoreCase: boolean },
    signal: AbortSignal,
  ): Promise<Result<{ path: string; line: number; text: string }[]>>;
}
