/** Temporary folders for the runs of a real VS Code: workspaces that are git repositories, and the server's own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `weft-${name}-`));
}

/** Writes the files and commits them, with no regard to the person's git configuration. */
export function makeRepository(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  commitAll(folder);
}

function commitAll(folder: string): void {
  const identity = ['-c', 'user.name=Weft', '-c', 'user.email=weft@example.com', '-c', 'commit.gpgSign=false', '-c', 'core.hooksPath='];
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, ...identity, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=The project as it began');
}
