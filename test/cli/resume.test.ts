/** A run whose process is killed, at every kind of event, goes on from there: every task comes to its end, none twice, and no answer is paid for again. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import type { RunEvent } from '../../src/domain/event';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { answered, EVERY, entryKindsOf, journalOf, kindsOf, runIn, type Scene, sampleOf, sceneOf, startCut } from '../support/cutRuns';
import { childrenOf, tellsProcesses } from '../support/liveProcesses';
import { folderState } from '../support/sandbox';
import { skipFor } from '../support/skip';
import { buildWeft, type Ended, ending, jsonLines, planText, startWeft, weft } from '../support/weft';

const edit = (path: string, old: string, by: string) => ({ tool: 'edit_file', input: { path, old, new: by } });
const write = (path: string, content: string) => ({ tool: 'write_file', input: { path, content } });
const finish = { tool: 'finish', input: { summary: 'Done.' } };
const part = (name: string, dependsOn: string[] = []) => ({ name, title: `Part ${name}`, instructions: `Do part ${name}.`, dependsOn });

/** A chain, a check that is red at first, an agent that spawns two others, a race, and a failure that dooms a task. */
const SCENARIO = scenarioSchema.parse({
  tasks: {
    chain: [
      { calls: [{ tool: 'read_file', input: { path: 'a.txt' } }] },
      { calls: [edit('a.txt', 'one', 'two'), edit('a.txt', 'two', 'three')] },
      { calls: [edit('a.txt', 'three', 'four'), finish] },
    ],
    next: [{ calls: [edit('a.txt', 'four', 'five')] }, { calls: [finish] }],
    checked: [{ calls: [write('c.txt', 'bad\n')] }, { calls: [finish] }, { calls: [edit('c.txt', 'bad', 'good')] }, { calls: [finish] }],
    parent: [
      { calls: [write('p.txt', 'before\n'), { tool: 'spawn', input: { parts: [part('x'), part('y', ['x'])] } }] },
      { calls: [edit('p.txt', 'before', 'after'), edit('x.txt', 'x', 'x, seen')] },
      { calls: [finish] },
    ],
    'parent.1': [{ calls: [write('x.txt', 'x\n')] }, { calls: [finish] }],
    'parent.2': [{ calls: [edit('x.txt', 'x', 'x and y')] }, { calls: [finish] }],
    'race.1': [{ calls: [write('r.txt', 'r\n')] }, { calls: [finish] }],
    'race.2': [{ calls: [write('r.txt', 'r\n')] }, { calls: [finish] }],
    failing: [{ say: 'I will not.', stop: 'refusal' }],
  },
});
const PLAN = planText(
  { id: 'chain' },
  { id: 'next', dependsOn: ['chain'] },
  { id: 'checked', check: 'grep -q good c.txt' },
  { id: 'parent' },
  { id: 'race', candidates: 2 },
  { id: 'failing', attempts: 1 },
  { id: 'doomed', dependsOn: ['failing'] },
);
const LANDED = ['chain', 'next', 'checked', 'parent', 'race'];
const AFTER = {
  'a.txt': 'file five\n',
  'c.txt': 'file good\n',
  'p.txt': 'file after\n',
  'r.txt': 'file r\n',
  'x.txt': 'file x, seen and y\n',
};

/** `onAsked` is told how many requests have come. */
function scene(onAsked?: (count: number) => void): Promise<Scene> {
  return sceneOf({ 'a.txt': 'one\n' }, scriptedModel(SCENARIO, { paceMs: 0, wait: async () => undefined }), onAsked);
}

/** Runs the CLI until it ends, or is killed right before a step. */
async function cli(scene: Scene, args: readonly string[], cut?: Readonly<Record<string, string>>): Promise<Ended> {
  const child = startCut(scene, args, cut);
  child.stdin.end(PLAN);
  return ending(child);
}

/** All that a run has come to: the folder, and how often each task landed or joined. */
function assertWhole(scene: Scene, ended: Ended, what: string): void {
  const result = jsonLines(ended.out).at(-1);
  assert.deepEqual([ended.code, result?.['exitCode']], [1, 1], `${what}\n${ended.out}\n${ended.err}`);
  const events = journalOf(scene);
  const failures = events.flatMap((event) => (event.type === 'task.failed' ? [`${event.task}: ${event.failure.message}`] : []));
  assert.deepEqual(failures, ['failing: The model refused to work on this task.'], what);
  assert.deepEqual(folderState(scene.root), AFTER, what);
  const ids = (type: RunEvent['type']) => events.flatMap((event) => (event.type === type && 'task' in event ? [event.task] : [])).sort();
  assert.deepEqual(ids('task.landed'), [...LANDED].sort(), what);
  assert.deepEqual(ids('task.joined'), ['parent.1', 'parent.2'], what);
  assert.deepEqual(ids('task.doomed'), ['doomed'], what);
  assert.deepEqual(scene.again, [], `${what}: asked again what was answered`);
  // What was paid for is counted, once.
  const paid = events.filter(({ type }) => type === 'task.turn').length;
  assert.equal(paid, answered(scene).size, what);
}

