/** Pausing a run, and going on with it. Agents, or their model, are held by the test, on a real repository. */
import assert from 'node:assert/strict';
import { ok } from '../../../src/domain/failure';
import { RunRecord, readState } from '../../../src/engine/journal/record';
import type { Checker } from '../../../src/engine/landing/check';
import { resolveFile } from '../../../src/engine/landing/landing';
import { LiveRun } from '../../../src/engine/run';
import type { ModelFetch } from '../../../src/model/fetch';
import { Hold } from '../../../src/model/hold';
import { scenarioSchema } from '../../../src/model/scenario';
import { scriptedModel } from '../../../src/model/scripted';
import { resolvedEntry } from '../../../src/repo/land/conflictFiles';
import { settled } from '../../support/handTime';
import { failed, NEVER, valued } from '../../support/result';
import { rig } from '../../support/run';
import { folderState, put, treeState } from '../../support/sandbox';
import { recorded, still } from '../../support/watching';

const never: Checker = () => new Promise(() => undefined);

describe('a paused run', () => {
  it('starts and lands nothing, has agents at work come to their end, and goes on where it was', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: ['a'], d: [] }, { limits: { maxWorkers: 2 } });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    const seen = recorded(box);
    valued(box.run.controls.pause());
    valued(box.run.controls.pause());
    await a.finish({ 'a.txt': 'a' });
    await b.finish();
    await still(box);
    assert.deepEqual(seen, ['run.paused', 'done a', 'done b']);
    assert.deepEqual(box.stages(), { a: 'done', b: 'done', c: 'waiting', d: 'waiting' });
    assert.deepEqual(folderState(box.root), { x: 'file x' });
    assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)).phase, 'paused');
    valued(box.run.controls.continue());
    valued(box.run.controls.continue());
    await (await box.agents.agent('c')).finish({ 'c.txt': 'c' });
    await (await box.agents.agent('d')).finish();
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', c: 'landed', d: 'landed' });
    assert.equal(seen.filter((one) => one.startsWith('run.')).join(), 'run.paused,run.continued,run.finished');
    assert.match(failed(box.run.controls.pause()).message, /has finished/);
    assert.match(failed(box.run.controls.continue()).message, /has finished/);
  });

  it('does not start an agent whose draft was being prepared', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'] });
    const a = await box.agents.agent('a');
    await a.finish({ 'a.txt': 'a' });
    await box.reaches('a', 'landed');
    const seen = recorded(box);
    // Looked at while it is made out where the draft of b begins.
    const { unsaved } = box.workspace;
    box.workspace.unsaved = () => {
      valued(box.run.controls.pause());
      return unsaved();
    };
    await still(box);
    assert.deepEqual([seen, box.agents.running()], [['run.paused'], []]);
    box.workspace.unsaved = unsaved;
    valued(box.run.controls.continue());
    await (await box.agents.agent('b')).finish();
    valued(await box.ended);
    assert.deepEqual(seen, ['run.paused', 'run.continued', 'started b', 'done b', 'landed b', 'run.finished']);
  });

  it('does not land what waited for its turn when it was paused', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    const a = await box.agents.agent('a');
    let release = () => {};
    const free = new Promise<void>((resolve) => {
      release = resolve;
    });
    const lock = box.repo.landLock(NEVER, () => free.then(() => ok()));
    const seen = recorded(box);
    await a.finish({ 'a.txt': 'a' });
    await box.reaches('a', 'done');
    await settled();
    valued(box.run.controls.pause());
    release();
    valued(await lock);
    await still(box);
    assert.deepEqual(seen, ['done a', 'run.paused']);
    valued(box.run.controls.continue());
    valued(await box.ended);
    assert.deepEqual(seen, ['done a', 'run.paused', 'run.continued', 'landed a', 'run.finished']);
  });

  it('keeps the verdict of a check that came meanwhile, and lands by it when it goes on', async () => {
    const checks: (() => void)[] = [];
    const check: Checker = () =>
      new Promise((resolve) => {
        checks.push(() => resolve(ok({ ok: true, command: 'test', exitCode: 0, timedOut: false, output: '', milliseconds: 1 })));
      });
    const box = await rig({ x: 'x' }, { a: [], b: [] }, { check, plan: { check: 'test' } });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    const seen = recorded(box);
    await a.finish({ 'a.txt': 'a' });
    await box.reaches('a', 'done');
    while (checks.length === 0) await settled();
    valued(box.run.controls.pause());
    checks[0]?.();
    await b.finish({ 'b.txt': 'b' });
    await still(box);
    assert.deepEqual(seen, ['done a', 'checking a', 'run.paused', 'done b']);
    assert.deepEqual(folderState(box.root), { x: 'file x' });
    valued(box.run.controls.continue());
    await box.reaches('a', 'landed');
    assert.equal(checks.length, 1);
    while (checks.length === 1) await settled();
    checks[1]?.();
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
  });

  it('leaves a conflict that the person decided until it goes on', async () => {
    const box = await rig({ shared: 'old\n' }, { a: [] });
    const a = await box.agents.agent('a');
    put(box.root, 'shared', 'mine\n');
    await a.finish({ shared: 'a\n' });
    await box.reaches('a', 'conflicted');
    valued(box.run.controls.pause());
    const stage = box.run.record.state.tasks.get('a')?.stage;
    const [file] = stage?.kind === 'conflicted' ? stage.conflict.files : [];
    assert.ok(file !== undefined);
    resolveFile(box.run.record, 'a', 'shared', valued(await resolvedEntry(box.repo, file, Buffer.from('both\n'))));
    await still(box);
    assert.deepEqual(box.stages(), { a: 'conflicted' });
    assert.deepEqual(folderState(box.root), { shared: 'file mine\n' });
    valued(box.run.controls.continue());
    valued(await box.ended);
    assert.deepEqual(folderState(box.root), { shared: 'file both\n' });
  });

  it('is stopped as any other: what waits to land or to start is kept, or not begun', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: ['a'] }, { stopEdits: { b: { 'b.txt': 'b' } } });
    const [a] = [await box.agents.agent('a'), await box.agents.agent('b')];
    valued(box.run.controls.pause());
    await a.finish({ 'a.txt': 'a' });
    await box.reaches('a', 'done');
    box.run.stop();
    assert.match(failed(box.run.controls.continue()).message, /is being stopped/);
    const state = valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'stopped', b: 'stopped', c: 'stopped' });
    assert.equal(treeState(box.repo, state.tasks.get('a')?.work.changeset ?? '')['a.txt'], 'file a');
    assert.deepEqual(folderState(box.root), { x: 'file x' });
  });
});

