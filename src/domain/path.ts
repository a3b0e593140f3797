/** Workspace paths: relative, with forward slashes, inside the workspace, never inside `.git`. Pure: links are checked where files are. */
import { fail, ok, type Result } from './failure';

/** Names that Windows or macOS take for `.git`: case, trailing dots and blanks, short names, ignorable characters. */
const GIT_NAMES = /^(\.git|git~\d+)$/i;
/** Zero-width and direction characters that HFS+ leaves out when it compares names. */
const IGNORABLE = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** Device names, which Windows reserves in every folder. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Bytes of a file's or folder's name that file systems have room for. */
const LONGEST = 255;

/**
 * A path as a model, a plan or a person wrote it, as a workspace path (`src/a.ts`).
 * `.` and the empty string are the workspace itself and are refused, too: ask {@link parseFolder} for folders.
 */
export function parsePath(raw: string): Result<string> {
  const path = parseFolder(raw);
  if (path.ok && path.value === '') return refuse(raw, 'is a folder', 'Name a file inside the workspace.');
  return path;
}

/** As {@link parsePath}, for a folder: the workspace itself is the empty string. */
export function parseFolder(raw: string): Result<string> {
  if (raw.includes('\0')) return refuse(raw, 'contains a NUL character');
  if (isAbsolute(raw)) return refuse(raw, 'is absolute');
  const parts: string[] = [];
  for (const part of raw.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') return refuse(raw, 'contains “..”');
    const bare = nameAsTaken(part);
    // Windows takes “.. ” for “..”, and has no names of dots and blanks alone.
    if (bare === '') return refuse(raw, 'has a part that is made of dots and blanks alone');
    if (GIT_NAMES.test(bare)) return refuse(raw, 'is inside .git', 'Weft and its agents never touch git’s own files.');
    if (DEVICES.test(bare)) return refuse(raw, 'uses a name that Windows reserves');
    // A draft would hold it, and its landing would fail with all that goes with it.
    if (new TextEncoder().encode(part).length > LONGEST)
      return refuse(raw, `has a part of more than ${LONGEST} bytes`, 'Use a shorter name.');
    parts.push(part);
  }
  const path = parts.join('/');
  // `./c:x` is `c:x` by now, which Windows looks for on another drive.
  return isAbsolute(path) ? refuse(raw, 'is absolute') : ok(path);
}

/** A workspace path as Windows or macOS may take it, whose file it then is. */
export function asTaken(path: string): string {
  return path.split('/').map(nameAsTaken).join('/');
}

function nameAsTaken(part: string): string {
  return part
    .replace(IGNORABLE, '')
    .replace(/:.*$/s, '')
    .replace(/[. ]+$/, '');
}

function isAbsolute(path: string): boolean {
  return /^([a-z]:|[\\/]|~|[a-z][a-z0-9+.-]*:\/\/)/i.test(path);
}

/** The folders that contain a path, outermost first: `a/b/c.ts` → `a`, `a/b`. */
export function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function refuse(raw: string, why: string, fix = 'Use a path relative to the workspace, such as src/app.ts.') {
  return fail('input', `The path ${JSON.stringify(raw.slice(0, 200))} ${why}.`, fix);
}
