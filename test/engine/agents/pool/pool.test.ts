/** Agents in processes of their own, by real processes and real signals: what lands, what a death costs, and that nothing is left. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { DEFAULT_VERDICTS } from '../../../../src/domain/approvals';
import type { LiveRun } from '../../../../src/engine/run';
import type { Turn } from '../../../../src/model/scenario';
import { Draft } from '../../../../src/repo/draft/draft';
import { readRef } from '../../../../src/repo/repository';
import { HELD, heldScenario } from '../../../support/heldScenario';
import { childrenOf, gone, type LiveProcess, tellsProcesses } from '../../../support/liveProcesses';
import { AGENTS, failureOf, ODD_AGENTS, openPool, pooledRun, until } from '../../../support/pooledRun';
import { valued } from '../../../support/result';
import { stagesOf } from '../../../support/run';
import { afterThisTest, openedTogether, sandbox, treeState } from '../../../support/sandbox';
import { skipFor } from '../../../support/skip';

const write = (path: string, content: string): Turn => ({ calls: [{ tool: 'write_file', input: { path, content } }] });
const finish: Turn = { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] };
const held = (turn: Turn): Turn => ({ ...turn, thinkMs: HELD });

const conversationSchema = z.object({ messages: z.array(z.object({ role: z.string() })) });

/** Short, for tests in which a process is to be found out soon. */
const SOON = { lookMs: 50, missed: 60 };

function agentsProcesses(): LiveProcess[] {
  return childrenOf(process.pid, 'entry.js');
}