/** A run of real agents in this process, whose model lets each request through when the test says so. */
async function withAgents(tasks: Readonly<Record<string, readonly string[]>>) {
  const write = { calls: [{ tool: 'write_file', input: { path: 'made.txt', content: 'made\n' } }] };
  const scenario = scenarioSchema.parse({ otherwise: [write, { calls: [{ tool: 'finish', input: { summary: 'Made.' } }] }] });
  const scripted = scriptedModel(scenario, { paceMs: 0, wait: async () => undefined });
  const sent: (() => void)[] = [];
  const model: ModelFetch = async (request) => {
    await new Promise<void>((resolve) => {
      sent.push(resolve);
    });
    return scripted(request);
  };
  const hold = new Hold();
  const box = await rig({ x: 'x' }, tasks, { hold, model: hold.part(model) });
  const held = (many: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (box.run.live.state.held.size !== many) return;
        unlisten();
        resolve();
      };
      const unlisten = box.run.live.listen(look);
      look();
    });
  return { ...box, sent, held, hold };
}

describe('an agent of a paused run', () => {
  it('comes to the end of its turn, makes its calls, and waits with the next one', async () => {
    const box = await withAgents({ a: [] });
    while (box.sent.length < 1) await settled();
    valued(box.run.controls.pause());
    assert.deepEqual(box.run.live.state.held, new Set());
    box.sent[0]?.();
    await box.held(1);
    assert.deepEqual(box.run.live.state.held, new Set(['a']));
    assert.equal(box.run.record.state.tasks.get('a')?.work.turns, 1);
    assert.equal(box.sent.length, 1);
    valued(box.run.controls.continue());
    assert.equal(box.sent.length, 1);
    while (box.sent.length < 2) await settled();
    assert.deepEqual(box.run.live.state.held, new Set());
    box.sent[1]?.();
    valued(await box.ended);
    assert.deepEqual(folderState(box.root), { 'made.txt': 'file made\n', x: 'file x' });
  });

  it('is stopped while it waits, with its draft kept and nothing more sent', async () => {
    const box = await withAgents({ a: [], b: [] });
    while (box.sent.length < 2) await settled();
    valued(box.run.controls.pause());
    for (const go of box.sent) go();
    await box.held(2);
    box.run.stopTask('a');
    await box.reaches('a', 'stopped');
    box.run.stop();
    const state = valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'stopped', b: 'stopped' });
    for (const id of ['a', 'b']) assert.equal(treeState(box.repo, state.tasks.get(id)?.work.changeset ?? '')['made.txt'], 'file made\n');
    assert.equal(box.sent.length, 2);
  });

  it('waits from the beginning where another process takes a paused run over', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    valued(box.run.controls.pause());
    await still(box);
    const hold = new Hold();
    const record = valued(RunRecord.open(box.repo.stateDir, box.run.id, box.clock));
    const second = new LiveRun(
      record,
      { limits: { maxWorkers: 1, undecided: 'wait' } },
      { ...box, hold, worker: box.agents.worker, check: never },
    );
    const model = hold.part(async () => new Response());
    void model(new Request('http://weft.invalid'));
    await settled();
    assert.equal(record.state.phase, 'paused');
    valued(second.controls.continue());
    await settled();
    assert.equal(record.state.phase, 'running');
    record.close();
    box.run.stop();
    valued(await box.ended);
  });
});
