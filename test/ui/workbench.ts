/** The workbench as a person meets it: the packaged VS Code with the VSIX installed, opened in a browser, clicked and read. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { z } from 'zod';
import type { ModelFetch } from '../../src/model/fetch';
import { openBrowser } from '../run/browser';
import { makeRepository } from '../run/folders';
import { openProcesses } from '../run/processes';
import { cleanEnvironment, quietSettings, type Server, startWorkbenchServer, writeSettings } from '../run/server';
import { root } from '../run/versions';
import { serveModel } from '../support/modelServer';
import { PACKAGE_SETTINGS } from '../support/settings';

/** What the runner of the suite prepared. */
const Prepared = z.object({
  host: z.object({ node: z.string(), vscode: z.string(), codeServer: z.string() }),
  browser: z.object({ executable: z.string(), env: z.record(z.string(), z.string()), from: z.string() }),
  extensions: z.string(),
});

export interface WorkbenchOptions {
  /** An existing folder to open; else a fresh git repository with `files`. */
  folder?: string;
  files?: Record<string, string>;
  /** Beside `quietSettings`, which trust every folder: with 'security.workspace.trust.enabled' it opens in Restricted Mode. */
  settings?: Record<string, unknown>;
  /** The person's keys: which command each of them runs. */
  keys?: Record<string, string>;
  /** Beside the test's clean environment; no model key is in it. */
  env?: Record<string, string>;
  /** Answers for the server of models, over real HTTP, as long as the workbench is open; with a key. */
  model?: ModelFetch;
}

