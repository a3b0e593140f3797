/** Fetches a real VS Code, and a browser to open it in, from packages: pinned, cached for all clones, whole or not at all. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from './problem';
import type { Processes } from './processes';
import { cacheFolder, type PackageName, packageFolder, packageSpec, root } from './versions';

export interface PackagedHost {
  /** The Node that runs the server. */
  node: string;
  /** The server's own folder: `out/server-main.js` is its entry. */
  vscode: string;
  /** code-server's entry point. */
  codeServer: string;
}

export interface PackagedBrowser {
  executable: string;
  /** Shared libraries for systems that lack them. */
  libraries: string;
  /** A fontconfig file with fonts, for systems that have none. */
  fonts: string;
}

const fontconfig = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">ttf</dir>
  <cachedir prefix="xdg">weft-fonts</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
`;

type Log = (line: string) => void;

/** Throws with what to do where this platform has no such packages or they cannot be had. */
export async function installHost(processes: Processes, log: Log): Promise<PackagedHost> {
  const folder = await installed(['node', 'codeServer'], 'host', log, async (target) => {
    await npm(processes, target, ['install', packageSpec('node')]);
    await npm(processes, target, ['install', packageSpec('codeServer'), '--ignore-scripts']);
    const vscode = join(packageFolder(target, 'codeServer'), 'lib', 'vscode');
    await Promise.all(
      [vscode, join(vscode, 'extensions')].map((inner) => npm(processes, inner, ['install', '--omit=dev', '--ignore-scripts'])),
    );
  });
  const codeServer = packageFolder(folder, 'codeServer');
  return {
    node: join(packageFolder(folder, 'node'), 'bin', 'node'),
    vscode: join(codeServer, 'lib', 'vscode'),
    codeServer: join(codeServer, 'out', 'node', 'entry.js'),
  };
}

/** The browser inside the package is compressed; its own code, which wants a newer Node, unpacks it to the temporary folder. */
export async function installBrowser(processes: Processes, host: PackagedHost, log: Log): Promise<PackagedBrowser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Problem('no browser was found and there is none as a package for this platform: install Chrome, or set CHROME_PATH');
  }
  const folder = await installed(['chromium', 'fonts'], 'browser', log, async (target) => {
    await npm(processes, target, ['install', packageSpec('chromium'), packageSpec('fonts')]);
    const unpacked = join(target, 'unpacked');
    await mkdir(unpacked);
    const script = 'const { default: chromium } = await import("@sparticuz/chromium"); await chromium.executablePath();';
    const exit = await processes.run(host.node, ['--input-type=module', '-e', script], {
      cwd: target,
      // this execution environment makes the package unpack its shared libraries too
      env: { ...process.env, TMPDIR: unpacked, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
      timeoutSeconds: 120,
    });
    if (exit.code !== 0 || !existsSync(join(unpacked, 'chromium'))) throw new Problem(`unpacking the browser failed:\n${exit.output}`);
    await rename(join(packageFolder(target, 'fonts'), 'ttf'), join(unpacked, 'ttf'));
    await writeFile(join(unpacked, 'fonts.conf'), fontconfig);
    await rm(join(target, 'node_modules'), { recursive: true });
  });
  const unpacked = join(folder, 'unpacked');
  return { executable: join(unpacked, 'chromium'), libraries: join(unpacked, 'al2023', 'lib'), fonts: join(unpacked, 'fonts.conf') };
}

/**
 * Fills a folder beside the cached one and renames it when it is whole, so an interrupted install is never taken for a good one.
 * Links it into `.vscode-test`. Two installs at once are fine: the first to end wins.
 */
async function installed(packages: PackageName[], name: string, log: Log, fill: (target: string) => Promise<void>): Promise<string> {
  const folder = cacheFolder(packages);
  if (!existsSync(folder)) {
    log(`installing ${packages.map(packageSpec).join(', ')} (once; kept for other clones)`);
    await mkdir(dirname(folder), { recursive: true });
    await removeAbandoned(dirname(folder));
    const target = `${folder}.installing-${process.pid}`;
    await mkdir(target);
    await writeFile(join(target, 'package.json'), '{ "private": true }\n');
    await fill(target);
    await rename(target, folder).catch(async (error: unknown) => {
      if (!existsSync(folder)) throw error;
      await rm(target, { recursive: true });
    });
  }
  await link(folder, join(root, '.vscode-test', name));
  return folder;
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const pid = Number(/\.installing-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(cache, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function link(target: string, path: string): Promise<void> {
  const existing = await readlink(path).catch(() => undefined);
  if (existing === target) return;
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { recursive: true, force: true });
  await symlink(target, path, 'junction').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error; // another run in this clone made it
  });
}

async function npm(processes: Processes, cwd: string, args: string[]): Promise<void> {
  const path = process.env.npm_execpath;
  const all = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  const exit = await processes.run(path ? process.execPath : 'npm', path ? [path, ...all] : all, { cwd, env: npmEnvironment() });
  if (exit.code !== 0) throw new Problem(`npm ${args.join(' ')} failed; check the network and run this again:\n${exit.output}`);
}

/** What an enclosing npm sets for its scripts (prefix, lifecycle) must not reach an install in another folder; the person's own settings must. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const own = /^npm_(package|lifecycle|command|node_execpath|config_(local_)?prefix|config_ignore_scripts|config_omit)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name) && name !== 'INIT_CWD'));
}
