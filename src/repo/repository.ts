/** A workspace folder and the git repository that holds its states: the person's own, or one of Weft's where there is none. */
import { createHash } from 'node:crypto';
import { mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '../domain/changes';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { type Include, NO_INCLUDE } from '../domain/include';
import { pastDeadLocks } from './deadLocks';
import { type GitPlace, gitText, type ObjectReader, objectReader, plumbText } from './git';
import { fileLock, type Lock } from './lock';
import { checkOwnPlaces } from './ownPlaces';
import type { Root } from './root';
import { type NestedParts, type Part, rootPart } from './truth/parts';
import { type Rules, rulesOf } from './truth/rules';

/** Oldest git that merges trees without a work tree. */
const OLDEST_GIT = [2, 38] as const;

export interface Repository extends GitPlace {
  /** The workspace's folder, or folders. Trees and paths are relative to it. */
  readonly root: Root;
  /** Where everything of Weft's for this root lies, outside the work tree. */
  readonly stateDir: string;
  /** Beginning of all refs of this root, with a slash at its end. */
  readonly refs: string;
  /** The repository is Weft's own; else it is the person's. */
  readonly own: boolean;
  /** How objects are named: `sha1` or `sha256`. */
  readonly format: string;
  /** The object id that means “none”, as long as this repository's ids are. */
  readonly zero: string;
  readonly objects: ObjectReader;
  /** The ignored files that are part of the whole truth, as the person set it by now. Here, so that all who read the truth agree. */
  readonly include: () => Include;
  /** Where all objects lie, absolute. */
  readonly storeDir: string;
  /** The workspace's folder as a part; of several folders, what is in none of them. */
  readonly top: Part;
  /** The workspace's folder, or folders, as parts. */
  readonly roots: readonly Part[];
  /** Nested parts, as they were last seen. */
  readonly nested: NestedParts;
  /** What never changes, and was asked for or made: trees of commits, commits without parents for trees, what differs between two ids, trees made of trees. */
  readonly known: {
    readonly trees: Map<string, string>;
    readonly roots: Map<string, string>;
    readonly changes: Map<string, readonly Change[]>;
    readonly composed: Map<string, string>;
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
  const key = keyOf(root);
  const rules = await rulesOf(root);
  if (!rules.ok) return rules;
  const apart = join(userStateDir(), key);
  // What began without git stays where it is when the folder becomes a repository: its runs and snapshots are still there then.
  const there = await isThere(join(apart, 'repository.git', 'HEAD'));
  if (rules.value === undefined || (there && !(await isThere(join(rules.value.commonDir, 'weft', key)))))
    return beside(root, key, { rules: rules.value, include });
  return inRepository(root, key, { rules: rules.value, include });
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function inRepository(
  root: string,
  key: string,
  { rules, include }: { rules: Rules; include: () => Include },
): Promise<Result<Repository>> {
  const { gitDir, workTree, format } = rules;
  const stateDir = join(rules.commonDir, 'weft', key);
  const safe = await checkOwnPlaces(rules.commonDir, key);
  if (!safe.ok) return safe;
  const made = await makeFolder(stateDir);
  if (!made.ok) return made;
  const storeDir = join(rules.commonDir, 'objects');
  const top = rootPart({ gitDir, storeDir, stateDir }, root, rules);
  return ok(assemble({ gitDir, workTree, cwd: root, root, key, stateDir, storeDir, format, top, roots: [top], include, own: false }));
}

/** A bare repository among the user's state files, one for each folder. */
async function beside(
  root: string,
  key: string,
  { rules, include }: { rules: Rules | undefined; include: () => Include },
): Promise<Result<Repository>> {
  const store = await ownStore(key, root);
  if (!store.ok) return store;
  const { gitDir, storeDir, stateDir, format } = store.value;
  const top = rootPart(store.value, root, rules?.format === format ? rules : undefined);
  return ok(assemble({ gitDir, workTree: root, cwd: root, root, key, stateDir, storeDir, format, top, roots: [top], include, own: true }));
}

export interface Store {
  readonly gitDir: string;
  /** Where its objects lie. */
  readonly storeDir: string;
  readonly stateDir: string;
  readonly format: 'sha1';
}

/** Weft's own repository for a key; `text` tells a person who finds it which folders it is for. */
export async function ownStore(key: string, text: string): Promise<Result<Store>> {
  const stateDir = join(userStateDir(), key);
  const gitDir = join(stateDir, 'repository.git');
  const made = await makeFolder(stateDir);
  if (!made.ok) return made;
  if (!(await isThere(join(gitDir, 'HEAD')))) {
    // What the person's git would choose by itself (longer names, say) is for their repositories.
    const begun = await gitText(stateDir, ['init', '--quiet', '--bare', '--template=', '--object-format=sha1', gitDir]);
    if (!begun.ok) return begun;
    try {
      await mkdir(join(gitDir, 'info'), { recursive: true });
      await writeFile(join(gitDir, 'info', 'exclude'), OWN_EXCLUDES);
      await writeFile(join(stateDir, 'folder.txt'), `${text}\n`);
    } catch (thrown) {
      return fail('file', `Weft cannot write in ${stateDir}: ${thrownText(thrown)}.`, 'Make it writable.');
    }
  }
  return ok({ gitDir, storeDir: join(gitDir, 'objects'), stateDir, format: 'sha1' });
}

/** What is chosen, with what follows from it. */
export function assemble(
  chosen: Pick<
    Repository,
    'gitDir' | 'workTree' | 'cwd' | 'root' | 'stateDir' | 'storeDir' | 'format' | 'top' | 'roots' | 'include' | 'own'
  > & { readonly key: string },
): Repository {
  const { key, gitDir, workTree, cwd, stateDir, format } = chosen;
  return {
    ...chosen,
    refs: `refs/weft/${key}/`,
    zero: '0'.repeat(format === 'sha256' ? 64 : 40),
    nested: new Map(),
    objects: objectReader({ gitDir, workTree, cwd }),
    known: {
      trees: new Map<string, string>(),
      roots: new Map<string, string>(),
      changes: new Map<string, readonly Change[]>(),
      composed: new Map<string, string>(),
    },
    indexLock: fileLock(join(stateDir, 'index.held')),
    landLock: fileLock(join(stateDir, 'landing.held')),
  };
}

/** The key of a workspace: made of what tells it from all others. */
export function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
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

/** The commit that a ref of ours points at; undefined where there is no such ref. Costs no process. */
export function readRef(repo: Repository, name: string): Promise<Result<string | undefined>> {
  return repo.objects.find(repo.refs + name);
}

/** Points a ref of ours at a commit; where `from` is given, only if it points there still (another process may land, too). */
export async function writeRef(repo: Repository, name: string, to: string, from?: string): Promise<Result<void>> {
  const done = await pastDeadLocks(repo.refs, () =>
    plumbText(repo, ['update-ref', repo.refs + name, to, ...(from === undefined ? [] : [from])]),
  );
  return done.ok ? ok() : done;
}
