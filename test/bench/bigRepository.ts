/** A repository of 100,000 files in 2,000 folders, the same every time. */
import { setTimeout as pause } from 'node:timers/promises';
import { git } from './timing';

const FOLDERS = 2000;
const FILES = 50;
const FOLDERS_A_PACKAGE = 40;
const LINES = 8;

/** Path of a file of the repository; both numbers wrap around. */
export function pathOf(folder: number, file: number): string {
  const at = folder % FOLDERS;
  return `packages/package${Math.floor(at / FOLDERS_A_PACKAGE)}/folder${at}/file${file % FILES}.ts`;
}

/** What the repository has at {@link pathOf}; no two files are the same. */
export function textOf(folder: number, file: number): string {
  const [at, of] = [folder % FOLDERS, file % FILES];
  let text = '';
  for (let line = 0; line < LINES; line++) text += `export const value_${at}_${of}_${line} = ${at * FILES + of + line};\n`;
  return text;
}

/** Makes it in an empty folder, checked out, with an index that knows every file: as it is after a while of work. */
export async function makeBigRepository(folder: string): Promise<void> {
  await checkOutFiles(folder, FOLDERS);
  await settle([folder]);
}

/** Makes a repository of its first folders alone. */
export async function checkOutFiles(folder: string, folders: number): Promise<void> {
  const stream = ['commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 9\nBeginning\n'];
  for (let at = 0; at < folders; at++) {
    for (let file = 0; file < FILES; file++) {
      const text = textOf(at, file);
      stream.push(`M 100644 inline ${pathOf(at, file)}\ndata ${text.length}\n${text}\n`);
    }
  }
  stream.push('done\n');
  await git(folder, ['init', '--quiet', '--initial-branch=main']);
  await git(folder, ['-c', 'fastimport.unpackLimit=0', 'fast-import', '--quiet', '--done'], stream.join(''));
  await git(folder, ['reset', '--quiet', '--hard']);
}

/** Files as young as the index are read again by every command, until an index that is older than they are not was written. */
export async function settle(repositories: readonly string[]): Promise<void> {
  await pause(1100);
  for (const repository of repositories) await git(repository, ['status', '--porcelain']);
}
