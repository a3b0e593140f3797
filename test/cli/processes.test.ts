/** The processes of agents that the command line starts, by the bundles as they ship: what they know, and that they go when it goes. */
import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { parseEvent, type RunEvent } from '../../src/domain/event';
import { childrenOf, gone, type LiveProcess, tellsProcesses } from '../support/liveProcesses';
import { folderState, git, put, temporaryFolder } from '../support/sandbox';
import { skipFor } from '../support/skip';
import { buildWeft, type Ended, ending, planText, scenarioFile, startWeft, writing } from '../support/weft';

const KEY = 'sk-ant-planted-for-this-test';

interface Held {
  readonly cwd: string;
  readonly weft: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  readonly agents: readonly LiveProcess[];
}

/** A run whose agent has written a file, and waits for a model that never answers. */
async function heldRun(...options: readonly string[]): Promise<Held> {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  put(cwd, 'a.txt', 'a\n');
  const [write] = writing({ 'half.txt': 'half done\n' });
  assert.ok(write !== undefined);
  const model = scenarioFile({ one: [write, { thinkMs: 600_000, say: 'never' }] });
  const weft = startWeft(['run', '-', '--model', model, '--json', ...options], { cwd, env: { ANTHROPIC_API_KEY: KEY } });
  const ended = ending(weft);
  // It thinks again when its first call was made.
  const worked = hears(weft, /"task\.turn"[\s\S]*"Thinking"/);
  weft.stdin.end(planText({ id: 'one', attempts: 1 }));
  await worked;
  return { cwd, weft, ended, agents: childrenOf(weft.pid ?? 0, 'worker.js') };
}

/** Resolves when a command has printed that, from now on. */
function hears(weft: ChildProcessWithoutNullStreams, wanted: RegExp): Promise<void> {
  return new Promise((resolve) => {
    let said = '';
    weft.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (wanted.test(said)) resolve();
    });
  });
}

function lastOf<Type extends RunEvent['type']>(out: string, type: Type): Extract<RunEvent, { type: Type }> | undefined {
  const events = out.split('\n').flatMap((line) => parseEvent(line) ?? []);
  return events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type).at(-1);
}

describe('the processes of weft run', function () {
  this.timeout(60_000);
  before(buildWeft);
  beforeEach(function () {
    if (!tellsProcesses) skipFor(this, 'only Linux tells what processes there are');
  });

  it('work without the key, and end with the run', async () => {
    const { weft, ended, agents } = await heldRun();
    assert.equal(agents.length, 1);
    for (const { command, variables } of agents) {
      assert.doesNotMatch(command, /sk-ant/);
      assert.deepEqual(
        Object.entries(variables).filter(([name, value]) => /ANTHROPIC/.test(name) || value.includes(KEY)),
        [],
      );
    }
    weft.kill('SIGINT');
    const { code, out } = await ended;
    assert.equal(code, 130);
    assert.deepEqual(childrenOf(process.pid, 'worker.js'), []);
    for (const { pid } of agents) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    assert.ok(typeof lastOf(out, 'task.stopped')?.draft === 'string');
  });

  it('end by themselves when the command is killed outright', async () => {
    const { weft, ended, agents } = await heldRun();
    weft.kill('SIGKILL');
    assert.equal((await ended).code, null);
    for (const { pid } of agents) await gone(pid);
  });

  it('end at once when the command is interrupted twice', async () => {
    const { weft, ended, agents } = await heldRun();
    for (const { pid } of agents) process.kill(pid, 'SIGSTOP');
    const stopping = hears(weft, /"run\.stopping"/);
    weft.kill('SIGINT');
    await stopping;
    weft.kill('SIGINT');
    assert.equal((await ended).code, 130);
    for (const { pid } of agents) process.kill(pid, 'SIGCONT');
    for (const { pid } of agents) await gone(pid);
  });

  it('leave a draft where they are killed, and their agents go on from it without losing an attempt', async () => {
    const { cwd, weft, ended, agents } = await heldRun();
    const goesOn = hears(weft, /"task\.retrying"[\s\S]*"task\.started"/);
    for (const { pid } of agents) process.kill(pid, 'SIGKILL');
    await goesOn;
    weft.kill('SIGINT');
    const { code, out } = await ended;
    const crash = lastOf(out, 'task.retrying');
    assert.deepEqual(
      [code, crash?.failure.kind, crash?.failure.message],
      [130, 'crash', 'The process in which the agent of “Task one” worked was ended by SIGKILL.'],
    );
    assert.equal(git(cwd, 'show', `${crash?.draft}:half.txt`), 'half done\n');
    assert.deepEqual(folderState(cwd), { 'a.txt': 'file a\n' });
  });

  it('are not there where agents are to run in the command’s own', async () => {
    const { weft, ended, agents } = await heldRun('--in-process');
    assert.deepEqual(agents, []);
    weft.kill('SIGINT');
    assert.equal((await ended).code, 130);
  });
});