/** Resumes what was killed, `cut` or to its end. */
function resume(scene: Scene, cut?: Readonly<Record<string, string>>): Promise<Ended> {
  return cli(scene, ['resume', runIn(scene)], cut);
}

describe('weft resume', function () {
  this.timeout(EVERY ? 1_800_000 : 240_000);
  before(buildWeft);
  /** What there was in the run that was not killed. */
  let kinds: readonly string[] = [];

  it('has nothing to do for a run that went to its end, and says so', async () => {
    const whole = await scene();
    assertWhole(whole, await cli(whole, ['run', '-', '--model', 'claude-test']), 'not killed');
    kinds = [...kindsOf(whole), ...entryKindsOf(whole)];
    assert.ok(kinds.length >= 20, `${kinds}`);
    assert.equal(whole.asked.length, answered(whole).size);
    const again = await weft(['resume', runIn(whole)], { cwd: whole.root, env: whole.env });
    assert.deepEqual([again.code, again.out], [2, '']);
    assert.match(again.err, /^weft: Run .* is over: there is nothing to resume\. /);
    await whole.server.close();
  });

  it('goes on with a run that was killed before the first of a kind of event, or of entry in its transcripts', async () => {
    for (const kind of sampleOf(kinds, 2)) {
      const killed = await scene();
      const cut = { CUT_BEFORE: `"type":"${kind}"` };
      const { code, out, err } = await cli(killed, ['run', '-', '--model', 'claude-test'], cut);
      assert.equal(code, null, `${kind}\n${out}\n${err}`);
      const listed = jsonLines((await weft(['runs', '--json'], { cwd: killed.root })).out).at(-1);
      assert.equal(z.looseObject({ runs: z.tuple([z.looseObject({ life: z.string() })]) }).parse(listed).runs[0].life, 'interrupted');
      assertWhole(killed, await resume(killed), kind);
      await killed.server.close();
    }
  });

  it('goes on however often it is killed itself', async () => {
    const killed = await scene();
    // Five agents begin anew each time, and say so twice, before one of them gets anything done: who is killed sooner never comes to an end.
    const cut = { CUT_BEFORE: '"at":', CUT_NTH: EVERY ? '18' : '40' };
    let ended = await cli(killed, ['run', '-', '--model', 'claude-test'], cut);
    let times = 0;
    while (ended.code === null) {
      times++;
      ended = await resume(killed, cut);
    }
    assert.ok(times > 1, `${times}`);
    assertWhole(killed, ended, `killed ${times} times`);
    await killed.server.close();
  });

  for (const at of EVERY ? [1, 3, 5, 8, 11, 14, 17, 20] : [9]) {
    it(`is not needed where the processes of its agents were killed, at its request ${at}: they go on in others`, async function () {
      if (!tellsProcesses) return skipFor(this, 'only Linux tells what processes there are');
      let driver = 0;
      const killed = await scene((count) => {
        if (count === at) for (const { pid } of childrenOf(driver, 'worker.js')) process.kill(pid, 'SIGKILL');
      });
      const child = startWeft(['run', '-', '--model', 'claude-test', '--json'], { cwd: killed.root, env: killed.env });
      driver = child.pid ?? 0;
      child.stdin.end(PLAN);
      assertWhole(killed, await ending(child), `killed at request ${at}`);
      const crashes = journalOf(killed).filter((event) => event.type === 'task.retrying' && event.failure.kind === 'crash');
      assert.ok(crashes.length > 0);
      await killed.server.close();
    });
  }

  for (const at of EVERY ? [16, 17, 18, 18, 18, 18, 19, 19, 20, 21] : [12]) {
    it(`goes on with a run all of whose processes were killed, those of git, too, at its request ${at}`, async () => {
      let group = 0;
      const killed = await scene((count) => {
        if (count === at) process.kill(-group, 'SIGKILL');
      });
      const child = startWeft(['run', '-', '--model', 'claude-test', '--json'], { cwd: killed.root, env: killed.env });
      group = child.pid ?? 0;
      child.stdin.end(PLAN);
      assert.equal((await ending(child)).code, null);
      assertWhole(killed, await resume(killed), `killed at request ${at}`);
      await killed.server.close();
    });
  }
});
