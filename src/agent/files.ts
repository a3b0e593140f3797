/** Reading a draft's files for an agent: each reason why that is not possible, in words that tell the agent what to do next. */
import { posix } from 'node:path';
import { fail, ok, type Result } from '../domain/failure';
import { parentsOf, parseFolder, parsePath } from '../domain/path';
import type { Draft } from '../repo/draft/draft';
import { isBeside, isUndecided } from '../repo/draft/joining';
import { decodeText, type Text } from './text';

/** Files above this are not decoded: reading them would stall every agent of the process. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface DraftFile {
  /** The workspace path that the model's path stands for. */
  readonly path: string;
  readonly text: Text;
}

/** The text file that a model named, for its eyes. Fails where it is missing, no text, a folder, or a symbolic link. */
export async function readText(draft: Draft, raw: string): Promise<Result<DraftFile>> {
  const file = await textAt(raw, (path) => draft.read(path));
  if (!file.ok) return file;
  const { path, text } = file.value;
  return text === null ? missing(draft, path) : ok({ path, text });
}

/** As {@link readText}, but the model is not told the text, and a path at which there is nothing yet is fine: its text is null. */
export function findText(draft: Draft, raw: string): Promise<Result<FoundText>> {
  return textAt(raw, (path) => draft.look(path));
}

interface FoundText {
  readonly path: string;
  readonly text: Text | null;
}

/** The bytes of a file that a model named, for its eyes; fails where {@link readText} does, but for what is no text. */
export async function readBytes(draft: Draft, raw: string): Promise<Result<{ readonly path: string; readonly bytes: Buffer }>> {
  const file = await bytesAt(raw, (path) => draft.read(path));
  if (!file.ok) return file;
  const { path, bytes } = file.value;
  return bytes === null ? missing(draft, path) : ok({ path, bytes });
}

async function textAt(raw: string, look: Draft['look']): Promise<Result<FoundText>> {
  const file = await bytesAt(raw, look);
  if (!file.ok) return file;
  const { path, bytes } = file.value;
  if (bytes === null) return ok({ path, text: null });
  const text = textIn(path, bytes);
  return text.ok ? ok({ path, text: text.value }) : text;
}

export function textIn(path: string, bytes: Buffer): Result<Text> {
  const text = decodeText(bytes);
  if (text !== undefined) return ok(text);
  return fail('file', `${path} is binary, or not UTF-8 text.`, 'It can be moved or deleted, but neither read nor edited.');
}

async function bytesAt(raw: string, look: Draft['look']): Promise<Result<{ readonly path: string; readonly bytes: Buffer | null }>> {
  const path = parsePath(raw);
  if (!path.ok) return path;
  const entry = await look(path.value);
  if (!entry.ok) return entry;
  if (entry.value === null) return ok({ path: path.value, bytes: null });
  const { mode, bytes } = entry.value;
  if (mode === '120000') return linkFailure(path.value, bytes.toString());
  if (bytes.length > MAX_BYTES) {
    const size = `${Math.round(bytes.length / 1e6).toLocaleString('en')} MB`;
    return fail('file', `${path.value} is too large to read (${size}).`, 'Use search on its folder to find the lines that matter.');
  }
  return ok({ path: path.value, bytes });
}

/** The path of a file of any kind that is there, text or not. */
export async function findFile(draft: Draft, raw: string): Promise<Result<string>> {
  const path = parsePath(raw);
  if (!path.ok) return path;
  const entry = await draft.look(path.value);
  if (!entry.ok) return entry;
  return entry.value === null ? missing(draft, path.value) : ok(path.value);
}

/** As {@link findFile}, but a folder with files in it is fine, too. */
export async function findFileOrFolder(draft: Draft, raw: string): Promise<Result<string>> {
  const path = parsePath(raw);
  if (!path.ok) return path;
  const inside = await draft.list(path.value);
  if (!inside.ok) return inside;
  return inside.value.length > 0 ? path : findFile(draft, raw);
}

