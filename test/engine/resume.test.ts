/** A run whose process went, taken over: what was running goes on from its transcript, and what waited waits again. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../src/agent/transcript';
import { childSchema } from '../../src/domain/spawn';
import { journalFile, readJournal } from '../../src/engine/journal/journal';
import { lifeOf } from '../../src/engine/journal/library';
import { readState } from '../../src/engine/journal/record';
import { transcriptFile } from '../../src/engine/journal/transcripts';
import { type ResumeRequest, resumeRun } from '../../src/engine/resume';
import { countingClock } from '../support/clock';
import { changesetOf, type Held } from '../support/gatedWorker';
import { failed, NEVER, valued } from '../support/result';
import { leave, type Rig, type RigOptions, resumedRig, rig, stagesOf } from '../support/run';
import { folderState, put } from '../support/sandbox';

const USAGE = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
const child = (name: string) => childSchema.parse({ name, title: `Part ${name}`, instructions: `Do part ${name}.` });
const call = (id: string, name = 'write_file') => ({ type: 'tool_use' as const, id, name, input: {} });
const answer = (...content: ReturnType<typeof call>[]): Entry => ({
  type: 'answer',
  kind: 'whole',
  stop: 'tool_use',
  content,
  usage: USAGE,
});

function says({ report }: Held, ...entries: Entry[]): void {
  for (const entry of entries) report({ type: 'said', entry });
}

const resumed = (box: Rig, options: RigOptions = {}, request: Partial<ResumeRequest> = {}) =>
  resumedRig(box, { run: box.run.id, undecided: 'wait', paused: 'stay', ...request }, options);

describe('a run that is taken over', () => {
  it('has what was running go on from its transcript and its draft, as if nothing had been, and counts what was paid for', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [] });
    const first = await box.agents.agent('a');
    const made = await changesetOf(box.repo, first.job.base, { 'a.txt': 'two\n' });
    const result: Entry = {
      type: 'result',
      result: { type: 'tool_result', tool_use_id: '1', content: 'Made.' },
      draft: made.commit,
      reads: ['a.txt'],
    };
    says(first, { type: 'told', content: 'Do it.' }, answer(call('1'), call('2')));
    first.report({ type: 'turn', usage: USAGE });
    says(first, result);
    await leave(box);
    assert.deepEqual(stagesOf(valued(readState(box.repo.stateDir, box.run.id))), { a: 'running' });
    const next = await resumed(box);
    const { job } = await next.agents.agent('a');
    assert.equal(job.base, first.job.base);
    assert.deepEqual(job.again, {
      draft: made.commit,
      message: undefined,
      session: {
        messages: [
          { role: 'user', content: 'Do it.' },
          { role: 'assistant', content: [call('1'), call('2')] },
        ],
        open: {
          kind: 'whole',
          stop: 'tool_use',
          content: [call('1'), call('2')],
          results: [result.type === 'result' ? result.result : {}],
          redacted: [],
        },
        tally: { turns: 1, idle: 0, spoilt: 0 },
        reads: ['a.txt'],
        summary: '',
      },
    });
    const again = await next.agents.agent('a');
    says(again, { ...result, draft: made.commit }, { type: 'close', notes: [] }, answer(call('3')));
    // Killed again, before the journal knew of the second answer.
    await leave(next);
    const last = await resumed(box);
    await (await last.agents.agent('a')).finish();
    valued(await last.ended);
    const { work } = last.run.record.state.tasks.get('a') ?? {};
    assert.deepEqual([work?.turns, work?.usage.input, last.stages()], [2, 2, { a: 'landed' }]);
    assert.equal(readFileSync(join(box.root, 'a.txt'), 'utf8'), 'two\n');
  });

  it('has a task go on that was told something and had not answered yet', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [] }, { plan: { check: 'grep -q two a.txt' } });
    const first = await box.agents.agent('a');
    says(first, { type: 'told', content: 'Do it.' }, answer(call('1', 'finish')));
    says(first, { type: 'result', result: { type: 'tool_result', tool_use_id: '1' }, draft: null, reads: [], summary: 'Done.' });
    says(first, { type: 'close', notes: [] });
    await first.finish({ 'a.txt': 'none\n' });
    const { job } = await box.agents.agent('a', 2);
    assert.equal(job.again?.session?.messages.length, 3);
    await leave(box);
    const next = await resumed(box);
    const second = await next.agents.agent('a');
    // What its check said is in the journal and in the transcript, and nowhere else.
    assert.deepEqual(second.job.again, { ...job.again, session: { ...job.again?.session, reads: [] } });
    await second.finish({ 'a.txt': 'two\n' });
    valued(await next.ended);
    assert.deepEqual(next.stages(), { a: 'landed' });
  });

  it('has an agent whose transcript is lost see what it had done, where it had done something', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [] }, { plan: { check: 'grep -q two a.txt' } });
    await (await box.agents.agent('a')).finish({ 'a.txt': 'none\n' });
    const { job } = await box.agents.agent('a', 2);
    await leave(box);
    writeFileSync(transcriptFile(box.repo.stateDir, box.run.id, 'a'), 'nothing that anybody can read\n');
    const next = await resumed(box);
    const again = (await next.agents.agent('a')).job.again;
    assert.deepEqual([again?.draft, again?.session], [job.again?.draft, undefined]);
    assert.match(again?.message ?? '', /was cut off/);
    await leave(next);
  });

  it('gives a parent that waited its children, which it finds by its call, when they are over', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { top: [] });
    const top = await box.agents.agent('top');
    const mine = await changesetOf(box.repo, top.job.base, { 'mine.txt': 'mine\n' });
    says(top, { type: 'told', content: 'Do it.' }, answer(call('c1', 'spawn')));
    void top.spawn({ call: 'c1', draft: mine.commit, children: [child('x'), child('y')] });
    await (await box.agents.agent('top.1')).finish({ 'x.txt': 'x\n' });
    await box.reaches('top.1', 'joined');
    await box.agents.agent('top.2');
    await leave(box);
    const next = await resumed(box);
    assert.deepEqual(next.stages(), { top: 'awaiting', 'top.1': 'joined', 'top.2': 'waiting' });
    await (await next.agents.agent('top.2')).finish({ 'y.txt': 'y\n' });
    const again = await next.agents.agent('top');
    assert.deepEqual([again.job.again?.message, again.job.again?.session?.open?.content], [undefined, [call('c1', 'spawn')]]);
    const spawned = valued(await again.spawn({ call: 'c1', draft: mine.commit, children: [child('x'), child('y')] }));
    assert.deepEqual(
      spawned.children.map(({ name, end }) => [name, end]),
      [
        ['x', 'joined'],
        ['y', 'joined'],
      ],
    );
    again.finishWith({ commit: spawned.draft, changes: [] });
    valued(await next.ended);
    assert.deepEqual(folderState(box.root), { 'a.txt': 'file one\n', 'mine.txt': 'file mine\n', 'x.txt': 'file x\n', 'y.txt': 'file y\n' });
  });

  it('starts no child of a call that was cut off before all its children were there, until that is made again', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { top: [] });
    const top = await box.agents.agent('top');
    says(top, { type: 'told', content: 'Do it.' }, answer(call('c1', 'spawn')));
    const children = [child('x'), child('y')];
    void top.spawn({ call: 'c1', draft: null, children });
    await box.agents.agent('top.2');
    await leave(box);
    // Cut off after the first of them was added.
    const journal = journalFile(box.repo.stateDir, box.run.id);
    const text = readFileSync(journal, 'utf8');
    truncateSync(journal, Buffer.byteLength(text.slice(0, text.indexOf('\n', text.indexOf('"task.added"')) + 1)));
    const next = await resumed(box);
    const again = await next.agents.agent('top');
    assert.deepEqual(next.agents.running(), ['top']);
    void again.spawn({ call: 'c1', draft: null, children });
    await next.agents.agent('top.1');
    await next.agents.agent('top.2');
    assert.deepEqual(next.stages(), { top: 'awaiting', 'top.1': 'running', 'top.2': 'running' });
    await leave(next);
  });

  it('lands what was done, and waits again for what the person is to decide', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [], b: ['a'], c: [] });
    const [a, c] = [await box.agents.agent('a'), await box.agents.agent('c')];
    put(box.root, 'a.txt', 'mine\n');
    await c.finish({ 'a.txt': 'c\n' });
    await box.reaches('c', 'conflicted');
    await leave(box);
    const done = {
      type: 'task.done',
      task: 'a',
      summary: 'Did it.',
      changeset: (await changesetOf(box.repo, a.job.base, { 'new.txt': 'new\n' })).commit,
    };
    appendFileSync(journalFile(box.repo.stateDir, box.run.id), `${JSON.stringify({ ...done, changes: [], at: Date.now() })}\n`);
    const next = await resumed(box);
    await next.agents.agent('b');
    assert.deepEqual(next.stages(), { a: 'landed', b: 'running', c: 'conflicted' });
    assert.equal(readFileSync(join(box.root, 'new.txt'), 'utf8'), 'new\n');
    await leave(next);
  });

  it('stays paused, or goes on, as it is told; and ends where it was being stopped', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [] });
    await box.agents.agent('a');
    box.run.record.emit({ type: 'run.paused' });
    await leave(box);
    const paused = await resumed(box);
    assert.deepEqual([paused.run.record.state.phase, paused.agents.running()], ['paused', []]);
    await leave(paused);
    const going = await resumed(box, {}, { paused: 'continue' });
    await going.agents.agent('a');
    going.run.record.emit({ type: 'run.stopping' });
    await leave(going);
    const stopped = await resumed(box);
    valued(await stopped.ended);
    assert.deepEqual([stopped.run.record.state.phase, stopped.stages()], ['finished', { a: 'stopped' }]);
  });

  it('is not taken over by two, nor while its process lives, nor when it is over', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [] });
    const agent = await box.agents.agent('a');
    const request = { run: box.run.id, undecided: 'wait', paused: 'stay' } as const;
    const ports = { ...box, worker: box.agents.worker, check: async () => assert.fail('nothing is checked') };
    const living = failed(await resumeRun(request, ports, NEVER));
    assert.deepEqual(living, {
      kind: 'input',
      message: `Run ${box.run.id} goes on: process ${process.pid} drives it.`,
      fix: 'Wait for it, or stop it there.',
    });
    await leave(box);
    const both = await Promise.all([resumeRun(request, ports, NEVER), resumeRun(request, ports, NEVER)]);
    assert.deepEqual(
      both.map(({ ok }) => ok),
      [true, false],
    );
    assert.deepEqual(agent.signal.aborted, true);
    for (const one of both) {
      if (!one.ok) continue;
      one.value.stop();
      valued(await one.value.drive());
      one.value.record.close();
    }
    assert.match(failed(await resumeRun(request, ports, NEVER)).message, /^Run .* is over: there is nothing to resume\.$/);
  });

  it('comes to its end whatever its clock is set to while it goes on, and is taken over', async () => {
    const days = [3, -40, 0, 400, -2];
    let looks = 0;
    const { now, id } = countingClock(Date.now());
    const clock = { id, now: () => now() + (days[looks++ % days.length] ?? 0) * 86_400_000 };
    const box = await rig({ 'a.txt': 'one\n' }, { a: [], b: ['a'], c: [] }, { clock, plan: { check: 'test -f a.txt' } });
    await (await box.agents.agent('c')).finish({ 'c.txt': 'c\n' });
    await (await box.agents.agent('a')).finish({ 'a.txt': 'two\n' });
    await box.agents.agent('b');
    if (process.platform === 'linux') assert.equal(lifeOf(box.run.record.state), 'running');
    await leave(box);
    const next = await resumed(box, { clock });
    await (await next.agents.agent('b')).finish({ 'b.txt': 'b\n' });
    valued(await next.ended);
    assert.deepEqual(next.stages(), { a: 'landed', b: 'landed', c: 'landed' });
  });

  it('knows its process whatever the clock was set to', async () => {
    for (const jump of [-3, 3].map((days) => days * 86_400_000)) {
      const box = await rig({ 'a.txt': 'one\n' }, { a: [], b: ['a'] }, { clock: countingClock(Date.now() + jump) });
      const agent = await box.agents.agent('a');
      if (process.platform === 'linux') assert.equal(lifeOf(box.run.record.state), 'running');
      says(agent, { type: 'told', content: 'Do it.' });
      await leave(box);
      assert.equal(lifeOf(valued(readState(box.repo.stateDir, box.run.id))), 'interrupted');
      const next = await resumed(box, { clock: countingClock(Date.now() - jump) });
      const again = await next.agents.agent('a');
      assert.equal(again.job.again?.session?.messages.length, 1);
      await again.finish({ 'a.txt': 'two\n' });
      await (await next.agents.agent('b')).finish({ 'b.txt': 'b\n' });
      valued(await next.ended);
      assert.deepEqual(next.stages(), { a: 'landed', b: 'landed' });
    }
  });

  it('whose journal lacks a landing that the chain has learns of it, or is refused where it lacks more', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [], b: ['a'] });
    await (await box.agents.agent('a')).finish({ 'a.txt': 'two\n' });
    await box.agents.agent('b');
    await leave(box);
    const journal = journalFile(box.repo.stateDir, box.run.id);
    const text = readFileSync(journal, 'utf8');
    const upTo = (type: string) => text.slice(0, text.indexOf(`{"type":"${type}"`));
    writeFileSync(journal, upTo('task.landed'));
    const next = await resumed(box);
    await next.agents.agent('b');
    assert.deepEqual(next.stages(), { a: 'landed', b: 'running' });
    assert.equal(valued(readJournal(journal)).filter(({ type }) => type === 'task.landed').length, 1);
    await leave(next);
    writeFileSync(journal, upTo('task.done'));
    const ports = { ...box, worker: box.agents.worker, check: async () => assert.fail('nothing is checked') };
    const failure = failed(await resumeRun({ run: box.run.id, undecided: 'wait', paused: 'stay' }, ports, NEVER));
    assert.deepEqual(failure, {
      kind: 'file',
      message: `The journal of run ${box.run.id} is not whole: it does not know that “Task a” landed, and the workspace has it (${journal}).`,
      fix: `Keep what is there and dispatch the rest of the plan anew, or take all of it back: weft rollback ${box.run.record.state.start.snapshot}.`,
    });
    assert.equal(readFileSync(journal, 'utf8'), upTo('task.done'));
  });

  it('whose transcript is of a later version is refused, and nothing is changed', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [] });
    says(await box.agents.agent('a'), { type: 'told', content: 'Do it.' });
    await leave(box);
    const transcript = transcriptFile(box.repo.stateDir, box.run.id, 'a');
    writeFileSync(transcript, readFileSync(transcript, 'utf8').replace('"version":1', '"version":9'));
    const before = readFileSync(journalFile(box.repo.stateDir, box.run.id), 'utf8');
    const ports = { ...box, worker: box.agents.worker, check: async () => assert.fail('nothing is checked') };
    const failure = failed(await resumeRun({ run: box.run.id, undecided: 'wait', paused: 'stay' }, ports, NEVER));
    assert.match(failure.message, /^The transcript .* is of a later version of Weft \(its format is 9, this one knows 1\)\.$/);
    assert.equal(readFileSync(journalFile(box.repo.stateDir, box.run.id), 'utf8'), before);
  });
});

describe('a run that is left', () => {
  it('has what is being landed come to its end, and nothing put on record after that', async () => {
    const box = await rig({ 'a.txt': 'one\n' }, { a: [], b: [] });
    const b = await box.agents.agent('b');
    const seen: string[] = [];
    box.run.record.listen(({ type }) => seen.push(type));
    const landing = box.reaches('a', 'done');
    void (await box.agents.agent('a')).finish({ 'a.txt': 'two\n' });
    await landing;
    box.run.leave();
    valued(await box.ended);
    assert.deepEqual([b.signal.aborted, box.agents.running(), box.stages()], [true, [], { a: 'landed', b: 'running' }]);
    assert.deepEqual(seen, ['task.done', 'task.landed']);
    box.run.record.emit({ type: 'run.finished' });
    assert.deepEqual(stagesOf(valued(readState(box.repo.stateDir, box.run.id))), { a: 'landed', b: 'running' });
    box.run.record.close();
    assert.ok(!existsSync(join(box.repo.stateDir, 'intent.json')));
  });
});
