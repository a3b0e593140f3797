/** Bad input: an exit code, and one clear message that says what to do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { serveModel } from '../support/modelServer';
import { git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, type Call, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const one = { id: 'one' };

/** A repository with a good plan in it. */
function workspace(): Call {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  put(cwd, 'a.txt', 'a\n');
  put(cwd, 'plan.json', planText(one));
  return { cwd };
}

/** Fails with this code, says this and no more in one line, and leaves no run behind. */
async function refused(args: readonly string[], call: Call, code: number, message: RegExp): Promise<void> {
  const { code: got, out, err } = await weft(args, call);
  assert.match(err, message);
  assert.match(err, /^weft: [^\n]+\n$/);
  assert.deepEqual([got, out], [code, '']);
}

describe('the command line', function () {
  this.timeout(30_000);
  before(buildWeft);

  it('says what it can do, and which version it is', async () => {
    const call = workspace();
    const { code, out, err } = await weft(['--help'], call);
    assert.deepEqual([code, err], [0, '']);
    for (const command of ['run', 'runs', 'undo', 'snapshots', 'rollback', 'schema']) assert.match(out, new RegExp(`weft ${command}`));
    assert.match((await weft(['--version'], call)).out, /^\d+\.\d+\.\d+\n$/);
  });

  it('refuses what it does not know, and says how to ask', async () => {
    const call = workspace();
    await refused([], call, 2, /No command is given\. Run “weft --help”/);
    await refused(['fly'], call, 2, /There is no command “fly”\. Run “weft --help”/);
    await refused(['run', 'plan.json', '--fast'], call, 2, /Unknown option '--fast'.*Run “weft --help”/);
    await refused(
      ['export', 'x', '--branch', '-x'],
      call,
      2,
      /^weft: What follows --branch begins with “-”, as an option does\. If it is meant so: --branch=…\n$/,
    );
    await refused(
      ['export', 'x', '--branch'],
      call,
      2,
      /^weft: Option '--branch <value>' argument missing\. Run “weft --help” for how to call it\.\n$/,
    );
    await refused(['runs', 'x'], call, 2, /“weft runs” does not take “x”/);
    await refused(['limit', 'x'], call, 2, /“weft limit” needs a run and a limit\. Give --max-workers N/);
    await refused(['land', 'x'], call, 2, /“weft land” needs a run and a task\. Run “weft runs”/);
    await refused(['rollback'], call, 2, /“weft rollback” needs a snapshot\. Run “weft snapshots”/);
    await refused(['rollback', 'x'], call, 2, /There is no snapshot “x” of this folder\. Run “weft snapshots”/);
    await refused(['undo', 'x', 'y'], call, 2, /There is no run “x” of this folder\. Run “weft runs”/);
    await refused(['run'], call, 2, /needs a plan or a goal\. Give a plan file/);
    await refused(['run', '--goal', ' '], call, 2, /needs a plan or a goal/);
    await refused(['run', 'plan.json', '--goal', 'x'], call, 2, /Both a plan and a --goal are given/);
    await refused(
      ['run', 'plan.json', '--attempts', '11'],
      call,
      2,
      /--attempts “11” is no whole number from 1 to 10\. Write it in digits/,
    );
    const pools: [string, RegExp][] = [
      ['coder', /--pool coder is no role and number\. Give it as ROLE=N/],
      ['coder=0', /--pool coder “0” is no whole number from 1 to 128\./],
      ['cook=1', /--pool names a role that there is not: “cook”\. .*the roles are coder, debugger/],
    ];
    for (const [pool, said] of pools) await refused(['run', 'plan.json', '--pool', pool], call, 2, said);
  });

  it('refuses plans that cannot be run, before it asks for a key', async () => {
    const call = workspace();
    const bad: [string, RegExp][] = [
      ['{"goal":', /is not JSON: .*“weft schema”/],
      [planText(), /tasks: there are no tasks: give at least one/],
      [planText({ id: 'a', dependsOn: ['b'] }, { id: 'b', dependsOn: ['a'] }), /in a circle \(a → b → a\)/],
      [planText({ id: 'a', dependsOn: ['x'] }), /tasks\[0\]\.dependsOn\[0\]: no task is called “x”/],
      [planText(one, one), /tasks\[1\]\.id: “one” is the id of tasks\[0\] already/],
      [planText({ id: 'a', writes: ['../../etc/passwd'] }), /tasks\[0\]\.writes\[0\]: .*contains “\.\.”/],
      [planText({ id: 'a', context: ['.git/config'] }), /inside \.git/],
      [planText(...Array.from({ length: 10_000 }, (_, at) => ({ id: `t${at}` }))), /has 10,000 tasks, and the limit is 1,000/],
    ];
    for (const [text, message] of bad) {
      put(call.cwd, 'bad.json', text);
      await refused(['run', 'bad.json'], call, 2, message);
    }
    await refused(
      ['run', '-'],
      { ...call, input: planText() },
      2,
      /The plan on standard input is not a usable plan: tasks: there are no tasks/,
    );
    await refused(['run', 'none.json'], call, 2, /The plan none\.json cannot be read: .*Give the path of a plan file/);
    await refused(['run', '.'], call, 2, /The plan \. cannot be read/);
    assert.equal(git(call.cwd, 'for-each-ref'), '');
  });

  it('refuses folders that cannot be worked in', async () => {
    const call = workspace();
    await refused(['runs', '--workspace', 'nowhere'], call, 2, /There is no folder nowhere\. Give a folder that exists\./);
    await refused(['runs', '--workspace', 'a.txt'], call, 2, /a\.txt is a file\. Give the folder that contains it\./);
  });

  it('says so where git is missing or too old', async () => {
    const call = workspace();
    const bin = temporaryFolder();
    await refused(['runs'], { ...call, env: { PATH: bin } }, 2, /git was not found\. Install git 2\.38 or newer/);
    put(bin, 'git', '#!/bin/sh\necho git version 2.30.1\n');
    chmodSync(join(bin, 'git'), 0o755);
    await refused(
      ['runs'],
      { ...call, env: { PATH: bin } },
      2,
      /git is too old: this is git version 2\.30\.1, and Weft needs 2\.38 or newer\. Update git\./,
    );
  });

  it('says so where there is no key, or a scenario that cannot be played', async () => {
    const call = workspace();
    await refused(
      ['run', 'plan.json'],
      call,
      2,
      /There is no API key\. Set ANTHROPIC_API_KEY, or see how it goes without one: --model scripted:sample\./,
    );
    await refused(['run', 'plan.json', '--model', 'scripted:none.json'], call, 2, /The scenario none\.json could not be read/);
    const fallback = ['run', 'plan.json', '--model', 'scripted:sample', '--fallback-model', 'scripted:gone.json'];
    await refused(fallback, call, 2, /The scenario gone\.json could not be read/);
    put(call.cwd, 'bad.json', '{"tasks": {"one": [{"says": 1}]}}');
    await refused(['run', 'plan.json', '--model', 'scripted:bad.json'], call, 2, /bad\.json is not a usable scenario: tasks\.one\[0\]/);
    await refused(
      ['run', 'plan.json'],
      { ...call, env: { ANTHROPIC_BASE_URL: 'nonsense' } },
      2,
      /The base URL "nonsense" is not an http or https address/,
    );
  });

  it('in JSON says the same in its only line', async () => {
    const { code, out, err } = await weft(['run', 'none.json', '--json'], workspace());
    assert.deepEqual([code, err], [2, '']);
    const { type, exitCode, failure } = JSON.parse(out);
    assert.deepEqual([type, exitCode, failure.kind], ['result', 2, 'input']);
  });
});

