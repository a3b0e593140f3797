/** Which ignored files belong to the whole truth all the same: globs as in a .gitignore, and how much of them. Pure. */
import * as z from 'zod';
import { DEFAULT_INCLUDE_MAX_FILE_MB, DEFAULT_INCLUDE_MAX_MB } from './settings';

/** What a person set. Sizes are in bytes: of one file, and of all files together. */
export interface Include {
  readonly globs: readonly string[];
  readonly maxFileBytes: number;
  readonly maxBytes: number;
}

export const MEGABYTE = 1024 * 1024;

/** Ignored files stay out. */
export const NO_INCLUDE: Include = {
  globs: [],
  maxFileBytes: DEFAULT_INCLUDE_MAX_FILE_MB * MEGABYTE,
  maxBytes: DEFAULT_INCLUDE_MAX_MB * MEGABYTE,
};

/** Files that the globs name, and that are left out for their size: how many, in sum, and the largest of them by name. */
export const tooLargeSchema = z.object({
  count: z.number(),
  bytes: z.number(),
  largest: z.array(z.object({ path: z.string(), bytes: z.number() })),
});
export type TooLarge = z.infer<typeof tooLargeSchema>;

/** So many are named. */
const NAMED = 5;

/** Takes files in the order of their paths, as long as they fit. */
export function fitting<T extends { readonly path: string; readonly bytes: number }>(
  files: readonly T[],
  include: Include,
): { taken: T[]; tooLarge: TooLarge | null } {
  const taken: T[] = [];
  const others: T[] = [];
  let sum = 0;
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (file.bytes > include.maxFileBytes || sum + file.bytes > include.maxBytes) {
      others.push(file);
    } else {
      sum += file.bytes;
      taken.push(file);
    }
  }
  if (others.length === 0) return { taken, tooLarge: null };
  const largest = others
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, NAMED)
    .map(({ path, bytes }) => ({ path, bytes }));
  return { taken, tooLarge: { count: others.length, bytes: others.reduce((all, { bytes }) => all + bytes, 0), largest } };
}

/** One glob, by the names of a path. */
interface Glob {
  /** Begins with “!”: what it matches stays out, though an earlier one takes it in. */
  readonly out: boolean;
  readonly parts: readonly (RegExp | 'folders')[];
}

/** How far a glob has come on the way down a path. `named`: its last step was by a name, not by `**`. */
interface Stand {
  readonly at: number;
  readonly named: boolean;
}

export interface Matcher {
  /** Whether a file is included; a glob that matches one of its folders includes all that is in it. */
  takes(path: string): boolean;
  /** Whether a folder that git ignores has to be looked into: where a glob names it. `**` alone leads into none (`node_modules`). */
  opens(folder: string): boolean;
  /** Whether a glob can match anything in this folder, which lies in one that was opened. */
  reaches(folder: string): boolean;
}

/** Globs as in a .gitignore: without a slash at any depth, else from the root; `**`, `*`, `?`, `[a-z]`, and `{a,b}` too. */
export function matcherOf(globs: readonly string[]): Matcher {
  const all = globs.flatMap((text) => globOf(text) ?? []);
  const wanted = all.filter(({ out }) => !out);
  return {
    takes: (path) => all.reduce((taken, glob) => (standsAt(glob, path) === 'matched' ? !glob.out : taken), false),
    opens: (folder) =>
      wanted.some((glob) => {
        const stands = standsAt(glob, folder);
        return stands === 'matched' || stands.some(({ named }) => named);
      }),
    reaches: (folder) =>
      wanted.some((glob) => {
        const stands = standsAt(glob, folder);
        return stands === 'matched' || stands.length > 0;
      }),
  };
}

function globOf(text: string): Glob | undefined {
  const out = text.startsWith('!');
  const path = text
    .slice(out ? 1 : 0)
    .trim()
    .replace(/^\.\//, '')
    .replace(/\/+$/, '');
  const names = path.split('/').filter((name) => name !== '');
  if (names.length === 0) return undefined;
  const parts = names.map((name) => (name === '**' ? 'folders' : nameOf(name)));
  if (!path.includes('/')) parts.unshift('folders');
  // What ends with `**` matches all that lies in the folder, and not the folder itself.
  if (parts.at(-1) === 'folders') parts.push(/^/);
  return { out, parts };
}

function nameOf(glob: string): RegExp {
  const literal = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const pattern = glob.replaceAll(/\\(.)|\*+|\?|\[([!^]?)([^\]]+)\]|\{([^{}]*)\}|[^\\*?[{]+|./g, (part, escaped, not, set, either) => {
    if (escaped !== undefined) return literal(escaped);
    if (part.startsWith('*')) return '.*';
    if (part === '?') return '.';
    if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replaceAll(/[\\\]^]/g, '\\$&')}]`;
    if (either !== undefined)
      return `(?:${either
        .split(',')
        .map((one: string) => nameOf(one).source.slice(1, -1))
        .join('|')})`;
    return literal(part);
  });
  try {
    return new RegExp(`^${pattern}$`, 's');
  } catch {
    // A range that makes no sense, such as [z-a].
    return new RegExp(`^${literal(glob)}$`);
  }
}

function standsAt({ parts }: Glob, path: string): readonly Stand[] | 'matched' {
  let stands = widened(parts, [{ at: 0, named: false }]);
  for (const name of path.split('/')) {
    const next: Stand[] = [];
    for (const { at } of stands) {
      const part = parts[at];
      if (part === 'folders') next.push({ at, named: false });
      else if (part?.test(name) === true) next.push({ at: at + 1, named: true });
    }
    if (next.some(({ at }) => at === parts.length)) return 'matched';
    stands = widened(parts, next);
  }
  return stands;
}

/** `**` stands for no folder, too. */
function widened(parts: Glob['parts'], stands: readonly Stand[]): Stand[] {
  const all = [...stands];
  for (const { at, named } of all) if (parts[at] === 'folders') all.push({ at: at + 1, named });
  return all;
}
