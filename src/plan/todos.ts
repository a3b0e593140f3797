/** The comments of a workspace that say what is left to do. */
import { ok, type Result } from '../domain/failure';
import type { Draft } from '../repo/draft/draft';
import type { Todo } from './context';

/** So many are looked for: a list of more is for nobody to choose from. */
const MAX_TODOS = 1_000;

/** A word that stands alone, behind what begins a comment (or a line of one) and before what is to be done. */
const PATTERN = String.raw`(^|//|/\*|\*|#|--|;|<!--|%|")\s*@?(TODO|FIXME|XXX|HACK)\b(\([^)]*\))?\s*[:\-–]?\s*\S`;

/** In the order of their files; `more`: there are others. Files of what others wrote (lock files, minified ones) are left out. */
export async function findTodos(draft: Draft, signal: AbortSignal): Promise<Result<{ todos: Todo[]; more: boolean }>> {
  const found = await draft.search({ pattern: PATTERN, folder: '', ignoreCase: false, most: MAX_TODOS }, signal);
  if (!found.ok) return found;
  const { hits, more } = found.value;
  return ok({ todos: hits.flatMap(({ path, line, text }) => todoIn(path, line, text) ?? []), more });
}

/** Undefined where the line is no comment that says so. */
export function todoIn(path: string, line: number, text: string): Todo | undefined {
  if (text.length > 1_000 || /\.(min\.\w+|lock|map)$/.test(path)) return undefined;
  const said = /\b(TODO|FIXME|XXX|HACK)\b.*/.exec(text)?.[0] ?? '';
  const bare = said.replace(/\s*(\*\/|-->)\s*$/, '').trim();
  return bare === '' ? undefined : { path, line, text: bare };
}
