/** Handing work on: a branch of the person's repository, made of changes, each a commit. Neither HEAD nor index nor work tree is touched. */

import { fail, ok, type Result } from '../../domain/failure';
import { exactly } from '../../domain/inboxText';
import { parentsOf } from '../../domain/path';
import { type Author, gitText, plumb, plumbText } from '../git';
import type { Repository } from '../repository';
import { diffTrees, listTree, lookUp, mergeTrees, treeOf, withFolders, withoutNul, withPuts } from '../trees';
import { nestedParts } from '../truth/parts';

/** One change, as a commit of the branch: all that differs between two commits of a chain. */
export interface Exported {
  /** Null: what the branch begins from. */
  readonly base: string | null;
  readonly theirs: string;
  /** What it is, for a failure: a task's title. */
  readonly title: string;
  readonly message: string;
  /** When it was done, in milliseconds since 1970. */
  readonly at: number;
}

export interface Branch {
  readonly name: string;
  readonly tip: string;
  /** Titles of those that made a commit; a change that is in the branch already makes none. */
  readonly commits: readonly string[];
  /** Files of repositories inside the workspace, whose changes no branch of this one can have. */
  readonly leftOut: readonly string[];
  /** Files that git ignores, and that nobody committed: what the person keeps out of git (secrets, mostly) goes into no branch. */
  readonly ignored: readonly string[];
}

/** The commit that is checked out; undefined where there is none yet, or where the person has no git repository. */
export async function headOf(repo: Repository): Promise<Result<string | undefined>> {
  if (repo.own) return ok(undefined);
  const said = await plumb(repo, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { answers: [1] });
  if (!said.ok) return said;
  return ok(said.value.code === 0 ? said.value.out.toString().trim() : undefined);
}

/** Makes a branch that begins at a commit and has a commit for each change. Fails, and makes none, where a change does not fit. */
export async function exportBranch(
  repo: Repository,
  { name, from, changes }: { name: string; from: string | undefined; changes: readonly Exported[] },
  signal: AbortSignal,
): Promise<Result<Branch>> {
  if (typeof repo.root !== 'string')
    return fail(
      'input',
      'This run spans several folders, and a branch is one repository’s.',
      'Commit what it changed in each of them by hand, or run it in one folder.',
    );
  if (repo.own)
    return fail(
      'input',
      `${repo.root} is in no git repository, so there is nowhere to make a branch.`,
      'Make one with “git init”, and commit.',
    );
  if (from === undefined) return fail('input', 'There is no commit that a branch could begin from.', 'Commit once, then try again.');
  const free = await checkName(repo, name);
  if (!free.ok) return free;
  const author = await authorOf(repo);
  if (!author.ok) return author;
  const begin = await folderOf(repo, from);
  if (!begin.ok) return begin;
  const apart = await ownRepositories(repo, begin.value);
  if (!apart.ok) return apart;
  const out = await outOfGit(repo, { begin: begin.value, changes, apart: apart.value });
  if (!out.ok) return out;
  const { ignored } = out.value;
  const bare = (treeish: string) => without(repo, treeish, { folders: apart.value, files: ignored });
  const leftOut = new Set<string>();
  let tip = from;
  let tree = begin.value;
  const commits: string[] = [];
  for (const { base, theirs, title, message, at } of changes) {
    if (signal.aborted) return fail('cancelled', 'Stopped.');
    const changed = await diffTrees(repo, base ?? begin.value, theirs);
    if (!changed.ok) return changed;
    // Where the branch begins, such a folder is a link at most, which differs from all of its files.
    const isApart = (path: string) => base !== null && apart.value.some((folder) => path.startsWith(`${folder}/`));
    for (const { path } of changed.value) if (isApart(path)) leftOut.add(path);
    const was = await bare(base ?? begin.value);
    if (!was.ok) return was;
    const to = await bare(theirs);
    if (!to.ok) return to;
    const merge = await mergeTrees(repo, { base: was.value, ours: tree, theirs: to.value });
    if (!merge.ok) return merge;
    if (merge.value.conflicts.length > 0) {
      const paths = merge.value.conflicts.map(({ path }) => exactly(path)).join(', ');
      return fail(
        'input',
        `“${title}” does not fit on top of what was committed: ${paths} had changes that are not in the branch.`,
        'Have the branch include your own edits, too (--include-edits); where it does already, redo what was undone.',
      );
    }
    if (merge.value.tree === tree) continue;
    tree = merge.value.tree;
    const made = await commitFolder(repo, { tip, tree, message, author: { ...author.value, at } });
    if (!made.ok) return made;
    tip = made.value;
    commits.push(title);
  }
  // The zero id: only if there is no such branch by now.
  const written = await plumbText(repo, ['update-ref', '-m', 'weft: created from a run', `refs/heads/${name}`, tip, repo.zero]);
  return written.ok ? ok({ name, tip, commits, leftOut: [...leftOut].sort(), ignored }) : written;
}

