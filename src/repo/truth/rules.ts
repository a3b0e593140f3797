/** Whose git rules (configuration, attributes, what is ignored) hold in a folder: those of the repository that it lies in, if any. */
import { realpath } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { fail, ok, type Result } from '../../domain/failure';
import { gitText } from '../git';

const NEVER = 'Weft and its agents never touch git’s own files';

/** A repository of the person's, seen from a folder of its work tree. All paths are absolute. */
export interface Rules {
  readonly gitDir: string;
  /** The git directory that all linked worktrees share. */
  readonly commonDir: string;
  /** The top of the work tree. */
  readonly workTree: string;
  /** From the top to the folder: empty, or with a slash at its end. */
  readonly prefix: string;
  /** How its objects are named. */
  readonly format: string;
}

/** The rules that hold in a folder; undefined where no repository has it in its work tree, or the one that has it ignores it. */
export async function rulesOf(folder: string): Promise<Result<Rules | undefined>> {
  const found = await gitText(folder, [
    'rev-parse',
    '--path-format=absolute',
    '--show-toplevel',
    '--git-dir',
    '--git-common-dir',
    '--show-prefix',
    // Not the prefix last: it may be empty, and white space at the end is not told.
    '--show-object-format',
  ]);
  if (!found.ok) return noRules(folder, found);
  const [workTree = '', gitDir = '', commonDir = '', prefix = '', format = ''] = found.value.split('\n');
  // A folder that its repository ignores is, to git, not there.
  const ignored = prefix === '' ? ok('') : await gitText(folder, ['check-ignore', '.']);
  if (!ignored.ok) return ignored;
  return ok(ignored.value === '' ? { gitDir, commonDir, workTree, prefix, format } : undefined);
}

async function noRules(folder: string, why: Result<never>): Promise<Result<undefined>> {
  if (why.ok || !/not a git repository|must be run in a work tree/i.test(why.failure.message)) return why;
  const found = await gitText(folder, ['rev-parse', '--absolute-git-dir']);
  if (!found.ok) return ok(undefined);
  const gitDir = await realpath(found.value);
  if (isWithin(gitDir, folder)) {
    const name = basename(gitDir) === '.git' ? '.git' : `the bare repository ${gitDir}`;
    return fail('input', `${folder} is inside ${name}, and ${NEVER}.`, 'Give the folder of the project.');
  }
  // Work trees beside a bare repository: what is named .git is git's own anywhere, and other names are not.
  if (isWithin(folder, gitDir) && basename(gitDir) !== '.git')
    return fail('input', `${folder} has the bare repository ${gitDir} in it, and ${NEVER}.`, 'Give the folder of a work tree.');
  return ok(undefined);
}

/** Whether a path is a folder, or lies in it; both with links resolved. */
function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}
