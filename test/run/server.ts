/** Starts the packaged VS Code: bare, for the suite inside the extension host, or through code-server, as a person meets it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PackagedHost } from './install';
import { Problem } from './problem';
import type { Exit, Processes, Started } from './processes';

export interface Server {
  url: string;
  port: number;
  exited: Promise<Exit>;
  output(): string;
  stop(): Promise<void>;
}

export interface ServerFolders {
  data: string;
  extensions: string;
}

/** Settings for a quiet workbench: nothing moves, asks or advertises unless a test wants it. */
export const quietSettings: Record<string, unknown> = {
  'chat.disableAIFeatures': true,
  'editor.accessibilitySupport': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.autofetch': false,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
  'update.mode': 'none',
  'window.restoreWindows': 'none',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
};

/** What an enclosing VS Code, a server's configuration or a model key would change is left out. */
export function cleanEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|ELECTRON_|CODE_SERVER_|CS_|NODE_OPTIONS$|PORT$|PASSWORD$|HASHED_PASSWORD$|npm_|INIT_CWD$)/;
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))), ...extra };
}

/** For tests: no key and no settings of the person's reach what is tested, and what it leaves behind goes with `folder`. */
export function testEnvironment(folder: string, extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const gitConfig = join(folder, 'gitconfig');
  writeText(gitConfig, '[user]\n\tname = Tester\n\temail = tester@example.com\n[init]\n\tdefaultBranch = main\n');
  // Weft keeps what it knows of folders without git, and its folders for commands, in the person's home: not that of tests.
  const state = join(folder, 'state');
  const env = cleanEnvironment({ GIT_CONFIG_GLOBAL: gitConfig, GIT_CONFIG_NOSYSTEM: '1', WEFT_STATE_DIR: state, ...extra });
  // Elsewhere temporary folders have long paths already, and the path of a socket must be short.
  if (process.platform === 'linux') {
    env.TMPDIR = join(folder, 'tmp');
    mkdirSync(env.TMPDIR, { mode: 0o700 });
  }
  for (const name of Object.keys(env)) if (name.startsWith('ANTHROPIC_')) delete env[name];
  return env;
}

export function writeSettings(file: string, settings: object): void {
  writeText(file, `${JSON.stringify(settings, null, 2)}\n`);
}

function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The server without code-server around it: only this one takes `extensionTestsPath` from the page. */
export async function startBareServer(
  processes: Processes,
  host: PackagedHost,
  folders: ServerFolders,
  env: NodeJS.ProcessEnv,
): Promise<Server> {
  const args = [join(host.vscode, 'out', 'server-main.js'), '--host', '127.0.0.1', '--port', '0', '--without-connection-token'];
  args.push('--accept-server-license-terms', '--disable-telemetry', '--disable-workspace-trust', '--enable-smoke-test-driver');
  args.push('--server-data-dir', folders.data, '--extensions-dir', folders.extensions);
  const started = processes.start(host.node, args, { env: withNode(host, { ...env, XDG_RUNTIME_DIR: folders.data }) });
  return await listening(started, /listening on (\d+)/);
}

/** The workbench with what is installed in `folders.extensions`; settings are in `data/User/settings.json`. */
export async function startWorkbenchServer(
  processes: Processes,
  host: PackagedHost,
  folders: ServerFolders,
  env: NodeJS.ProcessEnv,
  port = 0,
): Promise<Server> {
  const args = [...codeServerArguments(host, folders), '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`];
  args.push(
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
    '--disable-proxy',
    '--ignore-last-opened',
  );
  const started = processes.start(host.node, args, { env: withNode(host, { ...env, XDG_RUNTIME_DIR: folders.data }) });
  return await listening(started, /HTTP server listening on http:\/\/127\.0\.0\.1:(\d+)/);
}

/** Installs a VSIX as a person would from the command line. */
export async function installVsix(processes: Processes, host: PackagedHost, folders: ServerFolders, vsix: string): Promise<void> {
  const args = [...codeServerArguments(host, folders), '--install-extension', vsix, '--force'];
  const exit = await processes.run(host.node, args, { env: withNode(host, cleanEnvironment()), timeoutSeconds: 120 });
  if (exit.code !== 0) throw new Problem(`installing ${vsix} failed:\n${exit.output}`);
}

export async function installedExtensions(processes: Processes, host: PackagedHost, folders: ServerFolders): Promise<string[]> {
  const args = [...codeServerArguments(host, folders), '--list-extensions'];
  const exit = await processes.run(host.node, args, { env: withNode(host, cleanEnvironment()), timeoutSeconds: 60 });
  return exit.output.split('\n').map((line) => line.trim());
}

/** The configuration file is named so that none is made in, or read from, the person's home folder. */
function codeServerArguments(host: PackagedHost, folders: ServerFolders): string[] {
  const config = join(folders.data, 'config.yaml');
  writeText(config, 'auth: none\n');
  return [host.codeServer, '--config', config, '--user-data-dir', folders.data, '--extensions-dir', folders.extensions];
}

/** code-server starts processes by the name `node`. */
function withNode(host: PackagedHost, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${dirname(host.node)}:${env.PATH ?? ''}` };
}

async function listening(started: Started, pattern: RegExp): Promise<Server> {
  const timeout = new AbortController();
  const port = await new Promise<number>((resolve, reject) => {
    const look = (): void => {
      const match = pattern.exec(started.output());
      if (match) resolve(Number(match[1]));
    };
    started.child.stdout?.on('data', look);
    void started.exited.then((exit) => reject(new Problem(`the VS Code server ended at once:\n${exit.output}`)));
    const timer = setTimeout(() => reject(new Problem(`the VS Code server did not listen within 60 s:\n${started.output()}`)), 60_000);
    timeout.signal.addEventListener('abort', () => clearTimeout(timer));
  }).finally(() => timeout.abort());
  return { url: `http://127.0.0.1:${port}`, port, exited: started.exited, output: started.output, stop: started.stop };
}
