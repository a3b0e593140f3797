/** The journal: what a crash or a full disk can do to it, and what it is worth afterwards. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunEvent } from '../../../src/domain/event';
import { journalFile, openJournal, readJournal } from '../../../src/engine/journal/journal';
import { findRun, lifeOf, listRuns } from '../../../src/engine/journal/library';
import { RunRecord, readState } from '../../../src/engine/journal/record';
import { countingClock } from '../../support/clock';
import { failed, valued } from '../../support/result';
import { planOf, rig, stagesOf, startOf } from '../../support/run';
import { opened, sandbox, temporaryFolder } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

const step = (at: number): RunEvent => ({ type: 'task.step', task: 'a', step: `Step ${at} “ü”\n`, at });

describe('a journal', () => {
  it('gives back what was put in, and is its user’s alone', () => {
    const file = join(temporaryFolder(), 'runs', 'r', 'journal.jsonl');
    const journal = openJournal(file);
    for (let at = 1; at <= 3; at++) journal.append(step(at));
    journal.close();
    assert.deepEqual(valued(readJournal(file)), [step(1), step(2), step(3)]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
  });

  it('survives a crash in the middle of a line, at any byte', () => {
    const file = join(temporaryFolder(), 'journal.jsonl');
    const journal = openJournal(file);
    for (let at = 1; at <= 3; at++) journal.append(step(at));
    journal.close();
    const whole = readFileSync(file);
    const second = whole.indexOf(10, whole.indexOf(10) + 1) + 1;
    for (let length = second; length < whole.length - 1; length++) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      assert.deepEqual(valued(readJournal(file)), [step(1), step(2)]);
      const again = openJournal(file);
      again.append(step(9));
      again.close();
      assert.deepEqual(valued(readJournal(file)), [step(1), step(2), step(9)]);
    }
  });

  it('of a later version is refused by that, and what such a version merely added is left out', () => {
    const file = join(temporaryFolder(), 'journal.jsonl');
    const start = { ...startOf(planOf({ a: [] })), at: 1 };
    writeFileSync(file, `${JSON.stringify({ ...start, version: 2 })}\n${JSON.stringify(step(2))}\n`);
    assert.deepEqual(failed(readJournal(file)), {
      kind: 'file',
      message: `The journal ${file} is of a later version of Weft (its format is 2, this one knows 1).`,
      fix: 'Use that version, or a newer one.',
    });
    writeFileSync(file, `${JSON.stringify({ ...start, wind: 'west' })}\n{"type":"task.sang","task":"a","at":2}\n`);
    assert.deepEqual(valued(readJournal(file)), [start]);
  });

  it('that is not there says which', () => {
    assert.match(failed(readJournal(join(temporaryFolder(), 'none'))).message, /^The journal .*none cannot be read: /);
  });

  it('that is a pipe is not waited for', function () {
    if (process.platform === 'win32') return skipFor(this, 'no pipe has a name in a folder here');
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    assert.match(failed(readJournal(pipe)).message, /^The journal .*pipe cannot be read: it is no file\.$/);
  });
});

describe('a record', () => {
  it('hears listeners that emit in turn after the event at hand, and keeps that order in the journal', () => {
    const stateDir = temporaryFolder();
    const record = valued(RunRecord.begin(stateDir, startOf(planOf({ a: [], b: [] })), countingClock()));
    const heard: string[] = [];
    record.listen((event) => {
      if (event.type === 'task.started' && event.task === 'a') record.emit({ type: 'task.started', task: 'b', base: 'c' });
    });
    record.listen((event) => heard.push('task' in event ? event.task : event.type));
    record.emit({ type: 'task.started', task: 'a', base: 'c' });
    assert.deepEqual(heard, ['a', 'b']);
    assert.deepEqual(valued(readState(stateDir, 'r1')), record.state);
    record.close();
  });

  it('keeps what is not possible out of the journal', () => {
    const stateDir = temporaryFolder();
    const record = valued(RunRecord.begin(stateDir, startOf(planOf({ a: [] })), countingClock()));
    assert.throws(() => record.emit({ type: 'task.done', task: 'a', summary: '', changeset: null, changes: [] }), /is not possible/);
    assert.equal(valued(readJournal(journalFile(stateDir, 'r1'))).length, 1);
    record.emit({ type: 'task.started', task: 'a', base: 'c' });
    assert.deepEqual(stagesOf(valued(readState(stateDir, 'r1'))), { a: 'running' });
    record.close();
  });

  it('has no secret that an agent, a check or a failure says, in what it keeps and in what it tells', () => {
    const key = 'sk-ant-api03-0123456789abcdefghij';
    const stateDir = temporaryFolder();
    const record = valued(RunRecord.begin(stateDir, startOf(planOf({ a: [], b: [] })), countingClock()));
    const failure = { kind: 'agent' as const, message: `It printed ${key}.`, fix: `Take ${key} out.` };
    const [definition] = planOf({ x: [] }).tasks;
    assert.ok(definition !== undefined);
    record.emit({ type: 'task.started', task: 'a', base: 'c' });
    record.emit({ type: 'task.step', task: 'a', step: `Searching for “${key}”` });
    record.emit({
      type: 'task.added',
      task: 'a.1',
      definition: { ...definition, id: 'a.1', title: `Use ${key}`, instructions: `The key is ${key}.` },
      origin: { kind: 'child', parent: 'a', name: 'one' },
    });
    record.emit({ type: 'task.done', task: 'a', summary: `Used ${key}.`, changeset: 'x', changes: [] });
    const verdict = { ok: false, command: 'npm test', exitCode: 1, timedOut: false, milliseconds: 1, onTopOf: [] };
    record.emit({ type: 'task.checking', task: 'a', commands: ['npm test'], together: [] });
    record.emit({ type: 'task.checked', task: 'a', ...verdict, output: `KEY=${key}` });
    record.emit({ type: 'task.reworked', task: 'a', why: 'check', next: { base: 'c', draft: 'x', message: `It printed ${key}.` } });
    record.emit({ type: 'task.started', task: 'b', base: 'c' });
    record.emit({ type: 'task.retrying', task: 'b', failure, draft: null, waitMs: 1, message: `Before: ${key}.` });
    record.emit({ type: 'task.started', task: 'b', base: 'c' });
    record.emit({ type: 'task.failed', task: 'b', failure, draft: null });
    record.close();
    const journal = readFileSync(journalFile(stateDir, 'r1'), 'utf8');
    assert.ok(!journal.includes(key), journal);
    assert.equal(journal.split('(secret)').length - 1, 11);
    assert.ok(!JSON.stringify([...record.state.tasks]).includes(key));
  });

  it('is not read where its journal lies in the folder of another run', () => {
    const stateDir = temporaryFolder();
    const start = startOf(planOf({ a: [] }));
    valued(RunRecord.begin(stateDir, { ...start, run: '../r1' }, countingClock())).close();
    mkdirSync(dirname(journalFile(stateDir, 'r2')), { recursive: true });
    cpSync(journalFile(stateDir, '../r1'), journalFile(stateDir, 'r2'));
    assert.match(failed(readState(stateDir, 'r2')).message, /^The journal of run r2 is another run's: /);
  });

  it('that cannot be begun starts nothing, and says so', () => {
    const stateDir = temporaryFolder();
    writeFileSync(join(stateDir, 'runs'), 'a file where the folder should be');
    const failure = failed(RunRecord.begin(stateDir, startOf(planOf({ a: [] })), countingClock()));
    assert.match(failure.message, /^The run's journal cannot be written: /);
    assert.match(failure.fix, /nothing was started/);
  });
});

describe('a run whose journal cannot be kept', () => {
  it('ends with a message, calls its agents off, and lands nothing more', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: ['a'] });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    // As a disk that takes no more: the journal's file goes away under it.
    box.run.record.close();
    await a.finish({ 'a.txt': 'a' });
    const failure = failed(await box.ended);
    assert.match(failure.message, /^The run cannot go on: the journal is closed/);
    assert.match(failure.fix, /snapshot can be rolled back to/);
    assert.equal(b.signal.aborted, true);
    assert.deepEqual(box.agents.running(), []);
    assert.deepEqual(stagesOf(valued(readState(box.repo.stateDir, box.run.id))), { a: 'running', b: 'running', c: 'waiting' });
  });
});

describe('the library', () => {
  it('lists runs of this folder whoever began them, and one that cannot be read hides no other', async () => {
    const { root, repo } = await sandbox({ x: 'x' });
    const begin = (run: string, pid: number, at = Date.now()) =>
      valued(RunRecord.begin(repo.stateDir, { ...startOf(planOf({ a: [] })), run, pid }, countingClock(at)));
    begin('r-1', 1).close();
    begin('r-2', 999_999_999).close();
    const done = begin('s-3', 1);
    done.emit({ type: 'task.stopped', task: 'a', draft: null });
    done.emit({ type: 'run.finished' });
    done.close();
    const bad = journalFile(repo.stateDir, 'r-0');
    mkdirSync(dirname(bad));
    writeFileSync(bad, '{"type":"run.started","vers');
    appendFileSync(journalFile(repo.stateDir, 'r-1'), '{"type":"of a later version","at":1}\n{"type":"task.sta');
    const again = await opened(root);
    const { runs, unreadable } = await listRuns(again);
    assert.deepEqual(
      runs.map((state) => [state.start.run, lifeOf(state)]),
      [
        ['s-3', 'finished'],
        ['r-2', 'interrupted'],
        ['r-1', 'running'],
      ],
    );
    assert.deepEqual(
      unreadable.map(({ run, failure }) => [run, failure.message]),
      [['r-0', `The journal of run r-0 does not say how the run began: ${bad}, of which line 1 cannot be read.`]],
    );
    assert.equal(valued(await findRun(again, 's')).start.run, 's-3');
    assert.equal(failed(await findRun(again, 'r')).message, '3 runs begin with “r”.');
    assert.equal(failed(await findRun(again, '')).message, 'There is no run “” of this folder.');
  });

  it('lists runs by when they began, and by their ids only where they began at once', async () => {
    const { repo } = await sandbox({ x: 'x' });
    const times: [string, number][] = [
      ['r-b', 5_000],
      ['r-a', 5_700],
      ['r-d', 5_200],
      ['r-c', 5_200],
    ];
    for (const [run, at] of times)
      valued(RunRecord.begin(repo.stateDir, { ...startOf(planOf({ a: [] })), run }, { ...countingClock(), now: () => at })).close();
    const { runs } = await listRuns(repo);
    assert.deepEqual(
      runs.map(({ start }) => [start.run, start.at]),
      [
        ['r-a', 5_700],
        ['r-d', 5_200],
        ['r-c', 5_200],
        ['r-b', 5_000],
      ],
    );
  });
});
