/** Finds a browser that can open the workbench, and opens it without a window. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { installBrowser, type PackagedHost } from './install';
import { Problem } from './problem';
import type { Processes } from './processes';

export interface BrowserChoice {
  executable: string;
  /** What the browser needs in its environment beyond ours. */
  env: Record<string, string>;
  /** Where it comes from, for a person to read. */
  from: string;
}

const names = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge-stable', 'microsoft-edge'];
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/** CHROME_PATH, else a browser of this machine, else the packaged one. */
export async function findBrowser(processes: Processes, host: PackagedHost, log: (line: string) => void): Promise<BrowserChoice> {
  const chosen = process.env.CHROME_PATH;
  if (chosen) {
    if (!existsSync(chosen)) throw new Problem(`CHROME_PATH names ${chosen}, which does not exist: mend it or unset it`);
    return { executable: chosen, env: {}, from: 'CHROME_PATH' };
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...applications];
  const system = candidates.find((path) => existsSync(path));
  if (system) return { executable: system, env: {}, from: 'this machine' };
  const packaged = await installBrowser(processes, host, log);
  const env: Record<string, string> = {};
  if (!existsSync('/etc/fonts/fonts.conf')) env.FONTCONFIG_FILE = packaged.fonts;
  if (!starts(packaged.executable)) env.LD_LIBRARY_PATH = packaged.libraries;
  return { executable: packaged.executable, env, from: 'a package' };
}

/** False where shared libraries are missing. */
function starts(executable: string): boolean {
  try {
    execFileSync(executable, ['--version'], { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

export async function openBrowser(choice: BrowserChoice): Promise<Browser> {
  return await chromium.launch({
    executablePath: choice.executable,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    env: { ...(process.env as Record<string, string>), ...choice.env },
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}
