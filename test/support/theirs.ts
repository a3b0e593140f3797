/** Everything that is the person's in a repository, and that Weft never touches. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './sandbox';

export function theirs(root: string) {
  const gitDir = join(root, '.git');
  return {
    head: readFileSync(join(gitDir, 'HEAD'), 'utf8'),
    index: readFileSync(join(gitDir, 'index')).toString('hex'),
    refs: git(root, 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags', 'refs/stash', 'refs/remotes'),
    stash: git(root, 'stash', 'list'),
    status: git(root, '--no-optional-locks', 'status', '--porcelain', '--branch'),
    config: readFileSync(join(gitDir, 'config'), 'utf8'),
    files: readdirSync(gitDir)
      .filter((name) => name !== 'weft')
      .sort(),
  };
}

/** When each file was last written, in milliseconds, by path. */
export function times(root: string): Record<string, number> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('.git/') && path !== '.git' && !lstatSync(join(root, path)).isDirectory())
      .map((path) => [path, lstatSync(join(root, path)).mtimeMs]),
  );
}
