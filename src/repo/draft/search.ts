/** Searching a tree's files by regular expression and by glob: git's own grep, read as it comes and ended when enough is found. */
import { fail, ok, type Result } from '../../domain/failure';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { extendedFrom } from './patterns';

/** One line that a search found; `line` counts from 1. A very long line is cut. */
export interface Hit {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export interface Search {
  /** A regular expression as Perl knows them, matched against each line. */
  readonly pattern: string;
  /** Only below this folder; `''`: everywhere. */
  readonly folder: string;
  /** Only files whose path, from the folder on, fits; a glob without a slash fits names in any folder. With `!` before it: all others. */
  readonly glob?: string | undefined;
  readonly ignoreCase: boolean;
  /** So many hits are enough. */
  readonly most: number;
}

export interface Found {
  readonly hits: readonly Hit[];
  /** Whether there are more than were wanted. */
  readonly more: boolean;
}

/** Bytes of one line that are kept. */
const MAX_LINE = 4096;

/** Searches the text files of a tree or commit, in the order of their paths. */
export async function searchTree(repo: Repository, tree: string, search: Search, signal: AbortSignal): Promise<Result<Found>> {
  const perl = await grep(repo, tree, search, { flags: ['-P'], pattern: search.pattern }, signal);
  if (perl.ok || !/USE_LIBPCRE/.test(perl.failure.message)) return perl.ok ? perl : refused(perl, search);
  // This git was built without Perl's expressions: what means the same in the other kind is searched for in that.
  const extended = extendedFrom(search.pattern);
  if (extended === undefined) {
    const why = 'git was built without Perl’s regular expressions here';
    return fail(
      'input',
      `The search for ${JSON.stringify(search.pattern)} failed: ${why}.`,
      'Use an extended regular expression (grep -E).',
    );
  }
  const found = await grep(repo, tree, search, { flags: ['-E'], pattern: extended }, signal);
  return found.ok ? found : refused(found, search);
}

async function grep(
  repo: Repository,
  tree: string,
  search: Search,
  { flags, pattern }: { readonly flags: readonly string[]; readonly pattern: string },
  signal: AbortSignal,
): Promise<Result<Found>> {
  const rows = hitReader(tree, search.most);
  const options = ['-z', '-n', '-I', '--no-color', '--full-name', ...flags, ...(search.ignoreCase ? ['-i'] : [])];
  const where = pathspecs(search.folder, search.glob);
  // In a sub-folder of a repository, git would take the tree's paths for paths of that folder: from the top they are as they are.
  const said = await plumb(
    { ...repo, cwd: repo.workTree },
    ['grep', ...options, '-e', pattern, tree, ...(where.length > 0 ? ['--', ...where] : [])],
    { answers: [1], signal, magic: true, locale: 'C.UTF-8', take: rows.take },
  );
  return said.ok ? ok(rows.found()) : said;
}

function refused(failed: { readonly ok: false; readonly failure: ReturnType<typeof fail>['failure'] }, { pattern }: Search): Result<never> {
  const { kind, message } = failed.failure;
  if (kind === 'cancelled') return failed;
  const why = message.replace(/^git \S+ failed: (command line, )?/, '').replace(/\.$/, '');
  return fail(
    'input',
    `The search for ${JSON.stringify(pattern)} failed: ${why}.`,
    'Put a \\ before characters that are meant as they are.',
  );
}

/** Reads `TREE:PATH NUL LINE NUL TEXT LF` as it comes. */
function hitReader(tree: string, most: number): { take: (chunk: Buffer) => boolean; found: () => Found } {
  const hits: Hit[] = [];
  let more = false;
  let path: string | undefined;
  let line: number | undefined;
  let parts: Buffer[] = [];
  let kept = 0;
  const keep = (part: Buffer) => {
    const room = part.subarray(0, Math.max(0, MAX_LINE - kept));
    if (room.length > 0) parts.push(room);
    kept += room.length;
  };
  const taken = () => {
    const text = Buffer.concat(parts).toString();
    parts = [];
    kept = 0;
    return text;
  };
  return {
    found: () => ({ hits, more }),
    take: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const end = chunk.indexOf(line === undefined ? 0 : 10, at);
        keep(chunk.subarray(at, end === -1 ? chunk.length : end));
        if (end === -1) return true;
        at = end + 1;
        const said = taken();
        if (path === undefined) path = said.slice(tree.length + 1);
        else if (line === undefined) line = Number(said);
        else {
          more = hits.length === most;
          if (more) return false;
          hits.push({ path, line, text: said });
          path = undefined;
          line = undefined;
        }
      }
      return true;
    },
  };
}

/** What git is to look at, for a folder and a glob. */
function pathspecs(folder: string, glob: string | undefined): string[] {
  const base = folder === '' ? '' : `${folder.replace(/[\\*?[\]]/g, '\\$&')}/`;
  const all = base === '' ? [] : [`:(glob)${base}**`];
  if (glob === undefined || glob === '') return folder === '' ? [] : [...all, `:(literal)${folder}`];
  const excluded = glob.startsWith('!');
  const fits = braces(glob.replace(/^!/, '').replace(/^(\.?\/)+/, '')).flatMap((one) => {
    const inside = one.endsWith('/') ? `${one}**` : one;
    return [base + (inside.replace(/\/\*\*$/, '').includes('/') || inside.endsWith('/**') ? inside : `**/${inside}`)];
  });
  return excluded ? [...all, ...fits.map((one) => `:(exclude,glob)${one}`)] : fits.map((one) => `:(glob)${one}`);
}

/** `{a,b}` written out: `x.{ts,js}` is `x.ts` and `x.js`. */
function braces(glob: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(glob);
  if (match === null) return [glob];
  const [, before = '', inside = '', after = ''] = match;
  return inside.split(',').flatMap((one) => braces(before + one + after));
}
