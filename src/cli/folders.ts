/** `weft folders`: the folders in which checks run, where they lie and what they take; and deleting them. */
import { counted } from '../domain/figures';
import { foldersHome } from '../repo/commands/folderPool';
import { isHeld, listFolders, removeFolder, type StoredFolder } from '../repo/commands/folderStore';
import type { CliPorts } from './run';

export async function foldersCommand(remove: boolean, { output }: CliPorts): Promise<number> {
  const folders = await listFolders(foldersHome());
  const rows = [];
  let exitCode = 0;
  for (const folder of folders) {
    const removed = remove ? await removeFolder(folder.slot) : undefined;
    if (removed?.ok === false) {
      output.say(`weft: ${removed.failure.message} ${removed.failure.fix}`);
      exitCode = 1;
    }
    const state = removed?.ok === true && removed.value ? 'removed' : (await isHeld(folder.slot)) ? 'in use' : 'free';
    output.say(`${folder.path}  ${state}`);
    output.say(`    ${about(folder)}`);
    const { path, root, bytes, usedAt } = folder;
    rows.push({ path, root, bytes, usedAt, state });
  }
  const bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  output.say(folders.length === 0 ? 'There are no folders for checks.' : `${counted(folders.length, 'folder')}, ${megabytes(bytes)}`);
  output.result({ exitCode, folders: rows });
  return exitCode;
}

function about({ root, bytes, usedAt }: StoredFolder): string {
  if (root === '') return 'not finished; the next check of its workspace makes it anew';
  return `for ${root}, ${megabytes(bytes)}, used ${new Date(usedAt).toLocaleString()}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
