/** What is wished of a run from outside of the process that drives it, through real files. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../../../src/domain/clock';
import { journalFile } from '../../../src/engine/journal/journal';
import { RunRecord, readState } from '../../../src/engine/journal/record';
import { tellWish, type Wish } from '../../../src/engine/steering/wishes';
import { failed, NEVER, valued } from '../../support/result';
import { type Rig, rig } from '../../support/run';
import { put } from '../../support/sandbox';
import { recorded } from '../../support/watching';

/** As from another process: it knows of the run what the journal says. */
async function wishing({ repo, run }: Rig, wish: Wish, patienceMs?: number) {
  const state = valued(readState(repo.stateDir, run.id));
  return tellWish(repo.stateDir, state, wish, { clock: systemClock, signal: NEVER, ...(patienceMs === undefined ? {} : { patienceMs }) });
}

const folderOf = ({ repo, run }: Rig) => dirname(journalFile(repo.stateDir, run.id));

describe('what is wished of a run from outside', () => {
  it('is done there, and answered with what came of it', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [] });
    await (await box.agents.agent('b')).fail();
    await box.reaches('b', 'failed');
    const seen = recorded(box);
    valued(await wishing(box, { kind: 'pause' }));
    valued(await wishing(box, { kind: 'retry', task: 'b', fresh: false, hint: 'Mind the gap.' }));
    valued(await wishing(box, { kind: 'add', task: { id: 'n', title: 'New', instructions: 'Do it.' } }));
    assert.match(
      failed(await wishing(box, { kind: 'add', task: { id: 'n', title: 'New', instructions: 'Do it.' } })).message,
      /“n” is the id of/,
    );
    assert.match(failed(await wishing(box, { kind: 'retry', task: 'a', fresh: true, hint: '' })).message, /^“Task a” is running\.$/);
    valued(await wishing(box, { kind: 'continue' }));
    assert.match((await box.agents.agent('b', 2)).job.again?.message ?? '', /Mind the gap\.$/);
    valued(await wishing(box, { kind: 'stop' }));
    valued(await box.ended);
    assert.deepEqual(seen.slice(0, 4), ['run.paused', 'again b', 'added n', 'run.continued']);
    assert.match(failed(await wishing(box, { kind: 'pause' })).message, /is over\.$/);
    assert.ok(!readdirSync(folderOf(box)).includes('wishes'));
  });

  it('changes those limits that are named, at once, and no others', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: [], c: [] }, { limits: { maxWorkers: 1, pools: { tester: 1 } } });
    await box.agents.agent('a');
    valued(await wishing(box, { kind: 'limit', pools: { coder: 2 } }));
    assert.deepEqual(box.run.record.state.limits, { maxWorkers: 1, pools: { tester: 1, coder: 2 } });
    valued(await wishing(box, { kind: 'limit', maxWorkers: 3, pools: {} }));
    await box.agents.agent('b');
    assert.deepEqual(box.stages(), { a: 'running', b: 'running', c: 'waiting' });
    valued(await wishing(box, { kind: 'limit', pools: { coder: 3 } }));
    await box.agents.agent('c');
    const limits = { maxWorkers: 3, pools: { tester: 1, coder: 3 } };
    for (const [wish, why] of [
      [{ kind: 'limit', maxWorkers: 9, pools: { piper: 1 } }, /^--pool names a role that there is not: “piper”\.$/],
      [{ kind: 'limit', pools: { coder: 0.5 } }, /^--pool has no usable number of agents for “coder”: 0\.5\.$/],
      [{ kind: 'limit', maxWorkers: 0, pools: {} }, /^0 is no number of agents\.$/],
    ] as const)
      assert.match(failed(await wishing(box, wish)).message, why);
    assert.deepEqual(box.run.record.state.limits, limits);
    box.run.stop();
    valued(await box.ended);
  });

  it('leaves no file behind, whatever comes of it; what is no wish is answered, too', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    valued(await wishing(box, { kind: 'pause' }));
    assert.ok(!readdirSync(folderOf(box)).includes('wishes'));
    assert.match(failed(await wishing(box, { kind: 'dance' } as unknown as Wish)).message, /does not know this wish\.$/);
    assert.ok(!readdirSync(folderOf(box)).includes('wishes'));
    box.run.stop();
    valued(await box.ended);
  });

  it('says where nobody drives the run, or nobody answers', async () => {
    const box = await rig({ x: 'x' }, { a: [] });
    const { state } = box.run.record;
    // Another process of this number: one that hears nothing, since it is none.
    const gone = { ...state, driver: { pid: 2 ** 22 + 1, since: state.driver.since } };
    const options = { clock: systemClock, signal: NEVER };
    const { message, fix } = failed(await tellWish(box.repo.stateDir, gone, { kind: 'pause' }, options));
    assert.deepEqual([message, fix], [`Nobody drives run ${box.run.id}: its process went.`, `Run “weft resume ${box.run.id}” first.`]);
    const deaf = { ...state, driver: { ...state.driver, since: state.driver.since + 1 } };
    // Of one that has just gone, the journal may know that the run came to its end.
    const other = valued(RunRecord.begin(box.repo.stateDir, { ...state.start, run: 'ended', pid: gone.driver.pid }, systemClock));
    const before = other.state;
    other.emit({ type: 'run.stopping' });
    other.emit({ type: 'task.stopped', task: 'a', draft: null });
    other.emit({ type: 'run.finished' });
    other.close();
    const over = failed(await tellWish(box.repo.stateDir, before, { kind: 'stop' }, options));
    assert.deepEqual([over.message, over.fix], ['Run ended is over.', 'There is nothing to stop.']);
    const late = failed(await tellWish(box.repo.stateDir, deaf, { kind: 'pause' }, { ...options, patienceMs: 100 }));
    assert.deepEqual(
      [late.kind, late.message],
      ['timeout', `Process ${process.pid}, which drives run ${box.run.id}, has not answered within 0 s.`],
    );
    put(folderOf(box), 'wishes', 'a file in the way');
    assert.equal(failed(await wishing(box, { kind: 'pause' })).kind, 'file');
    assert.equal(box.run.record.state.phase, 'running');
    box.run.stop();
    valued(await box.ended);
  });
});
