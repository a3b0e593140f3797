/** What `--workspace` names: a folder, several, or a `.code-workspace` file of VS Code's with all of its folders. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'jsonc-parser';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import type { Setting } from '../domain/snapshotSettings';
import { folderSettings } from './settings';

export interface WorkspaceFolders {
  readonly folders: readonly string[];
  /** Those of the file, else, of one folder, its own. */
  readonly setting: Setting;
}

const fileSchema = z.object({
  folders: z.array(z.union([z.object({ path: z.string() }), z.object({ uri: z.string() })])).min(1),
  settings: z.record(z.string(), z.unknown()).default({}),
});

export async function workspaceFolders(named: readonly string[]): Promise<Result<WorkspaceFolders>> {
  const folders: string[] = [];
  const settings = new Map<string, unknown>();
  for (const one of named) {
    const found = one.endsWith('.code-workspace') ? await readWorkspace(one) : ok({ folders: [one], settings: {} });
    if (!found.ok) return found;
    folders.push(...found.value.folders);
    for (const [name, value] of Object.entries(found.value.settings)) settings.set(name, value);
  }
  const [first, ...more] = folders;
  const own = first === undefined || more.length > 0 ? ok<Setting>(() => undefined) : await folderSettings(first);
  if (!own.ok) return own;
  return ok({ folders, setting: (name) => own.value(name) ?? settings.get(`weft.${name}`) });
}

/** Relative paths begin at the file. */
async function readWorkspace(file: string): Promise<Result<{ folders: string[]; settings: Record<string, unknown> }>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    return fail('input', `The workspace ${file} cannot be read: ${thrownText(thrown)}.`, 'Give a file that VS Code saved, or a folder.');
  }
  const said = fileSchema.safeParse(parse(text));
  if (!said.success)
    return fail('input', `${file} names no folders.`, 'Give a file that VS Code saved (“Save Workspace As…”), or a folder.');
  const folders: string[] = [];
  for (const one of said.data.folders) {
    if ('path' in one) folders.push(resolve(dirname(file), one.path));
    else if (one.uri.startsWith('file:')) folders.push(fileURLToPath(one.uri));
    else return fail('input', `${one.uri} in ${file} is not on this machine’s disk.`, 'Name its local folders by --workspace, one each.');
  }
  return ok({ folders, settings: said.data.settings });
}
