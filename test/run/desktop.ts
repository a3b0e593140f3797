/** Finds a desktop VS Code on this machine, if a window can be opened at all. */
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Problem } from './problem';

export interface Desktop {
  /** The program itself, as `@vscode/test-electron` starts it. */
  executable: string;
  /** Why this one. */
  from: string;
}

const applications = ['/Applications/Visual Studio Code.app/Contents/MacOS/Electron'];

/** VSCODE_EXECUTABLE, else the VS Code behind `code`. Undefined where there is neither, or no display. */
export function findDesktop(): Desktop | undefined {
  const chosen = process.env.VSCODE_EXECUTABLE;
  if (chosen && !existsSync(chosen)) throw new Problem(`VSCODE_EXECUTABLE names ${chosen}, which does not exist: mend it or unset it`);
  if (!hasDisplay()) return undefined;
  if (chosen) return { executable: chosen, from: 'VSCODE_EXECUTABLE' };
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const command = join(folder, process.platform === 'win32' ? 'code.cmd' : 'code');
    const executable = existsSync(command) ? behind(command) : undefined;
    if (executable) return { executable, from: '`code` on PATH' };
  }
  const application = applications.find((path) => existsSync(path));
  return application ? { executable: application, from: 'an installed application' } : undefined;
}

export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** `code` is a script in the `bin` folder of the program that it starts. */
function behind(command: string): string | undefined {
  const bin = dirname(realpathSync(command));
  const candidates = [join(bin, '..', 'code'), join(bin, '..', 'Code.exe'), join(bin, '..', '..', '..', '..', 'MacOS', 'Electron')];
  return candidates.find((path) => existsSync(path));
}