export interface Workbench {
  page: Page;
  /** The folder that is open. */
  folder: string;
  /** Runs a command as a person does: by its title in the command palette. */
  runCommand(title: string): Promise<void>;
  /** Opens the command palette (text that begins with “>”) or the quick open, and types the text into it; accepts nothing. */
  palette(text: string): Promise<void>;
  /** Types into the quick input that is open, and accepts it unless told otherwise. */
  answer(text: string, accept?: boolean): Promise<void>;
  /** The rows that the open quick input offers. */
  choices(): Promise<string[]>;
  choose(text: string): Promise<void>;
  /** Waits for a notification that holds this text. */
  notification(text: string): Promise<Locator>;
  clickNotification(text: string, button: string): Promise<void>;
  clearNotifications(): Promise<void>;
  /** Waits for a modal dialog that holds this text, and clicks its button. */
  clickDialog(text: string, button: string): Promise<void>;
  /** Opens a view container by its title in the activity bar. */
  openContainer(title: string): Promise<void>;
  /** A view in the side bar, by the title of its pane; opens it when it is folded. */
  view(title: string): Promise<Locator>;
  /** What the rows of a view say to a screen reader, from top to bottom. */
  rows(view: string): Promise<string[]>;
  /** Waits for the row of a view that holds this text. */
  row(view: string, text: string): Promise<Locator>;
  clickRow(view: string, text: string): Promise<void>;
  /** Opens or folds a row, as soon as there is something under it. */
  toggleRow(view: string, text: string): Promise<void>;
  /** Clicks an action that shows on the row under the mouse. */
  clickRowAction(view: string, row: string, action: string): Promise<void>;
  /** Clicks an action in a view's own title. */
  clickViewAction(view: string, action: string): Promise<void>;
  /** The titles of the open editors, from left to right. */
  editors(): Promise<string[]>;
  /** Waits for an editor whose title holds this text. */
  editor(title: string): Promise<Locator>;
  clickEditorAction(action: string): Promise<void>;
  /** Opens a file of the workspace by its name, as with Ctrl+P. */
  openFile(name: string): Promise<void>;
  /** Types where the focus is. */
  type(text: string): Promise<void>;
  /** The status bar's items that hold this text. */
  statusItem(text: string): Promise<Locator>;
  /** Changes the person's settings. Reloads the page: this workbench does not see them change on disk. */
  set(settings: Record<string, unknown>): Promise<void>;
  setTheme(theme: 'light' | 'dark'): Promise<void>;
  /** Writes out/screenshots/NAME.png and returns its path. */
  screenshot(name: string): Promise<string>;
  /** Keeps what a person would have seen when a test failed: a screenshot, and in the output the words of what stood above the editors. */
  witness(test: string): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** The setting, and what the workbench calls the file of that theme in its class list. */
const themes = {
  light: { setting: 'Default Light Modern', label: 'Light Modern', file: 'light_modern-json' },
  dark: { setting: 'Default Dark Modern', label: 'Dark Modern', file: 'dark_modern-json' },
};

/** How long a thing may take to show; every wait is for that thing, never for the time. */
const patience = 30_000;

/**
 * One workbench for all tests of a `describe`: opened before the first, closed after the last.
 * A test that fails leaves a screenshot of what a person would have seen.
 */
export function useWorkbench(options?: WorkbenchOptions | (() => Promise<WorkbenchOptions>)): () => Workbench {
  let workbench: Workbench | undefined;
  before(async () => {
    workbench = await openWorkbench(typeof options === 'function' ? await options() : options);
  });
  afterEach(async function () {
    const test = this.currentTest;
    if (test?.state === 'failed') await workbench?.witness(test.fullTitle());
  });
  after(async () => {
    await workbench?.close();
  });
  return () => {
    if (!workbench) throw new Error('the workbench is open only inside of tests');
    return workbench;
  };
}

/** Needs what the runner of the suite prepared (`WEFT_UI`): run it with `npm test -- --only ui`. */
export async function openWorkbench({ model, ...options }: WorkbenchOptions = {}): Promise<Workbench> {
  if (model === undefined) return opened(options);
  const server = await serveModel(model);
  const env = { ...options.env, ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' };
  try {
    const workbench = await opened({ ...options, env });
    const close = async () => {
      await workbench.close();
      await server.close();
    };
    return { ...workbench, close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function opened(options: Omit<WorkbenchOptions, 'model'>): Promise<Workbench> {
  const prepared = Prepared.parse(JSON.parse(process.env.WEFT_UI ?? 'null'));
  const processes = openProcesses();
  const own = processes.folder('wb');
  const folder = options.folder ?? join(own, 'project');
  if (options.folder === undefined) makeRepository(folder, options.files ?? { 'README.md': '# A small project\n' });
  const data = join(own, 'data');
  const settingsFile = join(data, 'User', 'settings.json');
  writeSettings(settingsFile, { ...quietSettings, ...options.settings });
  // In a remote window, as this is one, settings of the machine are not the person's, but the server's.
  const ofMachine = Object.entries(options.settings ?? {}).filter(([name]) => PACKAGE_SETTINGS[name]?.scope === 'machine');
  writeSettings(join(data, 'Machine', 'settings.json'), Object.fromEntries(ofMachine));
  const keys = Object.entries(options.keys ?? {}).map(([key, command]) => ({ key, command }));
  writeSettings(join(data, 'User', 'keybindings.json'), keys);
  const env = cleanEnvironment(options.env);
  let server: Server;
  const browser = await openBrowser(prepared.browser);
  try {
    server = await startWorkbenchServer(processes, prepared.host, { data, extensions: prepared.extensions }, env);
  } catch (error) {
    await browser.close();
    throw error;
  }
  const page = await browser.newPage({ viewport: { width: 1500, height: 940 }, deviceScaleFactor: 1 });
  page.setDefaultTimeout(patience);

  const quickInput = page.locator('.quick-input-widget');
  const input = quickInput.locator('.quick-input-box input');

  async function themed(theme: 'light' | 'dark'): Promise<void> {
    await page.locator(`.monaco-workbench[class*="${themes[theme].file}"]`).waitFor();
  }

  /** The theme comes from the person's settings, and themes from extensions: once it shows, both are there. */
  async function ready(): Promise<void> {
    await page.locator('.monaco-workbench .part.statusbar').waitFor();
    await page.locator('.monaco-workbench .activitybar .action-label').first().waitFor();
    await page.locator('.monaco-workbench[class*="vscode-theme-"]').waitFor();
  }

  /** Opens the quick input and types into it. A busy workbench may swallow a key, or close the input again: a person presses it once more. */
  async function palette(text: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      await page.keyboard.press(text.startsWith('>') ? 'F1' : 'Control+P');
      const typed = await input.fill(text, { timeout: patience / 5 }).catch((error: Error) => error);
      if (!(typed instanceof Error)) return;
      if (tries === 5) throw typed;
    }
  }

  const offered = (): Locator => quickInput.locator('.quick-input-list .monaco-list-row');

  async function choose(text: string): Promise<void> {
    await offered().filter({ hasText: text }).first().click();
  }

  async function runCommand(title: string): Promise<void> {
    await palette(`>${title}`);
    await offered()
      .filter({ has: page.locator('.label-name', { hasText: title }) })
      .first()
      .click();
  }

  function pane(title: string): Locator {
    return page.locator('.pane').filter({ has: page.locator('.pane-header .title', { hasText: title }) });
  }

  async function view(title: string): Promise<Locator> {
    const found = pane(title).first();
    const header = found.locator('.pane-header');
    await header.waitFor();
    if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
    return found;
  }

  async function row(title: string, text: string): Promise<Locator> {
    const found = (await view(title)).locator('.monaco-list-row').filter({ hasText: text }).first();
    await found.waitFor();
    return found;
  }

  async function notification(text: string): Promise<Locator> {
    const shown = (where: string): Locator => page.locator(`${where} .notification-list-item`).filter({ hasText: text }).first();
    const toast = shown('.notifications-toasts');
    if (await appears(toast, patience / 2)) return toast;
    // It may have gone by itself: then it is in the list of all of them.
    await runCommand('Notifications: Show Notifications');
    const kept = shown('.notifications-center');
    await kept.waitFor();
    return kept;
  }

  async function reload(): Promise<void> {
    await page.reload();
    await ready();
  }

  async function set(more: Record<string, unknown>): Promise<void> {
    const now = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(settingsFile, 'utf8')));
    writeSettings(settingsFile, { ...now, ...more });
    await reload();
  }

  await page.goto(`${server.url}/?folder=${encodeURIComponent(folder)}`);
  await ready();

  async function screenshot(name: string): Promise<string> {
    const screenshots = join(root, 'out', 'screenshots');
    mkdirSync(screenshots, { recursive: true });
    const path = join(screenshots, `${name}.png`);
    await page.screenshot({ path });
    return path;
  }

  return {
    page,
    folder,
    runCommand,
    palette,
    async answer(text, accept = true) {
      await input.waitFor();
      await input.fill(text);
      if (accept) await input.press('Enter');
    },
    async choices() {
      await offered().first().waitFor();
      return await offered().evaluateAll((rows) => rows.map((each) => each.getAttribute('aria-label') ?? ''));
    },
    choose,
    notification,
    async clickNotification(text, button) {
      await (await notification(text)).getByRole('button', { name: button }).click();
    },
    async clearNotifications() {
      await palette('>Notifications: Clear All Notifications');
      await choose('Notifications: Clear All Notifications');
    },
    async clickDialog(text, button) {
      await page.locator('.monaco-dialog-box').filter({ hasText: text }).getByRole('button', { name: button }).click();
    },
    async openContainer(title) {
      const item = page
        .locator('.activitybar .action-item')
        .filter({ has: page.locator(`.action-label[aria-label^="${title}"]`) })
        .first();
      await item.waitFor();
      if (!(await item.getAttribute('class'))?.includes('checked')) await item.click();
      await page.locator('.sidebar .composite.title', { hasText: title }).waitFor();
    },
    view,
    async rows(title) {
      return await (await view(title))
        .locator('.monaco-list-row')
        .evaluateAll((rows) => rows.map((each) => each.getAttribute('aria-label') ?? ''));
    },
    row,
    async clickRow(title, text) {
      await (await row(title, text)).click();
    },
    async toggleRow(title, text) {
      // A row that has nothing under it yet has an arrow, too: nothing is seen, and a click on it is lost.
      await (await row(title, text)).locator('.monaco-tl-twistie.collapsible').click();
    },
    async clickRowAction(title, text, action) {
      const found = await row(title, text);
      await found.hover();
      await found.locator(`.action-label[aria-label^="${action}"]`).click();
    },
    async clickViewAction(title, action) {
      const found = await view(title);
      await found.hover();
      await found.locator(`.pane-header .action-label[aria-label^="${action}"]`).click();
    },
    async editors() {
      return await page.locator('.editor .tab').evaluateAll((tabs) => tabs.map((tab) => tab.getAttribute('aria-label') ?? ''));
    },
    async editor(title) {
      const tab = page.locator('.editor .tab').filter({ hasText: title }).first();
      await tab.waitFor();
      return tab;
    },
    async clickEditorAction(action) {
      await page.locator(`.editor .editor-actions .action-label[aria-label^="${action}"]`).first().click();
    },
    async openFile(name) {
      await palette(name);
      await choose(name);
      await page.locator('.editor .tab.active').filter({ hasText: name }).waitFor();
      // What is typed next goes there.
      await page.locator('.editor .monaco-editor.focused').waitFor();
    },
    async type(text) {
      await page.keyboard.type(text);
    },
    async statusItem(text) {
      const found = page.locator('.statusbar-item').filter({ hasText: text }).first();
      await found.waitFor();
      return found;
    },
    set,
    async setTheme(theme) {
      await runCommand('Preferences: Color Theme');
      await input.fill(themes[theme].label);
      await choose(themes[theme].label);
      await themed(theme);
    },
    screenshot,
    async witness(test) {
      await screenshot(`failed-${test.replaceAll(/\W+/g, '-')}`);
      const above = page.locator('.monaco-dialog-box, .notification-list-item, .quick-input-widget:visible, .editor .tab.active');
      for (const words of await above.allInnerTexts()) console.error(`on the screen: ${words.replaceAll(/\s+/g, ' ')}`);
    },
    reload,
    async close() {
      await browser.close();
      await processes.stopAll();
    },
  };
}

/** Whether something shows within so many milliseconds. */
export async function appears(locator: Locator, timeout: number): Promise<boolean> {
  return await locator.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}
