/** What git says of files that it could not read, and goes on without. */
import { fail, ok, type Result } from '../../domain/failure';

/** More of a path is not told, in characters. */
const LONG_PATH = 300;

/** Fails where git could not look into a folder or at a file: it warns, goes on, and would leave out, or keep as it was, what is there. */
export function checkAllRead(warnings: string): Result<void> {
  for (const line of warnings.split('\n')) {
    // git cuts a very long line off, and its reason with it.
    const [, folder, why = 'File name too long'] = /^warning: could not open directory '(.+?)(?:': (.+))?$/.exec(line) ?? [];
    const [, file, reason = why] = /^(?!warning: )(.+): (Permission denied|File name too long|Input\/output error)$/.exec(line) ?? [];
    const path = folder ?? file;
    // A folder that goes away meanwhile is no loss.
    if (path === undefined || reason === 'No such file or directory') continue;
    const name = path.length > LONG_PATH ? `${path.slice(0, LONG_PATH)}…` : path;
    return fail('file', `${name} cannot be read: ${reason}.`, 'Make it readable, or have git ignore it, then try again.');
  }
  return ok();
}