describe('agents in processes of their own', function () {
  this.timeout(60_000);
  beforeEach(function () {
    if (!tellsProcesses) skipFor(this, 'only Linux tells what processes there are');
  });

  it('work many in a process, land what they did, and are gone with the pool', async () => {
    const ids = Array.from({ length: 12 }, (_, at) => `t${at}`);
    const scenario = heldScenario(Object.fromEntries(ids.map((id) => [id, [write(`${id}.txt`, `${id}\n`), held(finish)]])));
    const { run, ended, pool, root } = await pooledRun({
      tasks: Object.fromEntries(ids.map((id) => [id, 'Do it.'])),
      model: scenario.model,
      pool: { size: 2 },
    });
    await scenario.held(12);
    const processes = agentsProcesses();
    assert.equal(processes.length, 2);
    for (const { pid } of processes) assert.ok(getPriority(pid) >= 5, 'The host comes first.');
    scenario.release();
    const state = valued(await ended);
    assert.deepEqual(stagesOf(state), Object.fromEntries(ids.map((id) => [id, 'landed'])));
    for (const id of ids) assert.equal(readFileSync(join(root, `${id}.txt`), 'utf8'), `${id}\n`);
    assert.equal(run.record.state.tasks.get('t3')?.work.summary, 'Done.');
    assert.deepEqual(agentsProcesses(), processes);
    await pool.close();
    assert.deepEqual(agentsProcesses(), []);
  });

  it('lose at most the turn in flight when their process is killed, no attempt, and cost nobody else anything', async () => {
    const turns = (id: string) => [write(`${id}.new`, `${id}\n`), held(write(`${id}.new`, 'never\n')), finish];
    const scenario = heldScenario({ a: turns('a'), b: turns('b') });
    const { run, repo, ended } = await pooledRun({ tasks: { a: 'Do it.', b: 'Do it.' }, model: scenario.model, pool: { size: 2 } });
    await scenario.held(2);
    await until(run, () => ['a', 'b'].every((id) => run.live.state.drafts.get(id)?.changes.length === 1));
    const [first] = agentsProcesses();
    process.kill(first?.pid ?? 0, 'SIGKILL');
    const failuresOf = (id: string) => run.record.state.tasks.get(id)?.work.failures ?? [];
    await until(run, () => ['a', 'b'].some((id) => failuresOf(id).length > 0));
    const [dead = '', alive = ''] = failuresOf('a').length > 0 ? ['a', 'b'] : ['b', 'a'];
    const draft = run.record.state.tasks.get(dead)?.work.next?.draft ?? '';
    assert.equal(treeState(repo, draft)[`${dead}.new`], `file ${dead}\n`);
    assert.equal(valued(await readRef(repo, `runs/${run.id}/drafts/${dead}`)), draft);
    await scenario.held(3);
    scenario.release();
    const state = valued(await ended);
    assert.deepEqual(stagesOf(state), { a: 'landed', b: 'landed' });
    assert.deepEqual(failuresOf(alive), []);
    assert.deepEqual(failuresOf(dead), [
      {
        kind: 'crash',
        message: `The process in which the agent of “Task ${dead}” worked was ended by SIGKILL.`,
        fix: 'Retry the task: its agent goes on from what it had done by then.',
      },
    ]);
    valued(await Draft.resume(repo, state.start.commit, draft));
  });

  it('go on in another process where they were, and are asked no turn twice that was over', async () => {
    const scenario = heldScenario({ a: [write('new.txt', 'new\n'), held(finish)] });
    const turns: number[] = [];
    const { run, root, ended } = await pooledRun({
      tasks: { a: 'Do it.' },
      attempts: 2,
      model: async (request) => {
        const { messages } = conversationSchema.parse(await request.clone().json());
        turns.push(messages.filter(({ role }) => role === 'assistant').length);
        return scenario.model(request);
      },
    });
    await scenario.held(1);
    const [first] = agentsProcesses();
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await scenario.held(2);
    const [second] = agentsProcesses();
    assert.notEqual(second?.pid, first?.pid);
    scenario.release();
    assert.deepEqual(stagesOf(valued(await ended)), { a: 'landed' });
    assert.deepEqual(turns, [0, 1, 1]);
    assert.equal(readFileSync(join(root, 'new.txt'), 'utf8'), 'new\n');
    const failures = run.record.state.tasks.get('a')?.work.failures.map(({ message }) => message);
    assert.deepEqual(failures, ['The process in which the agent of “Task a” worked was ended by SIGKILL.']);
  });

  it('work in several folders at once', async () => {
    const [api, web] = [(await sandbox({ 'a.txt': 'a\n' })).root, (await sandbox({ 'b.txt': 'b\n' })).root];
    const repo = await openedTogether([api, web]);
    const [apiName, webName] = [basename(api), basename(web)];
    const scenario = heldScenario({ a: [write(`${apiName}/new.txt`, 'A\n'), write(`${webName}/new.txt`, 'B\n'), finish] });
    const { ended } = await pooledRun({ box: { root: '', repo }, tasks: { a: 'Do it.' }, model: scenario.model });
    assert.deepEqual(stagesOf(valued(await ended)), { a: 'landed' });
    assert.deepEqual(
      [api, web].map((folder) => readFileSync(join(folder, 'new.txt'), 'utf8')),
      ['A\n', 'B\n'],
    );
  });

  it('are found out when they hang, stopped or busy for ever', async () => {
    const scenario = heldScenario({}, [held(finish)]);
    const stopped = await pooledRun({ tasks: { a: 'Do it.' }, model: scenario.model, pool: SOON });
    await scenario.held(1);
    const [hung] = agentsProcesses();
    process.kill(hung?.pid ?? 0, 'SIGSTOP');
    const message = 'The process in which the agent of “Task a” worked has not answered for 3 s.';
    const failuresIn = (run: LiveRun) => run.record.state.tasks.get('a')?.work.failures.map((failure) => [failure.kind, failure.message]);
    // In another process it goes on.
    await scenario.held(2);
    await scenario.aborted(1);
    await gone(hung?.pid ?? 0);
    scenario.release();
    assert.deepEqual(stagesOf(valued(await stopped.ended)), { a: 'landed' });
    assert.deepEqual(failuresIn(stopped.run), [['crash', message]]);
    const busy = await pooledRun({ tasks: { a: 'go round for ever' }, pool: { ...SOON, entry: ODD_AGENTS } });
    await until(busy.run, () => failuresIn(busy.run)?.length === 1);
    busy.run.stop();
    await busy.ended;
    assert.deepEqual(failuresIn(busy.run), [['crash', message]]);
    await busy.pool.close();
    await stopped.pool.close();
    assert.deepEqual(agentsProcesses(), []);
  });

  it('are not taken for hung when the host itself was away', async () => {
    const scenario = heldScenario({}, [held(finish)]);
    const { ended } = await pooledRun({ tasks: { a: 'Do it.' }, model: scenario.model, pool: SOON });
    await scenario.held(1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * SOON.lookMs * SOON.missed);
    await new Promise((resolve) => setImmediate(resolve));
    scenario.release();
    assert.deepEqual(stagesOf(valued(await ended)), { a: 'landed' });
  });

  it('that are stopped call off the request in flight, and keep what they did', async () => {
    const scenario = heldScenario({ a: [write('a.txt', 'mine\n'), held(finish)] });
    const { run, repo, ended } = await pooledRun({ tasks: { a: 'Do it.' }, model: scenario.model });
    await scenario.held(1);
    run.stopTask('a');
    await scenario.aborted(1);
    const state = valued(await ended);
    assert.deepEqual(stagesOf(state), { a: 'stopped' });
    assert.equal(treeState(repo, state.tasks.get('a')?.work.changeset ?? '')['a.txt'], 'file mine\n');
  });

  it('have no secret in their environment or arguments', async () => {
    const planted = {
      ANTHROPIC_API_KEY: 'sk-ant-planted',
      ANTHROPIC_CUSTOM_HEADERS: 'x: planted',
      GITHUB_TOKEN: 'planted',
      MY_OWN: 'planted',
      NODE_OPTIONS: '--title=planted',
      HTTPS_PROXY: 'http://me:planted@localhost:1',
      SSH_AUTH_SOCK: '/planted',
    };
    const before = Object.keys(planted).map((name) => [name, process.env[name]] as const);
    afterThisTest(() => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });
    Object.assign(process.env, planted);
    const scenario = heldScenario({}, [held(finish)]);
    const { ended } = await pooledRun({ tasks: { a: 'Do it.' }, model: scenario.model });
    await scenario.held(1);
    const [found] = agentsProcesses();
    assert.ok(found !== undefined);
    assert.equal(found.command, `${process.execPath} ${AGENTS}`);
    const let_in =
      /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|LD_LIBRARY_PATH|XDG_(CONFIG|STATE)_HOME|WEFT_STATE_DIR|ELECTRON_(RUN_AS_NODE|NO_ASAR))$/;
    assert.deepEqual(
      Object.entries(found.variables).filter(([name, value]) => !let_in.test(name) || value.includes('planted')),
      [],
    );
    assert.equal(found.variables['HOME'], process.env['HOME']);
    scenario.release();
    valued(await ended);
  });

  it('end by themselves when nobody needs them, and begin again with the next job', async () => {
    const scenario = heldScenario({}, [finish]);
    const { run, pool, ended } = await pooledRun({ tasks: { a: 'Do it.' }, model: scenario.model, pool: { idleMs: 1 } });
    await until(run, () => run.record.state.tasks.get('a')?.stage.kind === 'landed');
    valued(await ended);
    for (const { pid } of agentsProcesses()) await gone(pid);
    assert.deepEqual(agentsProcesses(), []);
    await pool.close();
  });
});

