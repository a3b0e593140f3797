/** The settings about snapshots, as the folder's own `.vscode/settings.json` has them: without VS Code, the person's are not known. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import type { Setting } from '../domain/snapshotSettings';
import { isMissing } from '../repo/files';

export async function folderSettings(folder: string): Promise<Result<Setting>> {
  const file = join(folder, '.vscode', 'settings.json');
  try {
    const all: unknown = parse(await readFile(file, 'utf8'));
    const known = typeof all === 'object' && all !== null ? new Map(Object.entries(all)) : new Map<string, unknown>();
    return ok((name) => known.get(`weft.${name}`));
  } catch (thrown) {
    if (isMissing(thrown)) return ok(() => undefined);
    return fail(
      'file',
      `${file} cannot be read: ${thrownText(thrown)}.`,
      'Make it readable: it says which ignored files belong to a snapshot.',
    );
  }
}