/** Of all that changed, the files that git ignores and that the branch does not begin with. */
async function outOfGit(
  repo: Repository,
  { begin, changes, apart }: { begin: string; changes: readonly Exported[]; apart: readonly string[] },
): Promise<Result<{ ignored: string[] }>> {
  const paths = new Set<string>();
  for (const { base, theirs } of changes) {
    const changed = await diffTrees(repo, base ?? begin, theirs);
    if (!changed.ok) return changed;
    for (const { path } of changed.value) if (!apart.some((folder) => path.startsWith(`${folder}/`))) paths.add(path);
  }
  if (paths.size === 0) return ok({ ignored: [] });
  // The one command that takes paths, and refuses to take them literally; `./` keeps one from beginning with `:(`.
  const stdin = [...paths].map((path) => `./${path}`).join('\0');
  const said = await plumb(repo, ['check-ignore', '-z', '--stdin'], { stdin, answers: [1], magic: true });
  if (!said.ok) return said;
  const rows = said.value.out.toString().split('\0');
  const ignored = rows.filter((row) => row !== '').map((row) => row.slice(2));
  const committed = await lookUp(repo, begin, ignored);
  return committed.ok ? ok({ ignored: ignored.filter((path) => !committed.value.has(path)).sort() }) : committed;
}

/** Fails where git would take the name for something else than a new branch, or not at all. */
async function checkName(repo: Repository, name: string): Promise<Result<void>> {
  // A branch may be called so, and is then found under no name that anybody would give.
  if (name.startsWith('refs/')) {
    const short = name.replace(/^refs\/heads\//, '');
    const fix = short === name || short === '' ? 'Give the name of a branch, such as weft/search.' : `Give it as ${short}.`;
    return fail('input', `“${name}” is the whole name of a ref, and a branch is called without refs/heads/.`, fix);
  }
  const valid = await plumb(repo, ['check-ref-format', `refs/heads/${name}`], { answers: [1] });
  if (!valid.ok) return valid;
  // `@` and `HEAD` are what is checked out.
  if (valid.value.code !== 0 || name.startsWith('-') || name === 'HEAD' || name === '@')
    return fail(
      'input',
      `“${name}” is no name that git takes for a branch.`,
      'Use letters, digits, “-”, “_”, “.” and “/”: weft/search, say.',
    );
  const near = [name, ...parentsOf(name)].map((one) => `refs/heads/${one}`);
  const said = await plumbText(repo, ['for-each-ref', '--format=%(refname)', ...near]);
  if (!said.ok) return said;
  const taken = said.value.split('\n').map((ref) => ref.slice('refs/heads/'.length));
  if (taken.includes(name)) return fail('input', `There is a branch “${name}” already.`, 'Give another name: Weft changes no branch.');
  const inTheWay = taken.find((one) => name.startsWith(`${one}/`) || one.startsWith(`${name}/`));
  return inTheWay === undefined
    ? ok()
    : fail(
        'input',
        `There is a branch “${inTheWay}”, and git has none called “${name}” beside it.`,
        'Give another name: Weft changes no branch.',
      );
}

/** Who the person's git says they are; nothing is guessed. */
async function authorOf(repo: Repository): Promise<Result<Omit<Author, 'at'>>> {
  const said = await gitText(repo.top.folder, ['-c', 'user.useConfigOnly=true', 'var', 'GIT_AUTHOR_IDENT']);
  const match = said.ok ? /^(.+) <(.+)> \d+ [+-]\d+$/.exec(said.value) : null;
  if (match === null)
    return fail(
      'git',
      'git does not know who you are, and the commits of the branch need an author.',
      'Set both: git config --global user.name "…" and user.email "…".',
    );
  return ok({ name: match[1] ?? '', email: match[2] ?? '' });
}

/** The tree of the workspace folder in a commit: empty where the commit does not have it. */
async function folderOf(repo: Repository, commit: string): Promise<Result<string>> {
  const { prefix } = repo.top;
  if (prefix === '') return treeOf(repo, commit);
  const said = await plumb(repo, ['ls-tree', '-d', '-z', '--full-tree', '--format=%(objectname)', commit, '--', prefix.slice(0, -1)]);
  if (!said.ok) return said;
  const tree = said.value.out.toString().replace('\0', '');
  return tree === '' ? plumbText(repo, ['mktree']) : ok(tree);
}

interface Making {
  readonly tip: string;
  /** The workspace folder; what is beside it stays as the tip has it. */
  readonly tree: string;
  readonly message: string;
  readonly author: Author;
}

async function commitFolder(repo: Repository, { tip, tree, message, author }: Making): Promise<Result<string>> {
  const { prefix } = repo.top;
  const whole = prefix === '' ? ok(tree) : await withFolders(repo, tip, new Map([[prefix.slice(0, -1), tree]]));
  return whole.ok ? plumbText(repo, ['commit-tree', '-p', tip, '-F', '-', whole.value], { stdin: withoutNul(message), author }) : whole;
}

/** The folders that are repositories of their own: the workspace has their files, the branch has, at most, a link to their commit. */
async function ownRepositories(repo: Repository, tree: string): Promise<Result<string[]>> {
  const nested = await nestedParts(repo);
  if (!nested.ok) return nested;
  const files = await listTree(repo, tree);
  if (!files.ok) return files;
  const links = [...files.value].flatMap(([path, { mode }]) => (mode === '160000' ? [path] : []));
  return ok([...new Set([...links, ...nested.value.map(({ path }) => path)])]);
}

interface Dropped {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

async function without(repo: Repository, treeish: string, { folders, files }: Dropped): Promise<Result<string>> {
  const tree = await treeOf(repo, treeish);
  if (!tree.ok) return tree;
  const parted = folders.length > 0 ? await withFolders(repo, tree.value, new Map(folders.map((folder) => [folder, undefined]))) : tree;
  return parted.ok ? withPuts(repo, parted.value, new Map(files.map((file) => [file, null]))) : parted;
}