describe('what an agent’s process says', function () {
  this.timeout(60_000);

  it('crosses both ways: children, what became of them, and a worker that broke', async () => {
    const { ended } = await pooledRun({ tasks: { a: 'spawn one', b: 'break', c: 'say done' }, pool: { entry: ODD_AGENTS } });
    const state = valued(await ended);
    assert.deepEqual(stagesOf(state), { a: 'landed', b: 'failed', c: 'landed', 'a.1': 'joined' });
    const end = { name: 'part', title: 'A part', end: 'joined', text: 'A part is done.', conflicts: [] };
    assert.deepEqual(JSON.parse(state.tasks.get('a')?.work.summary ?? ''), [end]);
    assert.deepEqual(failureOf(state, 'b'), {
      kind: 'agent',
      message: 'The agent of “Task b” broke down: a nail in the tyre.',
      fix: 'Dispatch the task again; if it goes on, report this.',
    });
  });

  it('is answered by the person where it asks them, and by nobody who is not asked', async () => {
    const approvals = () => ({ verdicts: DEFAULT_VERDICTS, commands: {}, protect: [], seconds: null, landingSeconds: null });
    const given = { tasks: { a: 'ask which port' }, pool: { entry: ODD_AGENTS } };
    const { run, ended } = await pooledRun({ ...given, acts: { approvals } });
    await until(run, () => run.record.state.inbox.size === 1);
    valued(run.controls.answer('1', { kind: 'said', text: '80' }));
    assert.equal(valued(await ended).tasks.get('a')?.work.summary, 'The person answered: 80');
    const without = await pooledRun(given);
    assert.match(valued(await without.ended).tasks.get('a')?.work.summary ?? '', /^The person is not to be asked in this run\./);
  });

  it('is told again to an agent that went, with its process, while it waited for its children', async () => {
    const { run, ended } = await pooledRun({ tasks: { a: 'spawn one that exits' }, pool: { entry: ODD_AGENTS, size: 1 } });
    const state = valued(await ended);
    assert.deepEqual(stagesOf(state), { a: 'landed', 'a.1': 'failed' });
    const text =
      'The process in which the agent of “A part” worked ended with code 3. Retry the task: its agent goes on from what it had done by then.';
    assert.deepEqual(JSON.parse(run.record.state.tasks.get('a')?.work.summary ?? ''), [
      { name: 'part', title: 'A part', end: 'failed', text, conflicts: [] },
    ]);
  });

  const deaths: Readonly<Record<string, string>> = {
    exit: 'ended with code 3',
    'throw where nobody catches': 'ended with code 1 (RangeError: out of all bounds)',
    'say what is no JSON': 'sent a line that is no JSON',
    'answer for the person':
      "sent a message that Weft does not know (type: Invalid discriminator value. Expected 'hello' | 'report' | 'spawn' | 'act' | 'ended' | 'broke' | 'pong')",
    'say what nobody knows': 'sent a message that Weft does not know (report.step: Invalid input: expected string, received number)',
  };
  for (const [act, why] of Object.entries(deaths)) {
    it(`is told where it is the last thing: ${act}`, async () => {
      const { ended } = await pooledRun({ tasks: { a: act }, pool: { entry: ODD_AGENTS } });
      assert.deepEqual(failureOf(valued(await ended), 'a'), {
        kind: 'crash',
        message: `The process in which the agent of “Task a” worked ${why}.`,
        fix: 'Retry the task: its agent goes on from what it had done by then.',
      });
    });
  }

  it('is told where it could not even begin', async () => {
    const { ended } = await pooledRun({ tasks: { a: 'Do it.' }, pool: { entry: join(__dirname, 'missing.js') } });
    assert.match(
      failureOf(valued(await ended), 'a')?.message ?? '',
      /worked ended with code 1 \(Error: Cannot find module .*missing\.js'\)\.$/,
    );
  });

  it('is that it does not understand its host, where that is of another version', async () => {
    const said: [unknown, RegExp][] = [
      [{ type: 'hello', version: 2 }, /^weft: Its host sent a message that Weft does not know \(version: .*\)\. Reload the window/],
      [{ type: 'start', id: 1 }, /does not know \(assignment: /],
      ['nonsense', /does not know \(the message: /],
    ];
    for (const [message, pattern] of said) {
      const child = spawn(process.execPath, [AGENTS], { stdio: 'pipe' });
      const [errors, closed] = [text(child.stderr), once(child, 'close')];
      child.stdin.write(`${JSON.stringify(message)}\n`);
      assert.deepEqual(await closed, [1, null]);
      assert.match(await errors, pattern);
    }
  });
});

describe('a pool', () => {
  it('that is closed takes no job, and ends though nothing was begun', async () => {
    await openPool().close();
  });
});
