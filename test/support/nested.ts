/** Repositories in repositories, and everything that git keeps of them. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitAll, type Files, git, putAll, temporaryFolder } from './sandbox';

/** A repository with these files committed, in a folder of another. */
export function nest(root: string, path: string, files: Files): string {
  const folder = join(root, path);
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet', '--initial-branch=main', '--template=');
  putAll(folder, files);
  commitAll(folder);
  return folder;
}

/** A submodule with these files, checked out and committed. */
export function submodule(root: string, path: string, files: Files): string {
  const source = nest(temporaryFolder(), 'source', files);
  git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', source, path);
  git(root, 'commit', '--quiet', '--message', `Add ${path}`);
  return join(root, path);
}

/** What tells whether anybody touched a folder of git's: each file's bytes and time, by path. */
export function dotGitState(gitDir: string): Record<string, string> {
  const rows: [string, string][] = [];
  for (const path of readdirSync(gitDir, { recursive: true, encoding: 'utf8' })) {
    const found = lstatSync(join(gitDir, path));
    if (!found.isFile() || path.startsWith('weft/')) continue;
    const digest = createHash('sha1')
      .update(readFileSync(join(gitDir, path)))
      .digest('hex');
    rows.push([path, `${digest} ${found.mtimeMs}`]);
  }
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}
