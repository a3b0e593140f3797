/** A folder as one value, to be compared whole. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Every file below the folder with its bytes, links and modes, git's own aside. */
export function everything(root: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name === '.git' || name.startsWith('.git/')) continue;
    const found = statSync(join(root, name));
    if (found.isFile()) files[name] = `${(found.mode & 0o777).toString(8)} ${readFileSync(join(root, name)).toString('base64')}`;
  }
  return files;
}
