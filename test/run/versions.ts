/** The pinned versions of everything that the tests fetch on demand, beyond package.json, and the paths they live in. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The repository root, seen from out/test/run. */
export const root = join(__dirname, '..', '..', '..');

/** A VS Code from packages: code-server wants this Node, whichever Node runs the tests. */
const pinned = {
  node: { name: `node-${process.platform}-${process.arch}`, version: '24.21.0' },
  codeServer: { name: 'code-server', version: '4.139.1' },
  chromium: { name: '@sparticuz/chromium', version: '153.0.0' },
  fonts: { name: 'dejavu-fonts-ttf', version: '2.37.3' },
};

export type PackageName = keyof typeof pinned;

/** `name@version`, as npm takes it. */
export function packageSpec(name: PackageName): string {
  return `${pinned[name].name}@${pinned[name].version}`;
}

export function packageFolder(install: string, name: PackageName): string {
  return join(install, 'node_modules', ...pinned[name].name.split('/'));
}

/** Where an install of these packages is kept for every clone of this person; other versions get another folder. */
export function cacheFolder(packages: PackageName[]): string {
  const specs = packages.map(packageSpec);
  const key = createHash('sha256').update(specs.join('\n')).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'weft-vscode-host', `${packages.join('-')}-${key}`);
}