describe('a server', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('that refuses the key fails the task by that, and the run with 1', async () => {
    const error = { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } };
    const server = await serveModel(async () => Response.json(error, { status: 401 }));
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-secret-key' };
    const { code, out, err } = await weft(['run', 'plan.json'], { ...workspace(), env });
    await server.close();
    assert.match(out, /✗ one: .*(key|401)/i);
    assert.deepEqual([code, err], [1, '']);
    assert.ok(!out.includes('sk-secret-key'));
  });

  it('that refuses the key while planning ends with one message', async () => {
    const error = { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } };
    const server = await serveModel(async () => Response.json(error, { status: 401 }));
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-secret-key' };
    const { code, err } = await weft(['run', '--goal', 'Do it'], { ...workspace(), env });
    await server.close();
    assert.match(err, /^weft: [^\n]*key[^\n]*\n$/i);
    assert.equal(code, 2);
  });

  it('that cannot be reached fails the task by its address', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    assert.ok(typeof address === 'object' && address !== null);
    closed.close();
    await once(closed, 'close');
    const env = { ANTHROPIC_BASE_URL: `http://127.0.0.1:${address.port}`, ANTHROPIC_API_KEY: 'k' };
    const { code, out } = await weft(['run', 'plan.json'], { ...workspace(), env });
    assert.match(out, new RegExp(`✗ one: .*127\\.0\\.0\\.1:${address.port}`));
    assert.equal(code, 1);
  });

  it('that does not know the model says its name', async () => {
    const error = { type: 'error', error: { type: 'not_found_error', message: 'model: no-such-model' } };
    const server = await serveModel(async () => Response.json(error, { status: 404 }));
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'k' };
    const { code, out } = await weft(['run', 'plan.json', '--model', 'no-such-model'], { ...workspace(), env });
    await server.close();
    assert.match(out, /✗ one: .*no-such-model/);
    assert.equal(code, 1);
  });

  it('whose scenario lacks a task costs that task alone', async () => {
    const call = workspace();
    put(call.cwd, 'plan.json', planText(one, { id: 'two' }));
    const { code, out } = await weft(['run', 'plan.json', '--model', scenarioFile({ one: writing({ 'b.txt': 'b' }) })], call);
    assert.match(out, /✗ two: .*The scenario has no task “two”/);
    assert.match(out, /⬇ one: landed/);
    assert.equal(code, 1);
  });

  it('says so in JSON, too, where something is wrong that nobody thought of', async () => {
    const call = workspace();
    await weft(['runs'], call);
    const [key = ''] = readdirSync(join(call.cwd, '.git', 'weft'));
    symlinkSync('runs', join(call.cwd, '.git', 'weft', key, 'runs'));
    const { code, out, err } = await weft(['runs', '--json'], call);
    assert.deepEqual([code, err], [1, '']);
    assert.match(
      JSON.stringify(jsonLines(out)),
      /^\[\{"type":"result","exitCode":1,"failure":\{"kind":"file","message":"ELOOP.*This is a bug/,
    );
  });
});