/** A folder that a model named, absent meaning the workspace, with the files under it. Fails where there are none. */
export async function findFolder(draft: Draft, raw: string | undefined): Promise<Result<{ folder: string; files: string[] }>> {
  const folder = parseFolder(raw ?? '');
  if (!folder.ok) return folder;
  const files = await draft.list(folder.value);
  if (!files.ok) return files;
  if (files.value.length > 0 || folder.value === '') return ok({ folder: folder.value, files: files.value });
  const entry = await draft.look(folder.value);
  if (!entry.ok) return entry;
  if (entry.value === null) return missing(draft, folder.value, 'folder');
  if (entry.value.mode === '120000') return linkFailure(folder.value, entry.value.bytes.toString());
  return fail('input', `${folder.value} is a file, not a folder.`, 'Use read_file to read it.');
}

/** Why there is nothing at a path: a folder, a symbolic link on the way, or really nothing; then the nearest path that is there. */
async function missing(draft: Draft, path: string, kind: 'file' | 'folder' = 'file'): Promise<Result<never>> {
  for (const parent of parentsOf(path)) {
    const entry = await draft.look(parent);
    if (!entry.ok) return entry;
    if (entry.value?.mode === '120000') return linkFailure(parent, entry.value.bytes.toString());
    if (entry.value !== null)
      return fail('input', `${path} is not there: ${parent} is a file, not a folder.`, 'Use list_files to see what is there.');
  }
  const all = await draft.list('');
  if (!all.ok) return all;
  if (kind === 'file' && all.value.some((file) => file.startsWith(`${path}/`))) {
    return fail('input', `${path} is a folder.`, 'Use list_files to see its files, and name one of them.');
  }
  const candidates = kind === 'file' ? all.value : [...new Set(all.value.flatMap(parentsOf))];
  const near = nearest(path, candidates);
  const what = kind === 'file' ? 'file' : 'folder with files in it,';
  return fail(
    'input',
    `There is no ${what} ${path}.`,
    near === undefined ? 'Use list_files to see what is there.' : `Did you mean ${near}? Use list_files to see what is there.`,
  );
}

function linkFailure(path: string, target: string): Result<never> {
  const led = target.startsWith('/') ? target : posix.normalize(posix.join(posix.dirname(path), target));
  const inside = parsePath(led);
  const fix = inside.ok ? `Name what it leads to instead: ${inside.value}.` : 'It leads out of the workspace: leave it alone.';
  return fail('file', `${path} is a symbolic link to ${JSON.stringify(target)}; links are not followed.`, fix);
}

/** The candidate that a person who wrote `path` most likely meant; undefined where none is near. */
function nearest(path: string, candidates: readonly string[]): string | undefined {
  const name = posix.basename(path).toLowerCase();
  const typos = Math.min(2, Math.floor(name.length / 3));
  const sameName = candidates.filter((candidate) => posix.basename(candidate).toLowerCase() === name);
  const pool =
    sameName.length > 0
      ? sameName
      : candidates.filter((candidate) => distance(posix.basename(candidate).toLowerCase(), name, typos) <= typos);
  let best: { candidate: string; far: number } | undefined;
  for (const candidate of pool.slice(0, 200)) {
    const far = distance(candidate.toLowerCase(), path.toLowerCase(), 200);
    if (best === undefined || far < best.far) best = { candidate, far };
  }
  return best?.candidate;
}

/** How many letters to add, take away or change to get from one to the other; `most + 1` where it is more than `most`. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return Math.min(row[b.length] ?? 0, most + 1);
}

/** Changed files that still have markers of a conflict between the draft and what others did for it. */
export function undecided(draft: Draft): string[] {
  const open: string[] = [];
  for (const [path, content] of draft.changed()) if (content !== null && isUndecided(content.bytes)) open.push(path);
  return open.sort();
}

/** What children made of files that could not be merged, and still lies beside these; nothing of it was there when the draft began. */
export async function leftBeside(draft: Draft): Promise<Result<string[]>> {
  if (![...draft.changed().keys()].some(isBeside)) return ok([]);
  const now = await draft.now();
  if (!now.ok) return now;
  return ok(now.value.changes.flatMap(({ path, before, after }) => (before === null && after !== null && isBeside(path) ? [path] : [])));
}
