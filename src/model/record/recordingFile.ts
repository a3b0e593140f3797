/** A recording as a file: new, for the eyes of its owner alone. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Failure, fail, fixOfWrite, ok, type Result, thrownText } from '../../domain/failure';
import type { RecorderOptions } from './recorder';

/**
 * Makes a recording at that path; fails where there is a file already: two runs in one would be none that can be played. What cannot be written later
 * ends it, is told once, and stops nothing.
 */
export function recordInto(
  path: string,
  { secrets, onFailure }: { readonly secrets: readonly string[]; readonly onFailure: (failure: Failure) => void },
): Result<RecorderOptions> {
  let file: number | undefined;
  const failure = (thrown: unknown) =>
    fail(
      'file',
      `The recording ${path} cannot be written: ${thrownText(thrown)}.`,
      fixOfWrite(thrown, 'Name a file that is not there yet, in a folder that is.'),
    );
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (thrown) {
    return failure(thrown);
  }
  const write = (line: string) => {
    if (file === undefined) return;
    try {
      writeSync(file, line);
    } catch (thrown) {
      closeSync(file);
      file = undefined;
      onFailure(failure(thrown).failure);
    }
  };
  return ok({ write, secrets });
}
