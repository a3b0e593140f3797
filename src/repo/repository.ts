/** A workspace folder and the git repository that holds its states: the person's own, or one of Weft's where there is none. */
import { createHash } from 'node:crypto';
import { mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '../domain/changes';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { type Include, NO_INCLUDE } from '../domain/include';
import { type GitPlace, gitText, type ObjectReader, objectReader, plumbText } from './git';
import { fileLock, type Lock } from './lock';

/** Oldest git that merges trees without a work tree. */
const OLDEST_GIT = [2, 38] as const;

export interface Repository extends GitPlace {
  /** The workspace folder: absolute, links resolved. Trees and paths are relative to it. */
  readonly root: string;
  /** From the work tree's top to `root`: empty, or with a slash at its end. */
  readonly prefix: string;
  /** Where everything of Weft's for this root lies, outside the work tree. */
  readonly stateDir: string;
  /** Beginning of all refs of this root, with a slash at its end. */
  readonly refs: string;
  /** The person has a git repository here; else the repository is Weft's own. */
  readonly own: boolean;
  /** The object id that means “none”, as long as this repository's ids are. */
  readonly zero: string;
  readonly objects: ObjectReader;
  /** The ignored files that are part of the whole truth, as the person set it by now. Here, so that all who read the truth agree. */
  readonly include: () => Include;
  /** What never changes, and was asked for or made: trees of commits, commits without parents for trees, what differs between two ids. */
  readonly known: {
    readonly trees: Map<string, string>;
    readonly roots: Map<string, string>;
    readonly changes: Map<string, readonly Change[]>;
  };
  /** Held while the private index is in use. */
  readonly indexLock: Lock;
  /** Held while the workspace is changed: landings, undos and rollbacks go one at a time. */
  readonly landLock: Lock;
}

/** Ignored in folders without git, where no .gitignore says it: what tools can make again, and nobody wants in a snapshot. */
const OWN_EXCLUDES = ['node_modules/', '.venv/', 'venv/', '__pycache__/', 'target/debug/', '.DS_Store', ''].join('\n');

/** Opens the repository of a workspace folder. Creates Weft's state folder, and nothing else. */
export async function openRepository(folder: string, include: () => Include = () => NO_INCLUDE): Promise<Result<Repository>> {
  const version = await gitVersion(folder);
  if (!version.ok) return version;
  let root: string;
  try {
    root = await realpath(folder);
    if (!(await stat(root)).isDirectory()) return fail('input', `${folder} is a file.`, 'Give the folder that contains it.');
  } catch {
    return fail('input', `There is no folder ${folder}.`, 'Give a folder that exists.');
  }
  if (root.includes('\n'))
    return fail('input', `The path of ${root} has a line break in it.`, 'Rename that folder: git’s answers are read by lines.');
  const key = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const found = await gitText(root, [
    'rev-parse',
    '--path-format=absolute',
    '--show-toplevel',
    '--git-dir',
    '--git-common-dir',
    '--show-object-format',
    '--show-prefix',
  ]);
  if (!found.ok && !/not a git repository|must be run in a work tree/i.test(found.failure.message)) return found;
  if (!found.ok) {
    const inside = await gitText(root, ['rev-parse', '--is-inside-git-dir', '--is-bare-repository']);
    if (inside.ok && inside.value === 'true\nfalse') {
      return fail(
        'input',
        `${root} is inside .git, and Weft and its agents never touch git’s own files.`,
        'Give the folder of the project.',
      );
    }
    return beside(root, key, include);
  }
  // A folder that its repository ignores is, to git, not there.
  const ignored = found.value.split('\n')[4] === undefined ? ok('') : await gitText(root, ['check-ignore', '.']);
  if (!ignored.ok) return ignored;
  return ignored.value === '' ? inRepository(root, key, { said: found.value, include }) : beside(root, key, include);
}

async function inRepository(root: string, key: string, found: { said: string; include: () => Include }): Promise<Result<Repository>> {
  const [workTree = root, gitDir = '', commonDir = gitDir, format, prefix = ''] = found.said.split('\n');
  const stateDir = join(commonDir, 'weft', key);
  const made = await makeFolder(stateDir);
  if (!made.ok) return made;
  const place = { gitDir, workTree, cwd: root };
  return ok({
    ...place,
    root,
    prefix,
    stateDir,
    refs: `refs/weft/${key}/`,
    own: false,
    zero: '0'.repeat(format === 'sha256' ? 64 : 40),
    objects: objectReader(place),
    include: found.include,
    ...locks(stateDir),
  });
}

function locks(stateDir: string) {
  return {
    known: { trees: new Map<string, string>(), roots: new Map<string, string>(), changes: new Map<string, readonly Change[]>() },
    indexLock: fileLock(join(stateDir, 'index.held')),
    landLock: fileLock(join(stateDir, 'landing.held')),
  };
}

/** A bare repository among the user's state files, one for each folder. */
async function beside(root: string, key: string, include: () => Include): Promise<Result<Repository>> {
  const stateDir = join(userStateDir(), key);
  const gitDir = join(stateDir, 'repository.git');
  const made = await makeFolder(stateDir);
  if (!made.ok) return made;
  const place = { gitDir, workTree: root, cwd: root };
  const there = await stat(join(gitDir, 'HEAD')).then(
    () => true,
    () => false,
  );
  if (!there) {
    const begun = await gitText(stateDir, ['init', '--quiet', '--bare', '--template=', gitDir]);
    if (!begun.ok) return begun;
    try {
      await mkdir(join(gitDir, 'info'), { recursive: true });
      await writeFile(join(gitDir, 'info', 'exclude'), OWN_EXCLUDES);
      await writeFile(join(stateDir, 'folder.txt'), `${root}\n`);
    } catch (thrown) {
      return fail('file', `Weft cannot write in ${stateDir}: ${thrownText(thrown)}.`, 'Make it writable.');
    }
  }
  return ok({
    ...place,
    root,
    prefix: '',
    stateDir,
    refs: `refs/weft/${key}/`,
    own: true,
    zero: '0'.repeat(40),
    objects: objectReader(place),
    include,
    ...locks(stateDir),
  });
}

/** Where a user's programs keep state; WEFT_STATE_DIR overrides it. */
export function userStateDir(): string {
  const chosen = process.env['WEFT_STATE_DIR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'weft');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'weft');
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'weft');
}

async function makeFolder(folder: string): Promise<Result<void>> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return ok();
  } catch (thrown) {
    return fail('file', `Weft cannot make its folder ${folder}: ${thrownText(thrown)}.`, 'Make the folder above it writable.');
  }
}

