/** What package.json says of Weft is what the code does, both ways. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import packageJson from '../../package.json';
import { APPROVAL_KINDS, DEFAULT_VERDICTS } from '../../src/domain/approvals';
import { writtenPlanSchema } from '../../src/domain/plan';
import { DEFAULT_PROTECT } from '../../src/domain/protected';
import { BUILT_IN_ROLES } from '../../src/domain/role';
import {
  CONFLICTS,
  DEFAULT_ANSWER_MINUTES,
  DEFAULT_ATTEMPTS,
  DEFAULT_BUDGET_USD,
  DEFAULT_CONFLICT_PRIORITY,
  DEFAULT_CONFLICTS,
  DEFAULT_FOLDERS_QUOTA_GB,
  DEFAULT_INCLUDE_MAX_FILE_MB,
  DEFAULT_INCLUDE_MAX_MB,
  DEFAULT_KEEP,
  DEFAULT_LESSONS,
  DEFAULT_LINKS,
  DEFAULT_MAX_WORKERS,
  DEFAULT_MODEL,
  DEFAULT_ON_STALE,
  DEFAULT_QUOTA_MB,
  DEFAULT_RESUME,
  LESSONS,
  MAX_ATTEMPTS,
  MAX_BUDGET_USD,
  MAX_WORKERS,
  ON_STALE,
} from '../../src/domain/settings';
import type { Stage } from '../../src/domain/taskState';
import { BLOB_SCHEME, COMMANDS, CONTEXT, SETTINGS, STATE_SCHEME, VIEWS } from '../../src/vscode/names';
import { PACKAGE_SETTINGS, SETTING_GROUPS } from '../support/settings';

const root = join(__dirname, '../../..');
const { contributes } = packageJson;
const own = contributes.commands.map(({ command }) => command);
const properties = new Map(Object.entries(PACKAGE_SETTINGS));
/** What VS Code itself brings, and welcome views may link to. */
const BUILT_IN = ['workbench.action.files.openFolder', 'workbench.trust.manage'];

/** A task's row is called after its stage. */
const STAGES = [
  'waiting',
  'running',
  'awaiting',
  'asking',
  'done',
  'conflicted',
  'held',
  'landed',
  'undone',
  'failed',
  'stopped',
  'doomed',
] satisfies Stage['kind'][] as string[];

/** Rows as they are called in the code, with all that they can have. */
const ROWS: readonly (readonly [view: string, row: string])[] = [
  ...['leave', 'leaveToLand', 'question', 'conflict', 'held'].map((row) => [VIEWS.inbox, row] as const),
  ...['running', 'running.paused', 'elsewhere', 'elsewhere.paused', 'finished', 'finished.interrupted.landed.undone.rest'].map(
    (row) => [VIEWS.runs, `run.${row}`] as const,
  ),
  ...[...STAGES, 'conflicted.reversal'].flatMap((stage) =>
    ['', '.draft', '.draft.checked.live.poor.printed'].map((more) => [VIEWS.runs, `task.${stage}${more}`] as const),
  ),
  [VIEWS.runs, 'file.landed.parts'],
  [VIEWS.snapshots, 'snapshot'],
];

function isShown(when: string, view: string, row: string): boolean {
  const exact = / && viewItem == (\S+)$/.exec(when)?.[1];
  const pattern = / && viewItem =~ \/(.+)\/$/.exec(when)?.[1];
  return when.startsWith(`view == ${view} && `) && (exact === undefined ? new RegExp(pattern ?? '$^').test(row) : exact === row);
}

function menuItems(): { menu: string; command: string; when: string }[] {
  return Object.entries(contributes.menus).flatMap(([menu, items]) => items.map(({ command, when }) => ({ menu, command, when })));
}

function sources(): string[] {
  const folder = join(root, 'src/vscode');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8'));
}

