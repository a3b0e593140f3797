/** Checks on the command line: the whole way with the scripted model, what may run that nobody has read, and the folders. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Files, git, put, sandbox } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const planLine = z.looseObject({ plan: z.looseObject({ tasks: z.array(z.object({ id: z.string() })) }) });
const FILES: Files = { 'sum.js': 'exports.sum = (a, b) => a + b;\n', 'package.json': '{}\n' };
const CHECK = 'node check.js';
/** Says what is wrong, and ends with 1. */
const TEST = "const { sum } = require('./sum'); if (sum(2, 2) !== 4) { console.error('sum(2, 2) is ' + sum(2, 2)); process.exit(1); }\n";
const [write, finish] = writing({ 'sum.js': 'exports.sum = (a, b) => a * b + 1;\n' });
const [repair, again] = writing({ 'sum.js': 'exports.sum = (a, b) => b + a;\n' });
const turns = [write, finish, repair, again].flatMap((turn) => turn ?? []);
const withCheck = (text: string, check = CHECK) => JSON.stringify({ ...JSON.parse(text), check });

describe('weft run with a check', () => {
  before(buildWeft);

  it('sends red work back to the agent, with what the check printed, and lands the repair', async () => {
    const { root } = await sandbox({ ...FILES, 'check.js': TEST });
    const plan = withCheck(planText({ id: 'a' }));
    const { code, out, err } = await weft(['run', '-', '--model', scenarioFile({ a: turns })], { cwd: root, input: plan });
    assert.equal(code, 0, out + err);
    assert.match(out, /\? a: checking: node check\.js\n/);
    assert.match(out, /✗ a: check is red: “node check\.js” ended with exit code 1\n {10}sum\(2, 2\) is 5\n/);
    assert.match(out, /↻ a: goes on: its check failed\n[\s\S]*✓ a: check is green, after /);
    assert.equal(readFileSync(join(root, 'sum.js'), 'utf8'), 'exports.sum = (a, b) => b + a;\n');
    assert.equal(git(root, 'status', '--porcelain').trim(), 'M sum.js');
  });

  it('lands nothing red when repairs do not help, and says what the check printed', async () => {
    const { root } = await sandbox({ ...FILES, 'check.js': TEST });
    const plan = JSON.stringify({ ...JSON.parse(planText({ id: 'a', check: CHECK })), limits: { repairs: 0 } });
    const { code, out } = await weft(['run', '-', '--json', '--model', scenarioFile({ a: turns })], { cwd: root, input: plan });
    assert.equal(code, 1);
    const failed = jsonLines(out).find((line) => line.type === 'task.failed');
    assert.ok(failed !== undefined);
    const { kind, message } = failed['failure'] as { kind: string; message: string };
    assert.equal(kind, 'check');
    assert.match(
      message,
      /^Merged into the workspace, its check is red: “node check\.js” ended with exit code 1\.\nIt said:\nsum\(2, 2\) is 5\n$/,
    );
    assert.equal(readFileSync(join(root, 'sum.js'), 'utf8'), FILES['sum.js']);
  });

  it('refuses a check that a model wrote and no rule allows, before anything starts; a rule lets it run', async () => {
    const { root } = await sandbox({
      ...FILES,
      'check.js': "require('fs').writeFileSync(require('path').join(process.env.HOME, 'ran'), '')\n",
    });
    const plan = JSON.parse(withCheck(planText({ id: 'a' })));
    const model = scenarioFile({ a: writing({ 'b.txt': 'b' }) }, [plan]);
    const ran = join(process.env['HOME'] ?? '', 'ran');
    const refused = await weft(['run', '--goal', 'Do it', '--model', model], { cwd: root });
    assert.equal(refused.code, 2);
    assert.match(
      refused.err,
      /^weft: The plan wants to run “node check\.js” as a check, which you have not allowed; nothing was started\./,
    );
    assert.match(
      refused.err,
      /Allow it with --allow-command 'node check\.js', or read the plan, save it as a file and run that: weft run FILE\.\n$/,
    );
    assert.match(refused.out, /^Planning…\n[^{]*\{\n {2}"goal": "A goal",\n {2}"check": "node check\.js",\n/);
    assert.ok(!existsSync(ran) && !existsSync(join(root, 'b.txt')));
    const other = await weft(['run', '--goal', 'Do it', '--model', model, '--allow-command', 'npm test'], { cwd: root });
    assert.equal(other.code, 2);
    const allowed = await weft(['run', '--goal', 'Do it', '--model', model, '--allow-command', 'node *'], { cwd: root });
    assert.equal(allowed.code, 0, allowed.err);
    assert.ok(existsSync(ran) && existsSync(join(root, 'b.txt')));
  });

  it('leaves a model’s plan to be read, or makes none, where that is wanted', async () => {
    const { root } = await sandbox(FILES);
    const model = scenarioFile({ a: writing({ 'b.txt': 'b' }) }, [JSON.parse(planText({ id: 'a' }))]);
    const asked = await weft(['run', '--goal', 'Do it', '--model', model, '--approve', 'plan=ask'], { cwd: root });
    assert.equal(asked.code, 2);
    assert.match(
      asked.err,
      /^weft: The plan is made, and waits for you to read it; nothing was started\. Save it as a file, and run that: weft run FILE\.\n$/,
    );
    assert.match(asked.out, /\{\n {2}"goal": "A goal",\n {2}"tasks": \[\n/);
    const told = await weft(['run', '--goal', 'Do it', '--model', model, '--approve', 'plan=ask', '--json'], { cwd: root });
    assert.deepEqual(planLine.parse(jsonLines(told.out).at(-1)).plan.tasks, [{ id: 'a' }]);
    const none = await weft(['run', '--goal', 'Do it', '--model', model, '--approve', 'plan=deny'], { cwd: root });
    assert.deepEqual(
      [none.code, none.out, none.err],
      [2, '', 'weft: You let no plan run that a model made. Give a plan file, or leave out --approve plan=deny.\n'],
    );
    assert.ok(!existsSync(join(root, 'b.txt')));
  });

  it('keeps the key and other secrets from the check', async () => {
    const { root } = await sandbox({ ...FILES, 'check.js': 'console.log(JSON.stringify(process.env)); process.exit(1)\n' });
    const plan = JSON.stringify({ ...JSON.parse(withCheck(planText({ id: 'a' }))), limits: { repairs: 0 } });
    const env = { ANTHROPIC_API_KEY: 'sk-hidden-1', GITHUB_TOKEN: 'hidden-2', DB_URL: 'postgres://me:hidden-3@host/db', SEEN: 'plain' };
    const { out } = await weft(['run', '-', '--json', '--model', scenarioFile({ a: turns })], { cwd: root, input: plan, env });
    assert.match(out, /SEEN/);
    assert.doesNotMatch(out, /hidden-/);
  });
});

describe('weft folders', () => {
  before(buildWeft);

  it('lists the folders of checks, and removes them', async () => {
    const { root } = await sandbox({ ...FILES, 'check.js': 'process.exit(0)\n', '.gitignore': 'node_modules\n' });
    put(root, 'node_modules/dep/index.js', 'dep');
    await weft(['run', '-', '--model', scenarioFile({ a: turns })], { cwd: root, input: withCheck(planText({ id: 'a' })) });
    const listed = await weft(['folders', '--json'], { cwd: root });
    const folders = jsonLines(listed.out)[0]?.['folders'] as { path: string; root: string; bytes: number; state: string }[];
    const ours = folders.filter((folder) => folder.root === root);
    assert.deepEqual(
      ours.map(({ state, bytes }) => [state, bytes]),
      [['free', 4 * 4096]],
    );
    const path = ours[0]?.path ?? '';
    assert.ok(existsSync(join(path, 'sum.js')) && existsSync(join(path, 'node_modules/dep/index.js')));
    const { out, code } = await weft(['folders', '--remove'], { cwd: root });
    assert.equal(code, 0);
    assert.ok(out.includes(`${path}  removed\n    for ${root}, 0.0 MB, used `));
    assert.ok(!existsSync(path) && existsSync(join(root, 'node_modules/dep/index.js')));
    assert.equal((await weft(['folders'], { cwd: root })).out, 'There are no folders for checks.\n');
    assert.equal((await weft(['runs', '--remove'], { cwd: root })).code, 2);
  });
});