async function gitVersion(folder: string): Promise<Result<void>> {
  const cwd = await stat(folder).then(
    (found) => (found.isDirectory() ? folder : homedir()),
    () => homedir(),
  );
  const said = await gitText(cwd, ['--version']);
  if (!said.ok) return said;
  const match = /(\d+)\.(\d+)/.exec(said.value);
  const [major, minor] = [Number(match?.[1]), Number(match?.[2])];
  if (major > OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor >= OLDEST_GIT[1])) return ok();
  return fail('git', `git is too old: this is ${said.value}, and Weft needs ${OLDEST_GIT.join('.')} or newer.`, 'Update git.');
}

/** The commit that a ref of ours points at; undefined where there is no such ref. */
export async function readRef(repo: Repository, name: string): Promise<Result<string | undefined>> {
  const said = await plumbText(repo, ['for-each-ref', '--format=%(objectname)', repo.refs + name]);
  return said.ok ? ok(said.value === '' ? undefined : said.value) : said;
}

/** Points a ref of ours at a commit; where `from` is given, only if it points there still (another process may land, too). */
export async function writeRef(repo: Repository, name: string, to: string, from?: string): Promise<Result<void>> {
  const done = await plumbText(repo, ['update-ref', repo.refs + name, to, ...(from === undefined ? [] : [from])]);
  return done.ok ? ok() : done;
}
