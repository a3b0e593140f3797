/** Runs the compiled suite of test/host inside a real extension host: a desktop VS Code's, else the packaged one's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { findBrowser, openBrowser } from './browser';
import type { Desktop } from './desktop';
import { makeRepository } from './folders';
import type { PackagedHost } from './install';
import { type Hearing, listen, openHearing } from './listener';
import type { Report } from './mocha';
import type { Processes } from './processes';
import { quietSettings, startBareServer, testEnvironment, writeSettings } from './server';
import { root } from './versions';

/** A browser's VS Code saves by itself after a second, a desktop's does not: the tests say when. */
const settings = { ...quietSettings, 'files.autoSave': 'off' };

export interface HostSuite {
  processes: Processes;
  /** The desktop VS Code to use, or how to get the packaged one. */
  host: Desktop | (() => Promise<PackagedHost>);
  grep: string | undefined;
  /** A window of one folder, or of several, each with tests of its own. */
  window: 'one folder' | 'several folders';
  print: (line: string) => void;
}

const suite = join(root, 'out', 'test', 'host', 'index.js');
const silenceSeconds = 120;

/** What the suite finds in its workspace folder. */
const workspaceFiles = {
  'README.md': '# A small project\n',
  'src/greet.ts': "export function greet(name: string): string {\n  return 'Hello, ' + name;\n}\n",
  'src/count.ts': 'export const count = (words: string[]): number => words.length;\n',
};

export async function runHostSuite({ processes, host, grep, window, print }: HostSuite): Promise<Report> {
  const folder = processes.folder('host');
  const workspace = window === 'one folder' ? join(folder, 'workspace') : join(folder, 'several.code-workspace');
  if (window === 'one folder') makeRepository(workspace, workspaceFiles);
  else makeSeveral(workspace);
  installModels(join(folder, 'extensions'));
  const hearing = openHearing(print, silenceSeconds);
  const listener = await listen(hearing);
  const env: Record<string, string> = { WEFT_TEST_PORT: String(listener.port) };
  if (grep !== undefined) env.WEFT_TEST_GREP = grep;
  if (window === 'several folders') env.WEFT_TEST_SUITE = 'several';
  try {
    return typeof host === 'function'
      ? await inPackagedHost({ processes, host: await host(), folder, workspace, env, hearing, print })
      : await inDesktop({ processes, desktop: host, folder, workspace, env, hearing, print });
  } finally {
    listener.close();
  }
}

/** Two repositories and a folder without git, and the file that opens them together. */
function makeSeveral(file: string): void {
  const folder = dirname(file);
  makeRepository(join(folder, 'api'), { 'a.txt': 'one\ntwo\nthree\n' });
  makeRepository(join(folder, 'web'), { 'b.txt': 'b\n' });
  mkdirSync(join(folder, 'notes'));
  writeFileSync(join(folder, 'notes', 'n.md'), 'n\n');
  const folders = ['web', 'api', 'notes'].map((path) => ({ path }));
  writeFileSync(file, JSON.stringify({ folders: folders.map((one) => (one.path === 'api' ? { ...one, name: 'The API' } : one)) }));
}

/** An extension that brings models into VS Code, as its manifest must say; what it does is compiled with the tests. */
function installModels(extensions: string): void {
  const folder = join(extensions, 'weft-test.models-0.0.1');
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: 'models',
    publisher: 'weft-test',
    version: '0.0.1',
    engines: { vscode: '^1.105.0' },
    main: './extension.js',
    activationEvents: ['*'],
    contributes: { languageModelChatProviders: [{ vendor: 'weft-test', displayName: 'Models of the Tests' }] },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const code = join(root, 'out', 'test', 'host', 'modelsExtension.js');
  writeFileSync(join(folder, 'extension.js'), `module.exports = require(${JSON.stringify(code)});\n`);
}

interface Place {
  folder: string;
  workspace: string;
  env: Record<string, string>;
  hearing: Hearing;
}

async function inPackagedHost(place: Place & { processes: Processes; host: PackagedHost; print: (line: string) => void }): Promise<Report> {
  const { processes, host, folder, workspace, hearing, print } = place;
  const data = join(folder, 'data');
  writeSettings(join(data, 'data', 'User', 'settings.json'), settings);
  const folders = { data, extensions: join(folder, 'extensions') };
  const server = await startBareServer(processes, host, folders, testEnvironment(folder, place.env));
  const browser = await openBrowser(await findBrowser(processes, host, print));
  processes.onStop(() => browser.close());
  try {
    void server.exited.then((exit) => hearing.lost(`the VS Code server ended:\n${exit.output}`));
    browser.on('disconnected', () => hearing.lost('the browser ended'));
    const seen = await openPage(browser, server.port, workspace, hearing);
    const report = await hearing.report;
    if (report.failures.length > 0) await seen.explain(print, server.output());
    return report;
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** Opens the page that starts the extension host with the suite in it. */
async function openPage(browser: Browser, port: number, workspace: string, hearing: Hearing) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const console: string[] = [];
  page.on('console', (message) => console.push(`${message.type()}: ${message.text()}`));
  page.on('crash', () => hearing.lost('the page of the workbench crashed'));
  const remote = (path: string): string => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload = JSON.stringify([
    ['extensionDevelopmentPath', remote(root)],
    ['extensionTestsPath', remote(suite)],
  ]);
  await page.goto(
    `http://127.0.0.1:${port}/?${workspace.endsWith('.code-workspace') ? 'workspace' : 'folder'}=${encodeURIComponent(workspace)}&payload=${encodeURIComponent(payload)}`,
  );
  return {
    /** Keeps what a person would have seen, and what the workbench and the server said. */
    async explain(print: (line: string) => void, serverOutput: string): Promise<void> {
      const folder = join(root, 'out', 'screenshots');
      mkdirSync(folder, { recursive: true });
      const log = join(folder, 'host-suite-failed.log');
      writeFileSync(log, `${console.join('\n')}\n\nthe server:\n${serverOutput}`);
      print(`  the log of the workbench and its server: ${log}`);
      if (page.isClosed() || !browser.isConnected()) return;
      const screenshot = join(folder, 'host-suite-failed.png');
      const shown = await page.screenshot({ path: screenshot, timeout: 10_000 }).catch((error: Error) => error);
      print(shown instanceof Error ? `  no screenshot: ${shown.message}` : `  screenshot: ${screenshot}`);
    },
  };
}

async function inDesktop(place: Place & { processes: Processes; desktop: Desktop; print: (line: string) => void }): Promise<Report> {
  const { processes, desktop, folder, workspace, hearing, print } = place;
  const data = join(folder, 'data');
  writeSettings(join(data, 'User', 'settings.json'), settings);
  const args = [join(__dirname, 'desktopChild.js'), desktop.executable, root, suite, workspace];
  args.push('--user-data-dir', data, '--extensions-dir', join(folder, 'extensions'));
  const vscode = processes.start(process.execPath, args, { env: testEnvironment(folder, place.env) });
  void vscode.exited.then((exit) => hearing.lost(`VS Code ended with code ${exit.code}:\n${exit.output}`));
  const report = await hearing.report;
  if (report.failures.length > 0) print(vscode.output());
  await vscode.stop();
  return report;
}
