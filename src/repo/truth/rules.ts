/** Whose git rules (configuration, attributes, what is ignored) hold in a folder: those of the repository that it lies in, if any. */
import { fail, ok, type Result } from '../../domain/failure';
import { gitText } from '../git';

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
  const inside = await gitText(folder, ['rev-parse', '--is-inside-git-dir', '--is-bare-repository']);
  return inside.ok && inside.value === 'true\nfalse'
    ? fail('input', `${folder} is inside .git, and Weft and its agents never touch git’s own files.`, 'Give the folder of the project.')
    : ok(undefined);
}
