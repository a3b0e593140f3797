/** A real repository in a temporary folder, with the files that a test says; gone after the test. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openRepository, type Repository } from '../../src/repo/repository';
import { openWorkspace } from '../../src/repo/spanning';
import { valued } from './result';

// Nobody's own settings of git, and nobody's own state folder, may decide a test, or be changed by one.
const home = mkdtempSync(join(tmpdir(), 'weft-home-'));
process.env['HOME'] = home;
process.env['XDG_CONFIG_HOME'] = join(home, 'config');
process.env['WEFT_STATE_DIR'] = join(home, 'state');
process.env['GIT_CONFIG_NOSYSTEM'] = '1';
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Done after the test, whatever came of it; what was asked for last is done first. */
export function afterThisTest(cleanup: () => void): void {
  cleanups.push(cleanup);
}

/** Text, bytes, an executable script or a link; null: no such file. */
export type Given = string | Buffer | { readonly run: string } | { readonly link: string } | null;
export type Files = Readonly<Record<string, Given>>;

/** A folder that is gone after the test; `where`: for other users than the one of the tests, whose own folder is closed to them. */
export function temporaryFolder(where = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(join(where, 'weft-test-')));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file under a test's folder becomes this, whatever was there. */
export function put(root: string, path: string, given: Given): void {
  const file = join(root, path);
  if (given === null) {
    rmSync(file, { recursive: true, force: true });
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  const old = lstatSync(file, { throwIfNoEntry: false });
  const isLink = typeof given === 'object' && 'link' in given;
  if (old?.isSymbolicLink() === true || (old !== undefined && isLink && !old.isDirectory())) unlinkSync(file);
  if (old?.isDirectory() === true) rmSync(file, { recursive: true });
  if (typeof given === 'string' || Buffer.isBuffer(given)) writeFileSync(file, given);
  else if ('link' in given) symlinkSync(given.link, file);
  else {
    writeFileSync(file, given.run);
    chmodSync(file, 0o755);
  }
}

export function putAll(root: string, files: Files): void {
  for (const [path, given] of Object.entries(files)) put(root, path, given);
}

/** Everything under a folder but `.git`: mode and content (a link's: its target) by path, in order. Not text: in hex. */
export function folderState(root: string): Record<string, string> {
  const rows: [string, string][] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(root.length + 1);
    if (/(^|\/)\.git(\/|$)/.test(path) || entry.isDirectory()) continue;
    if (entry.isSymbolicLink()) rows.push([path, `link ${readlinkSync(file)}`]);
    else rows.push([path, `${(lstatSync(file).mode & 0o100) !== 0 ? 'run' : 'file'} ${printable(readFileSync(file))}`]);
  }
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function printable(bytes: Buffer): string {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) && !text.includes('\0') ? text : bytes.toString('hex');
}

/** git as the person runs it. */
export function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=Person', '-c', 'user.email=person@localhost', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export interface Sandbox {
  readonly root: string;
  readonly repo: Repository;
}

/** Opens a folder as Weft does; closed after the test. */
export async function opened(root: string): Promise<Repository> {
  const repo = valued(await openRepository(root));
  cleanups.push(() => repo.objects.dispose());
  return repo;
}

/** As {@link opened}, of several folders together. */
export async function openedTogether(folders: readonly string[]): Promise<Repository> {
  const repo = valued(await openWorkspace(folders));
  cleanups.push(() => repo.objects.dispose());
  return repo;
}

/** A repository with these files committed. */
export async function sandbox(files: Files = {}, root = temporaryFolder()): Promise<Sandbox> {
  git(root, 'init', '--quiet', '--initial-branch=main', '--template=');
  putAll(root, files);
  if (Object.keys(files).length > 0) commitAll(root);
  return { root, repo: await opened(root) };
}

export function commitAll(root: string, message = 'All'): void {
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--allow-empty', '--message', message);
}

/** The files of a tree or commit, as {@link folderState} has those of a folder. */
export function treeState(repo: Repository, tree: string): Record<string, string> {
  const rows = execFileSync('git', [`--git-dir=${repo.gitDir}`, 'ls-tree', '-r', '-z', '--full-tree', tree], { encoding: 'utf8' });
  const entries = rows
    .split('\0')
    .filter((row) => row !== '')
    .map((row) => {
      const [mode = '', , blob = ''] = row.slice(0, row.indexOf('\t')).split(' ');
      const kind = mode === '120000' ? 'link' : mode === '100755' ? 'run' : mode === '160000' ? 'repository' : 'file';
      return { path: row.slice(row.indexOf('\t') + 1), kind, blob };
    });
  const blobs = blobsOf(repo, new Set(entries.filter(({ kind }) => kind !== 'repository').map(({ blob }) => blob)));
  const files = entries.map(({ path, kind, blob }): [string, string] => [path, `${kind} ${printable(blobs.get(blob) ?? Buffer.alloc(0))}`]);
  return Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** All of them by one git: starting it is what costs. */
function blobsOf(repo: Repository, blobs: ReadonlySet<string>): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  if (blobs.size === 0) return found;
  const input = [...blobs].map((blob) => `${blob}\n`).join('');
  const out = execFileSync('git', [`--git-dir=${repo.gitDir}`, 'cat-file', '--batch'], { input, maxBuffer: 256e6 });
  for (let at = 0; at < out.length; ) {
    const begin = out.indexOf('\n', at) + 1;
    const [blob = '', kind, size] = out.toString('latin1', at, begin - 1).split(' ');
    if (kind !== 'blob') throw new Error(`${blob} is ${kind}, and no blob`);
    found.set(blob, out.subarray(begin, begin + Number(size)));
    at = begin + Number(size) + 1;
  }
  return found;
}

export function blobOf(repo: Repository, blob: string): Buffer {
  return execFileSync('git', [`--git-dir=${repo.gitDir}`, 'cat-file', 'blob', blob], { maxBuffer: 64e6 });
}

export function isThere(root: string, path: string): boolean {
  return existsSync(join(root, path));
}
