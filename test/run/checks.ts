/** The checks that are no Mocha suites: types, lint, layers, unused code, bundles. Each counts as one test. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Report } from './mocha';
import { explain } from './problem';
import type { Processes } from './processes';
import { root } from './versions';

export interface Check {
  name: string;
  /** Resolves to what is wrong; nothing, when all is well. */
  run(processes: Processes): Promise<string>;
}

const vsixLimit = 2 * 1024 * 1024;

/** From left to right: a folder imports only from folders before it. `vscode` and `cli` do not know each other. */
const layers = ['domain', 'repo', 'model', 'agent', 'plan', 'engine'];
const roots = ['vscode', 'cli'];

export const checks: Check[] = [
  { name: 'types', run: (processes) => tool(processes, ['node_modules', 'typescript', 'bin', 'tsc'], ['--noEmit']) },
  {
    name: 'lint and format',
    run: (processes) => tool(processes, ['node_modules', '@biomejs', 'biome', 'bin', 'biome'], ['check', '--error-on-warnings', '.']),
  },
  { name: 'layers', run: checkLayers },
  { name: 'unused code', run: (processes) => tool(processes, ['node_modules', 'knip', 'bin', 'knip.js'], ['--no-progress']) },
];

export const bundles: Check = { name: 'bundles', run: checkBundles };

export async function runCheck(check: Check, processes: Processes): Promise<Report> {
  const wrong = await check.run(processes).catch(explain);
  return wrong === ''
    ? { passed: 1, failures: [], skipped: [] }
    : { passed: 0, failures: [{ title: check.name, message: wrong }], skipped: [] };
}

async function tool(processes: Processes, program: string[], args: string[]): Promise<string> {
  const exit = await processes.run(process.execPath, [join(root, ...program), ...args], { cwd: root, timeoutSeconds: 120 });
  return exit.code === 0 ? '' : exit.output || `ended with code ${exit.code}`;
}

/**
 * The linter checks every import as it is written; this checks what the bundler resolves, so that no alias or re-export gets around it.
 * It also bundles the CLI with nothing outside but Node: it would not resolve `vscode`.
 */
async function checkLayers(): Promise<string> {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const shared = {
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    logLevel: 'silent',
    outdir: 'out/layers',
  } as const;
  const all = await build({ ...shared, entryPoints: sources.map((name) => join('src', name)), packages: 'external' });
  const wrong: string[] = [];
  for (const [path, input] of Object.entries(all.metafile.inputs)) {
    for (const imported of input.imports) {
      if (imported.external && imported.path === 'vscode' && folderOf(path) !== 'vscode') wrong.push(`${path} imports vscode`);
      if (imported.path.startsWith('src/') && !mayImport(folderOf(path), folderOf(imported.path)))
        wrong.push(`${path} imports ${imported.path}`);
    }
  }
  await build({ ...shared, entryPoints: ['src/cli/main.ts'] });
  return wrong.join('\n');
}

/** `src/repo/git.ts` is in `repo`. */
function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function mayImport(from: string, to: string): boolean {
  if (from === to || !(layers.includes(from) || roots.includes(from))) return true;
  if (roots.includes(from)) return layers.includes(to);
  return layers.includes(to) && layers.indexOf(to) < layers.indexOf(from);
}

/** The bundles as the tests run them; resolves to what is wrong. */
export function buildBundles(processes: Processes): Promise<string> {
  return tool(processes, ['esbuild.js'], []);
}

/** The production bundles, packaged as they ship. */
async function checkBundles(processes: Processes): Promise<string> {
  const built = await tool(processes, ['esbuild.js'], ['--production']);
  if (built !== '') return built;
  const packaged = await packageVsix(processes);
  if (packaged !== '') return packaged;
  const { size } = statSync(vsixPath);
  return size > vsixLimit ? `${vsixPath} has ${size} bytes; the limit is ${vsixLimit}` : '';
}

export const vsixPath = join(root, 'weft.vsix');

/** Packages what is in dist/; resolves to what is wrong. */
export async function packageVsix(processes: Processes): Promise<string> {
  return await tool(processes, ['node_modules', '@vscode', 'vsce', 'vsce'], ['package', '--no-dependencies', '--out', vsixPath]);
}
