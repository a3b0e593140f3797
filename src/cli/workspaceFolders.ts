/** What `--workspace` names: a folder, several, or a `.code-workspace` file of VS Code's with all of its folders. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'jsonc-parser';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../domain/failure';

const fileSchema = z.object({
  folders: z.array(z.union([z.object({ path: z.string() }), z.object({ uri: z.string() })])).min(1),
});

export async function workspaceFolders(named: readonly string[]): Promise<Result<string[]>> {
  const folders: string[] = [];
  for (const one of named) {
    const found = one.endsWith('.code-workspace') ? await readWorkspace(one) : ok([one]);
    if (!found.ok) return found;
    folders.push(...found.value);
  }
  return ok(folders);
}

/** Relative paths begin at the file. */
async function readWorkspace(file: string): Promise<Result<string[]>> {
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
  return ok(folders);
}
