/** Commands of agents: let through by rules alone, on the draft, within limits; what they change is in the draft, and what they end with is an answer. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { ActAnswer } from '../../../src/domain/act';
import { type Approvals, DEFAULT_VERDICTS } from '../../../src/domain/approvals';
import { systemClock } from '../../../src/domain/clock';
import { cancelled, type Result } from '../../../src/domain/failure';
import type { ActContext, ActPorts } from '../../../src/engine/acts/acts';
import { commandExecutor } from '../../../src/engine/acts/commands';
import { scenarioSchema } from '../../../src/model/scenario';
import { scriptedModel } from '../../../src/model/scripted';
import { folderPool, foldersHome } from '../../../src/repo/commands/folderPool';
import { listFolders } from '../../../src/repo/commands/folderStore';
import { markedWith } from '../../../src/repo/commands/processTree';
import { pooledRun } from '../../support/pooledRun';
import { NEVER, valued } from '../../support/result';
import { type Files, git, isThere, type Sandbox, sandbox, temporaryFolder, treeState } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

const SETTINGS = { link: ['node_modules'], most: 3, quotaBytes: 1e9 };

interface Ran {
  readonly box: Sandbox;
  readonly base: string;
  readonly steps: string[];
  readonly printed: string[];
  run(command: string, options?: { seconds?: number; task?: string; draft?: string; signal?: AbortSignal }): Promise<Result<ActAnswer>>;
}

async function executor(files: Files): Promise<Ran> {
  const box = await sandbox(files);
  const base = git(box.root, 'rev-parse', 'HEAD').trim();
  const execute = commandExecutor(box.repo, folderPool(box.repo, SETTINGS, systemClock));
  const steps: string[] = [];
  const printed: string[] = [];
  return {
    box,
    base,
    steps,
    printed,
    run: (command, { seconds, task = 'a', draft, signal = NEVER } = {}) => {
      const context: ActContext = {
        run: 'r1',
        task,
        title: 'Task a',
        base,
        draft: draft ?? null,
        call: 'c1',
        step: (text) => steps.push(text),
        output: (text) => printed.push(text),
      };
      return execute({ kind: 'command', command, ...(seconds === undefined ? {} : { seconds }) }, context, signal);
    },
  };
}

/** Without how long it took, which no test knows. */
function textOf(answer: Result<ActAnswer>): string {
  return valued(answer).text.replaceAll(/after [\d.]+ s/g, 'after N s');
}

