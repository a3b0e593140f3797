/** Commands in a folder: what they see, what is kept of their output, and that nothing of them is left. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type CommandEnd, type CommandLimits, commandEnvironment, runCommand } from '../../../src/repo/commands/command';
import { markedWith } from '../../../src/repo/commands/processTree';
import { failed, NEVER, valued } from '../../support/result';
import { put, temporaryFolder } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

const node = JSON.stringify(process.execPath);

function place() {
  const path = temporaryFolder();
  mkdirSync(join(path, 'tmp'));
  const groups: number[] = [];
  return { path, temp: join(path, 'tmp'), groups, began: (group: number) => groups.push(group), ended: async () => undefined };
}

async function ran(script: string, limits: CommandLimits = { timeoutMs: 60_000 }, where = place()): Promise<CommandEnd> {
  put(where.path, 'script.js', script);
  return valued(await runCommand(where, `${node} script.js`, limits, NEVER));
}

describe('a command', () => {
  it('ends with its exit code and both its streams, without colours and overwritten lines', async () => {
    const end = await ran(
      `process.stdout.write('\\u001b[31mred\\u001b[0m\\n10%\\r20%\\rdone\\r\\n'); console.error('bad'); process.exitCode = 3`,
    );
    const expected = { exitCode: 3, killed: false, timedOut: false, output: 'red\ndone\nbad\n', milliseconds: 0 };
    assert.deepEqual({ ...end, milliseconds: 0 }, expected);
  });

  it('has no input, and its folder and temporary folder are its own', async () => {
    const where = place();
    const end = await ran(
      `console.log(process.cwd(), require('os').tmpdir(), require('fs').readFileSync(0, 'utf8').length)`,
      undefined,
      where,
    );
    assert.equal(end.output, `${where.path} ${where.temp} 0\n`);
  });

  it('keeps the beginning and the end of a long output', async () => {
    const end = await ran(`for (let at = 0; at < 100000; at++) console.log('line ' + at)`, { timeoutMs: 60_000, maxOutput: 300 });
    assert.match(end.output, /^line 0\nline 1\n[\s\S]*\n… [\d,]+ bytes are left out here …\n[\s\S]*\nline 99999\n$/);
    assert.ok(end.output.length < 400);
  });

  it('is heard as it prints, before it ends', async () => {
    const off = new AbortController();
    const where = place();
    put(where.path, 'script.js', `console.log('up'); setInterval(() => undefined, 1000)`);
    const heard: string[] = [];
    const onOutput = (chunk: Buffer) => {
      heard.push(chunk.toString());
      off.abort();
    };
    const end = await runCommand(where, `${node} script.js`, { timeoutMs: 60_000, onOutput }, off.signal);
    assert.deepEqual([heard, failed(end).kind], [['up\n'], 'cancelled']);
  });

  it('sees no secret of the person’s, and what tools need to find themselves', () => {
    const from = {
      PATH: '/bin',
      HOME: '/home/p',
      JAVA_HOME: '/java',
      GOPATH: '/go',
      LANG: 'C',
      ANTHROPIC_API_KEY: 'x',
      ANTHROPIC_BASE_URL: 'x',
      GITHUB_TOKEN: 'x',
      NPM_TOKEN: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_ACCESS_KEY_ID: 'x',
      DB_PASSWORD: 'x',
      PGPASSWORD: 'x',
      MYSQL_PWD: 'x',
      SMTP_PASS: 'x',
      SSHPASS: 'x',
      SLACK_WEBHOOK_URL: 'x',
      AZURE_STORAGE_CONNECTION_STRING: 'x',
      AZURE: 'AccountName=a;AccountKey=b',
      OPENAI: 'sk-0123456789abcdefghij',
      STRIPE: 'sk_live_0123',
      SESSION: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x',
      npm_config__authToken: 'x',
      SSH_AUTH_SOCK: 'x',
      GIT_DIR: 'x',
      VSCODE_IPC_HOOK_CLI: 'x',
      WEFT_STATE_DIR: 'x',
      PLAIN: 'ghp_0123456789',
      DATABASE_URL: 'postgres://me:hidden@host/db',
      DOCS_URL: 'https://host/a:b@c',
      FORCE_COLOR: '1',
      // Of one terminal of many.
      _: '/bin/weft',
      SHLVL: '2',
      COLUMNS: '80',
      TERM_SESSION_ID: 'x',
      TMUX_PANE: '%1',
      KITTY_WINDOW_ID: '3',
    };
    const { TMPDIR, TMP, TEMP, PWD, CI, NO_COLOR, TERM, WEFT_FOLDER, GIT_CEILING_DIRECTORIES, GIT_TERMINAL_PROMPT, ...rest } =
      commandEnvironment(from, {
        path: '/folder',
        temp: '/temp',
      });
    assert.deepEqual(rest, { PATH: '/bin', HOME: '/home/p', JAVA_HOME: '/java', GOPATH: '/go', LANG: 'C', DOCS_URL: 'https://host/a:b@c' });
    assert.deepEqual([TMPDIR, TMP, TEMP, PWD, WEFT_FOLDER], ['/temp', '/temp', '/temp', '/folder', '/folder']);
    assert.deepEqual([CI, NO_COLOR, TERM, GIT_CEILING_DIRECTORIES, GIT_TERMINAL_PROMPT], ['1', '1', 'dumb', '/folder', '0']);
  });

  it('that takes too long is ended with all that it started, even what will not end and what left its group', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells the environment of a process');
    const where = place();
    const stubborn = `process.on('SIGTERM', () => console.log('asked to end')); setInterval(() => undefined, 1000); console.log('up')`;
    put(where.path, 'stubborn.js', stubborn);
    const end = await ran(
      `const { spawn } = require('child_process');
       spawn(process.execPath, ['stubborn.js'], { detached: true, stdio: 'inherit' });
       setInterval(() => undefined, 1000);`,
      { timeoutMs: 3_000 },
      where,
    );
    assert.equal(end.timedOut, true);
    assert.match(end.output, /up\n(.*\n)*asked to end/);
    assert.deepEqual(markedWith(where.path), []);
  });

  it('leaves nothing behind that it started in the background', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells the environment of a process');
    const where = place();
    const end = await ran(
      `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { detached: true, stdio: 'inherit' }).unref(); process.exit(0)`,
      undefined,
      where,
    );
    assert.equal(end.exitCode, 0);
    assert.deepEqual(markedWith(where.path), []);
    assert.equal(where.groups.length, 1);
  });

  it('is not waited for where what it started hides and holds its streams open', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells the environment of a process');
    // Without the mark in its environment, and out of its group: nobody can tell that it is the command's.
    const end = await ran(
      `const child = require('child_process').spawn('sleep', ['20'], { detached: true, stdio: 'inherit', env: {} });
       console.log('done ' + child.pid); child.unref(); process.exit(0)`,
      { timeoutMs: 15_000 },
    );
    process.kill(Number(/\d+/.exec(end.output)?.[0]));
    assert.deepEqual([end.exitCode, end.timedOut], [0, false]);
    assert.ok(end.milliseconds < 15_000, `${end.milliseconds}`);
  });

  it('that is called off ends, and says so', async () => {
    const where = place();
    const off = new AbortController();
    put(where.path, 'script.js', `require('fs').writeFileSync('begun', ''); setInterval(() => undefined, 1000)`);
    const watcher = watch(where.path, (_, name) => {
      if (name === 'begun') off.abort();
    });
    const end = await runCommand(where, `${node} script.js`, { timeoutMs: 60_000 }, off.signal);
    watcher.close();
    assert.equal(failed(end).kind, 'cancelled');
    assert.ok(existsSync(join(where.path, 'begun')));
    assert.equal(failed(await runCommand(where, 'echo never > never', { timeoutMs: 1000 }, off.signal)).kind, 'cancelled');
    assert.ok(!existsSync(join(where.path, 'never')));
  });

  it('that the folder cannot run fails with what to do', async () => {
    const where = { ...place(), path: '/no/such/folder' };
    const failure = failed(await runCommand(where, 'true', { timeoutMs: 1000 }, NEVER));
    assert.match(failure.message, /^“true” cannot be started: /);
  });
});
