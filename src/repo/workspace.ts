/** The port to the person's workspace: its unsaved text, and the only ways in which Weft ever changes its files. */
import type { Mode } from '../domain/changes';
import type { Result } from '../domain/failure';

/** A file's content as it lies on disk (a link's: its target). */
export interface Content {
  readonly mode: Mode;
  readonly bytes: Buffer;
}

/** Text in an editor that is not on disk, as the bytes that saving would write. */
export interface Unsaved {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Text in an editor that has no file yet. */
export interface Untitled {
  readonly name: string;
  readonly language: string;
  readonly text: string;
}

/**
 * One file to change. `before` is what the workspace was read to hold, the editor's text where it is unsaved: where it
 * holds something else by now, nothing is changed, and the failure's kind is `moved`. `null`: no such file.
 */
export interface FileEdit {
  readonly path: string;
  readonly before: Content | null;
  readonly after: Content | null;
}

/** One file to be put back exactly: what is on disk, and the editor's text where that was unsaved. */
export interface FileRestore {
  readonly path: string;
  readonly disk: Content | null;
  readonly unsaved: Buffer | null;
}

export interface Workspace {
  /** Text of open documents under the root that differs from disk. */
  unsaved(): Promise<Unsaved[]>;
  untitled(): Promise<Untitled[]>;
  /** Has the editor look whether it kept unsaved text of these files through a crash; {@link unsaved} knows of it afterwards. */
  recall(paths: readonly string[]): Promise<void>;
  /**
   * Resolves when nobody has typed for so many milliseconds (or for a moment, which may be longer), or after some seconds at most: a
   * landing that met typing tries again then.
   */
  calm(atLeastMs: number): Promise<void>;
  /**
   * Changes files all together or not at all: after a failure everything is as it was, but for what somebody else changed
   * meanwhile. Text that was unsaved stays unsaved; everything else is on disk.
   */
  apply(edits: readonly FileEdit[]): Promise<Result<void>>;
  /** Makes files, and editors, hold exactly this. What it replaces must be in a snapshot already. */
  restore(files: readonly FileRestore[], untitled: readonly Untitled[]): Promise<Result<void>>;
}