describe('a command of an agent', () => {
  before(function () {
    if (process.platform === 'win32') skipFor(this, 'the commands are those of a POSIX shell');
  });

  it('ends with an answer whatever its exit code, and what it changed is the draft’s', async () => {
    const { run, box, steps, printed } = await executor({ '.gitignore': 'dist\n', 'a.txt': 'a\n' });
    const green = valued(await run('cat a.txt; echo b > b.txt'));
    assert.equal(
      textOf({ ok: true, value: green }),
      '“cat a.txt; echo b > b.txt” ended with exit code 0 after N s.\na\n[It changed 1 file, in your draft now: b.txt.]',
    );
    assert.ok(green.draft !== undefined);
    assert.deepEqual(treeState(box.repo, green.draft), { '.gitignore': 'file dist\n', 'a.txt': 'file a\n', 'b.txt': 'file b\n' });
    assert.deepEqual(steps, ['Running cat a.txt; echo b > b.txt']);
    assert.deepEqual(printed.slice(0, 2), ['$ cat a.txt; echo b > b.txt\n', 'a\n']);
    const red = await run('test -f b.txt && echo yes >&2; exit 3', { draft: green.draft });
    assert.deepEqual(
      [textOf(red), valued(red).isError, valued(red).draft],
      ['“test -f b.txt && echo yes >&2; exit 3” ended with exit code 3 after N s.\nyes', false, undefined],
    );
    assert.equal(textOf(await run('true')), '“true” ended with exit code 0 after N s.\n[It printed nothing.]');
    assert.deepEqual(git(box.root, 'status', '--porcelain'), '');
  });

  it('finds what git ignores of its own task’s last command, and nothing of another’s', async () => {
    const { run } = await executor({ '.gitignore': 'dist\n' });
    await run('mkdir dist && echo built > dist/out');
    assert.match(textOf(await run('cat dist/out')), /\nbuilt$/);
    assert.match(textOf(await run('ls', { task: 'b' })), /\[It printed nothing\.\]$/);
  });

  it('is told what is left out of the draft, by name', async () => {
    const { run } = await executor({ 'a.txt': 'a\n' });
    assert.equal(
      textOf(await run('ln -s /etc out')),
      '“ln -s /etc out” ended with exit code 0 after N s.\n[It printed nothing.]\n[Not taken over into your draft:\n- out: It is a link that leads out of the workspace. Make it a file.]',
    );
    const broken = textOf(await run('git init --quiet sub; echo c > c.txt'));
    assert.match(
      broken,
      /\n\[What it changed could not be taken over into your draft: sub is a git repository without any commit, which git cannot add\. Commit there, or have git ignore it\.\]$/,
    );
  });

  it('that takes too long is ended with what it started, and the agent is told what to do', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells the environment of a process');
    const { run, printed } = await executor({ 'a.txt': 'a\n' });
    const answer = await run('echo up; setsid sleep 60 & sleep 60', { seconds: 1 });
    assert.match(
      textOf(answer),
      /^“echo up; setsid sleep 60 & sleep 60” had not ended after N s, and was ended with all that it had started\. If it needs longer, give it more “seconds” \(at most 1800\); what should go on, such as a server, has to be started and ended in one command\.\nup$/,
    );
    assert.equal(valued(answer).isError, false);
    for (const { path } of await listFolders(foldersHome())) assert.deepEqual(markedWith(path), []);
    assert.ok(printed.includes('up\n'));
  });

  it('is cancelled with its agent, also while it waits for a folder', async () => {
    const { run, steps } = await executor({ 'a.txt': 'a\n' });
    const flags = temporaryFolder();
    const begun = (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => ['1', '2'].filter((name) => existsSync(join(flags, name))).length >= count && resolve();
        const watcher = watch(flags, look);
        void watcher.on('error', () => undefined);
        look();
      });
    mkdirSync(flags, { recursive: true });
    const off = new AbortController();
    const running = ['1', '2'].map((task) => run(`touch ${flags}/${task}; sleep 60`, { task, signal: off.signal }));
    await begun(2);
    const late = new AbortController();
    const waiting = run('true', { task: '3', signal: late.signal });
    while (!steps.includes('Waiting for a folder to run a command in')) await new Promise((resolve) => setImmediate(resolve));
    late.abort();
    assert.deepEqual(await waiting, cancelled);
    off.abort();
    assert.deepEqual(await Promise.all(running), [cancelled, cancelled]);
  });
});

describe('the tool run', () => {
  before(function () {
    if (process.platform === 'win32') skipFor(this, 'the commands are those of a POSIX shell');
  });

  const model = (commands: string[]) =>
    scriptedModel(
      scenarioSchema.parse({
        tasks: {
          a: [
            { calls: [{ tool: 'write_file', input: { path: 'mine.txt', content: 'mine\n' } }] },
            { calls: commands.map((command) => ({ tool: 'run', input: { command } })) },
            { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
          ],
        },
      }),
      { paceMs: 0, wait: async () => undefined },
    );
  const portsOf = (box: Sandbox, approvals: Partial<Approvals>): ActPorts => ({
    approvals: () => ({
      verdicts: { ...DEFAULT_VERDICTS, command: 'deny' },
      commands: {},
      protect: [],
      seconds: null,
      landingSeconds: null,
      ...approvals,
    }),
    command: commandExecutor(box.repo, folderPool(box.repo, SETTINGS, systemClock)),
  });

  it('runs in the host what a rule allows, on what the agent wrote in its process, and what it makes lands', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const flag = join(temporaryFolder(), 'flag');
    const { run, ended } = await pooledRun({
      box,
      tasks: { a: 'Do it.' },
      model: model(['cp mine.txt made.txt', `touch ${flag}`, 'cp mine.txt made.txt && touch x']),
      acts: portsOf(box, { commands: { 'cp *': 'allow' } }),
    });
    valued(await ended);
    assert.equal(run.record.state.tasks.get('a')?.stage.kind, 'landed');
    assert.deepEqual([isThere(box.root, 'made.txt'), isThere(box.root, 'x'), existsSync(flag)], [true, false, false]);
    const steps = run.live.state.printed.get('a');
    assert.match(steps ?? '', /^\$ cp mine\.txt made\.txt\n\[ended with exit code 0 after [\d.]+ s\]\n$/);
  });

  it('is not offered where no command could ever be allowed', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    let tools: string[] = [];
    const script = model([]);
    const { ended } = await pooledRun({
      box,
      tasks: { a: 'Do it.' },
      model: async (request) => {
        tools = [...(await request.clone().text()).matchAll(/"type":"custom","name":"(\w+)"/g)].map(([, name = '']) => name);
        return script(request);
      },
      acts: portsOf(box, {}),
    });
    valued(await ended);
    assert.ok(tools.includes('read_file') && !tools.includes('run'), tools.join());
  });
});