function isView(id: string): boolean {
  return [VIEWS.inbox, VIEWS.runs, VIEWS.snapshots].some((view) => view === id);
}

describe('package.json', () => {
  it('has every command of the code, and no other', () => {
    assert.deepEqual([...own].sort(), Object.values(COMMANDS).sort());
    assert.equal(new Set(own).size, own.length);
  });

  it('has a handler in the code for every command', () => {
    const code = sources().join('\n');
    const missing = Object.keys(COMMANDS).filter((key) => !new RegExp(`(registerCommand|command)\\(\\s*COMMANDS\\.${key}\\b`).test(code));
    assert.deepEqual(missing, []);
  });

  it('names commands as the palette shows them', () => {
    for (const { category, title } of contributes.commands) {
      assert.equal(category, 'Weft');
      assert.match(title, /^[A-Z]/);
    }
  });

  it('has every view of the code, and no other', () => {
    const views = Object.values(contributes.views).flatMap((all) => all.map(({ id }) => id));
    assert.deepEqual([...views, ...contributes.viewsContainers.activitybar.map(({ id }) => id)].sort(), Object.values(VIEWS).sort());
    assert.deepEqual(Object.keys(contributes.views), [VIEWS.container]);
  });

  it('has every setting of the code with its default, and no other', () => {
    const names = Object.values(SETTINGS).map((name) => `weft.${name}`);
    assert.deepEqual([...properties.keys()].sort(), names.sort());
    const defaults = Object.fromEntries([...properties].map(([name, property]) => [name, property.default]));
    assert.deepEqual(defaults, {
      'weft.model': DEFAULT_MODEL,
      'weft.baseUrl': '',
      'weft.maxWorkers': DEFAULT_MAX_WORKERS,
      'weft.pools': {},
      'weft.adaptiveWorkers': false,
      'weft.attempts': DEFAULT_ATTEMPTS,
      'weft.fallbackModels': [],
      'weft.budget.run': DEFAULT_BUDGET_USD,
      'weft.budget.runTokens': 0,
      'weft.prices': {},
      'weft.record': false,
      'weft.conflicts': DEFAULT_CONFLICTS,
      'weft.conflictPriority': DEFAULT_CONFLICT_PRIORITY,
      'weft.snapshot.include': [],
      'weft.snapshot.includeMaxFileMb': DEFAULT_INCLUDE_MAX_FILE_MB,
      'weft.snapshot.includeMaxMb': DEFAULT_INCLUDE_MAX_MB,
      'weft.snapshot.keep': DEFAULT_KEEP,
      'weft.snapshot.quotaMb': DEFAULT_QUOTA_MB,
      'weft.land.onStale': DEFAULT_ON_STALE,
      'weft.resume': DEFAULT_RESUME,
      'weft.reuse': true,
      'weft.lessons': DEFAULT_LESSONS,
      'weft.telemetry.otlpEndpoint': '',
      'weft.commands.allow': [],
      'weft.commands.rules': {},
      'weft.mcp.servers': {},
      'weft.approvals.plan': DEFAULT_VERDICTS.plan,
      'weft.approvals.command': DEFAULT_VERDICTS.command,
      'weft.approvals.mcp': DEFAULT_VERDICTS.mcp,
      'weft.approvals.protected': DEFAULT_VERDICTS.protected,
      'weft.approvals.landing': DEFAULT_VERDICTS.landing,
      'weft.approvals.question': DEFAULT_VERDICTS.question,
      'weft.approvals.timeoutMinutes': DEFAULT_ANSWER_MINUTES,
      'weft.protect': DEFAULT_PROTECT,
      'weft.folders.link': DEFAULT_LINKS,
      'weft.folders.quotaGb': DEFAULT_FOLDERS_QUOTA_GB,
    });
    assert.deepEqual(PACKAGE_SETTINGS['weft.land.onStale']?.enum, ON_STALE);
    assert.deepEqual(PACKAGE_SETTINGS['weft.lessons']?.enum, LESSONS);
    assert.equal(PACKAGE_SETTINGS['weft.maxWorkers']?.maximum, MAX_WORKERS);
    assert.equal(PACKAGE_SETTINGS['weft.attempts']?.maximum, MAX_ATTEMPTS);
    assert.equal(PACKAGE_SETTINGS['weft.budget.run']?.maximum, MAX_BUDGET_USD);
    assert.deepEqual(PACKAGE_SETTINGS['weft.conflicts']?.enum, CONFLICTS);
    const { properties: pools } = PACKAGE_SETTINGS['weft.pools'] ?? {};
    assert.deepEqual(
      pools,
      Object.fromEntries(BUILT_IN_ROLES.map((role) => [role, { type: 'integer', minimum: 1, maximum: MAX_WORKERS }])),
    );
    for (const { markdownDescription } of properties.values()) assert.match(markdownDescription, /\.$/);
  });

  it('has its settings in groups, each where it belongs', () => {
    assert.ok(SETTING_GROUPS.length > 1);
    assert.equal(SETTING_GROUPS.flatMap((group) => Object.keys(group.properties)).length, properties.size);
    // What is called as the extension is would stand above the groups, whatever its place.
    for (const { title } of SETTING_GROUPS) assert.ok(/^[A-Z]/.test(title) && title !== packageJson.displayName, title);
    assert.deepEqual(
      SETTING_GROUPS.map(({ order }) => order),
      SETTING_GROUPS.map((_, at) => at + 1),
    );
    // The settings editor sorts what has the same place by name, and so tears apart what belongs together.
    const places = [...properties.values()].map(({ order }) => order);
    assert.deepEqual(
      places,
      [...new Set(places)].sort((a, b) => a - b),
    );
  });

  it('lets no workspace send the key elsewhere, allow commands, skip a review or forget snapshots, nor an untrusted one set anything', () => {
    const own = [
      'weft.baseUrl',
      ...APPROVAL_KINDS.map((kind) => `weft.approvals.${kind}`),
      'weft.approvals.timeoutMinutes',
      'weft.budget.run',
      'weft.budget.runTokens',
      'weft.fallbackModels',
      'weft.prices',
      'weft.record',
      'weft.commands.allow',
      'weft.commands.rules',
      'weft.mcp.servers',
      'weft.approvals.plan',
      'weft.snapshot.keep',
      'weft.snapshot.quotaMb',
      'weft.telemetry.otlpEndpoint',
    ];
    for (const name of own) assert.equal(properties.get(name)?.scope, 'machine');
    assert.deepEqual([...packageJson.capabilities.untrustedWorkspaces.restrictedConfigurations].sort(), [...properties.keys()].sort());
  });

  it('puts only its own commands and views into menus', () => {
    for (const { menu, command, when } of menuItems()) {
      assert.ok(own.includes(command), `${menu}: ${command}`);
      for (const [, view = ''] of when.matchAll(/view == ([\w.]+)/g)) assert.ok(isView(view), when);
    }
  });

  it('takes a key from VS Code only where a merge editor of its own is, and for a command of its own', () => {
    for (const { command, when } of contributes.keybindings) {
      assert.ok(own.includes(command), command);
      assert.ok(when.includes(`=~ /^${STATE_SCHEME}:/`), when);
    }
  });

  it('uses in conditions only the context keys that the code sets', () => {
    const keys = [...menuItems(), ...contributes.viewsWelcome].flatMap(({ when }) => {
      const bare = when.replaceAll(/== [\w.]+/g, '').replaceAll(/\/(\\.|[^/])*\//g, '');
      return bare.match(/\bweft\.\w+/g) ?? [];
    });
    assert.deepEqual([...new Set(keys)].sort(), Object.values(CONTEXT).sort());
  });

  it('offers on a row only what its kind of row is called in the code', () => {
    const rows = ['inbox/inboxRows.ts', 'runs/runsRows.ts', 'snapshots/snapshotsView.ts'];
    const code = rows.map((name) => readFileSync(join(root, 'src/vscode', name), 'utf8')).join('\n');
    for (const { when } of menuItems()) {
      for (const [, stages = ''] of when.matchAll(/viewItem =~ \/\^task\\\.\(?([a-z|]+)/g)) {
        for (const stage of stages.split('|')) assert.ok(STAGES.includes(stage), when);
      }
      for (const [, pattern = ''] of when.matchAll(/viewItem =~ \/\^([^/]*)\//g)) {
        for (const [, word = ''] of pattern.matchAll(/\\\.([a-z]+)/gi)) assert.ok(STAGES.includes(word) || code.includes(`.${word}`), when);
      }
      for (const [, value] of when.matchAll(/viewItem == ([\w.]+)/g)) assert.ok(code.includes(`'${value}'`), when);
    }
  });

  it('gives each action of a row a place of its own, and shows few of them beside it', () => {
    for (const [view, row] of ROWS) {
      const shown = contributes.menus['view/item/context'].filter(({ when }) => isShown(when, view, row));
      const places = shown.map(({ group }) => group);
      assert.ok(places.length > 0, row);
      assert.deepEqual(
        places.filter((place, at) => places.indexOf(place) < at),
        [],
        row,
      );
      assert.ok(places.filter((place) => place.startsWith('inline@')).length <= 3, row);
      // What shows beside the row is in its menu, too.
      const [inline, menu] = [true, false].map((is) =>
        shown.filter(({ group }) => group.startsWith('inline@') === is).map(({ command }) => command),
      );
      assert.deepEqual(
        inline?.filter((command) => menu?.includes(command) !== true),
        [],
        row,
      );
    }
  });

  it('has every picture that it names', () => {
    const pictures = [packageJson.icon, ...contributes.viewsContainers.activitybar.map(({ icon }) => icon)];
    pictures.push(...Object.values(contributes.views).flatMap((views) => views.map(({ icon }) => icon)));
    for (const picture of pictures) assert.ok(existsSync(join(root, picture)), picture);
  });

  it('welcomes with links that lead somewhere', () => {
    const links = contributes.viewsWelcome.flatMap(({ contents }) =>
      [...contents.matchAll(/\(command:([^)]*)\)/g)].map((match) => match[1]),
    );
    assert.ok(links.length > 0);
    for (const link of links) assert.ok(link !== undefined && [...own, ...BUILT_IN].includes(link), link);
    for (const { view } of contributes.viewsWelcome) assert.ok(isView(view), view);
  });

  it('wakes up for the documents that it provides', () => {
    assert.ok(packageJson.activationEvents.includes(`onFileSystem:${BLOB_SCHEME}`));
  });

  it('packs every bundle that the build makes', () => {
    const names = [...readFileSync(join(root, 'esbuild.js'), 'utf8').matchAll(/entryPoints: \{ (\w+):/g)].map(
      ([, name]) => `!dist/${name}.js`,
    );
    const packed = readFileSync(join(root, '.vscodeignore'), 'utf8').split('\n');
    assert.ok(names.includes('!dist/mcp.js'));
    assert.deepEqual(
      names.filter((name) => !packed.includes(name)),
      [],
    );
  });

  it('checks plans by the schema that the code checks them by', () => {
    assert.deepEqual(contributes.jsonValidation, [{ fileMatch: '*.weft.json', url: './dist/plan.schema.json' }]);
    // The build writes to that file what the CLI says.
    const said = execFileSync(process.execPath, [join(root, 'out/src/cli/main.js'), 'schema'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(said), z.toJSONSchema(writtenPlanSchema, { io: 'input' }));
    assert.ok(readFileSync(join(root, '.vscodeignore'), 'utf8').includes('!dist/plan.schema.json'));
  });
});
