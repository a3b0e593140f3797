/** The documentation has all that there is to set and to call, names nothing that there is not, and its links lead somewhere. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../package.json';
import { MOST, TAKERS } from '../../src/cli/options';
import { USAGE } from '../../src/cli/usage';
import { SETTING_GROUPS, PACKAGE_SETTINGS as settings } from '../support/settings';
import { brokenLink, readPage, rowsOf, sectionOf } from './page';

const root = join(__dirname, '../../..');
const page = (path: string) => readPage(root, path);
const docs = readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [page(`docs/${name}`)] : []));
const readme = page('README.md');
const forUsers = [readme, ...docs];
const all = [...forUsers, ...['ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map(page)];

const titles = packageJson.contributes.commands.map(({ title }) => title);
/** Options that every command takes. */
const OF_ALL = ['workspace', 'json', 'help', 'version'];
/** The README is where one begins; what is longer belongs into docs. */
const MOST_WORDS = 1000;

/** As options of the command line are called by whoever types them: of a run, `--keep` keeps its lessons. */
function optionsOf(command: string): string[] {
  const taken = Object.entries(TAKERS).filter(([, takers]) => takers.includes(command));
  return [...new Set(taken.map(([option]) => typed(option)))].sort();
}

function typed(option: string): string {
  return option === 'keep-lessons' ? 'keep' : option;
}

function optionsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, option = '']) => option))].sort();
}

describe('the documentation', () => {
  it('has links that lead somewhere, and to headings that there are', () => {
    const wrong = all.flatMap((from) => from.links.flatMap((link) => brokenLink(root, from, link, page) ?? []));
    assert.deepEqual(wrong, []);
    assert.ok(all.flatMap(({ links }) => links).length > 100);
  });

  it('is led to by the README, each page of it', () => {
    const led = new Set(readme.links.map((link) => link.split('#')[0]));
    assert.deepEqual(
      docs.map(({ path }) => path).filter((path) => !led.has(path)),
      [],
    );
  });

  it('begins with a README that is read in a few minutes', () => {
    const words = readme.text.split(/\s+/).length;
    assert.ok(words <= MOST_WORDS, `README.md has ${words} words: move what not everybody needs into docs`);
  });

  it('leads on from the packaged README, too: its links are such as the packager makes whole', () => {
    assert.match(packageJson.repository.url, /^https:\/\/github\.com\/[\w-]+\/[\w-]+\.git$/);
    // Of other forms it knows nothing, and leaves them as they are.
    assert.doesNotMatch(readme.text, /^\[[^\]]+\]:|<a\s|<img\s/im);
  });

  it('has every setting once, with its default and who can set it, and no other', () => {
    const settingsPage = page('docs/settings.md');
    const shown = rowsOf(settingsPage, /^weft\./).map(([name, [means = '', otherwise, by]]) => {
      const left = settings[name]?.enum?.filter((value) => !means.includes(`\`${value}\``)) ?? [];
      return { name, otherwise, by, left };
    });
    const wanted = Object.entries(settings).map(([name, { default: value, scope }]) => ({
      name,
      otherwise: defaultText(value),
      by: scope === 'machine' ? 'you' : 'workspace',
      left: [],
    }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    assert.deepEqual(shown.sort(byName), wanted.sort(byName));
    const lists = Object.values(settings).flatMap(({ default: value }) => (Array.isArray(value) ? value : []));
    assert.ok(lists.length > 0);
    assert.deepEqual(
      lists.filter((one) => !settingsPage.code.some((code) => code.split(/\s+/).includes(String(one)))),
      [],
    );
  });

  it('has the settings in the groups in which VS Code shows them, in the same order', () => {
    const settingsPage = page('docs/settings.md');
    const headings = [...settingsPage.text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
    assert.deepEqual(
      headings,
      SETTING_GROUPS.map(({ title }) => title.replaceAll(/ [A-Z](?=[a-z])/g, (letter) => letter.toLowerCase())),
    );
    assert.deepEqual(
      headings.map((heading) => rowsOf({ ...settingsPage, text: sectionOf(settingsPage, heading) }, /^weft\./).map(([name]) => name)),
      SETTING_GROUPS.map(({ properties }) => Object.keys(properties)),
    );
  });

  it('has every command of the command line, with just the options that it takes', () => {
    const cli = page('docs/cli.md');
    const commands = Object.keys(MOST);
    const described = [...cli.text.matchAll(/^### weft (\S+)$/gm)].map(([, command = '']) => command);
    assert.deepEqual([...described].sort(), [...commands].sort());
    const shown = commands.map((command) => [command, optionsIn(sectionOf(cli, `weft ${command}`))]);
    assert.deepEqual(
      shown,
      commands.map((command) => [command, optionsOf(command)]),
    );
    assert.deepEqual(optionsIn(sectionOf(cli, 'All commands')), [...OF_ALL].sort());
  });

  it('is said in short by the command line itself', () => {
    const described = [...USAGE.matchAll(/^ {2}weft (\S+)/gm)].map(([, command]) => command);
    assert.deepEqual([...new Set(described)].sort(), Object.keys(MOST).sort());
    assert.deepEqual(optionsIn(USAGE), [...new Set([...Object.keys(TAKERS).map(typed), ...OF_ALL])].sort());
  });

  it('has every command of VS Code by its name, and no other', () => {
    const bold = forUsers.flatMap(({ text }) => [...text.matchAll(/\*\*([^*\n]+)\*\*/g)].map(([, name = '']) => name));
    const named = new Set(bold.map((name) => name.replace(/^Weft: /, '')));
    assert.deepEqual(
      titles.filter((title) => !named.has(title)),
      [],
    );
    const meant = bold.flatMap((name) => /^Weft: (.+)$/.exec(name)?.[1] ?? []);
    assert.ok(meant.length > 0);
    assert.deepEqual(
      meant.filter((name) => !titles.includes(name)),
      [],
    );
  });

  it('names only settings, commands and options that there are', () => {
    const code = forUsers.flatMap((one) => one.code.map((text) => ({ path: one.path, text })));
    const wrong = code.filter(({ text }) => !namesWhatIs(text));
    assert.deepEqual(wrong, []);
  });
});

/** As the page of settings says a default; those of several values stand below their table. */
function defaultText(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) return 'below';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? `\`${value}\`` : 'none';
}

function namesWhatIs(code: string): boolean {
  const named = [...code.matchAll(/(?<![\w./-])weft(?:\.\w+)+/g)].map(([name]) => name);
  if (named.some((name) => settings[name] === undefined && name !== 'weft.vsix')) return false;
  const [, command] = /^weft (?!-)(\S+)/.exec(code) ?? [];
  if (command !== undefined && MOST[command] === undefined) return false;
  if (command === undefined && !code.startsWith('--')) return true;
  // What comes after it may tell of another command.
  const [call = ''] = code.split(/;| {3,}/);
  const known = command === undefined ? Object.keys(TAKERS).map(typed) : optionsOf(command);
  return optionsIn(call).every((option) => [...known, ...OF_ALL].includes(option));
}
