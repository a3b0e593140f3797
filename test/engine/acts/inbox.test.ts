/** What agents ask the person: they wait without a place, equal questions are one item, and after a crash what was answered is not asked again. */
import assert from 'node:assert/strict';
import type { ActRequest } from '../../../src/domain/act';
import type { Approvals } from '../../../src/domain/approvals';
import { DEFAULT_VERDICTS } from '../../../src/domain/approvals';
import { openItems } from '../../../src/domain/reduceInbox';
import type { ActPorts } from '../../../src/engine/acts/acts';
import { changesetOf, type Held } from '../../support/gatedWorker';
import { failed, valued } from '../../support/result';
import { leave, type Rig, resumedRig, rig } from '../../support/run';

const APPROVALS: Approvals = { verdicts: DEFAULT_VERDICTS, commands: {}, protect: [], seconds: null, landingSeconds: null };
const acts: ActPorts = { approvals: () => APPROVALS };

const question = (call: string, text = 'Which port?', options: string[] = ['80', '8080']): ActRequest => ({
  call,
  draft: null,
  act: { kind: 'question', question: text, options },
});

function itemsOf({ run }: Pick<Rig, 'run'>): [string, string[]][] {
  return openItems(run.record.state).map(({ id, askers }) => [id, askers.map(({ task }) => task)]);
}

describe('what an agent asks the person', () => {
  it('takes no place until it is answered, and goes on when there is one', async () => {
    const box = await rig({}, { a: [], b: [] }, { limits: { maxWorkers: 1 }, acts });
    const { agents, run, stages, repo, ended } = box;
    const a = await agents.agent('a');
    assert.equal(a.job.offers.questions, true);
    const { commit } = await changesetOf(repo, a.job.base, { 'mine.txt': 'mine\n' });
    const answer = a.act({ ...question('c1'), draft: commit });
    const b = await agents.agent('b');
    assert.deepEqual(stages(), { a: 'asking', b: 'running' });
    assert.equal(run.record.state.tasks.get('a')?.work.changeset, commit);
    valued(run.controls.answer('1', { kind: 'said', text: '8080' }));
    assert.deepEqual(stages(), { a: 'asking', b: 'running' });
    await b.finish();
    assert.deepEqual(valued(await answer), { text: 'The person answered: 8080', isError: false });
    assert.equal(stages()['a'], 'running');
    await a.finish();
    valued(await ended);
    assert.deepEqual(itemsOf(box), []);
  });

  it('is one item where several ask the same, and the answer goes to all of them, and to who asks it later', async () => {
    const box = await rig({}, { a: [], b: [], c: [] }, { acts });
    const { agents, run, ended } = box;
    const all: Held[] = [];
    for (const id of ['a', 'b', 'c']) all.push(await agents.agent(id));
    const [a, b, c] = all;
    assert.ok(a && b && c);
    const answers = [a.act(question('c1')), b.act(question('c1')), c.act(question('c1', 'Which host?'))];
    await box.reaches('c', 'asking');
    assert.deepEqual(itemsOf(box), [
      ['1', ['a', 'b']],
      ['2', ['c']],
    ]);
    valued(run.controls.answer('1', { kind: 'said', text: '80' }));
    valued(run.controls.answer('2', { kind: 'denied', reason: 'Not now.' }));
    assert.deepEqual(
      (await Promise.all(answers)).map((one) => valued(one).text),
      [
        'The person answered: 80',
        'The person answered: 80',
        'The person does not answer this. They say: Not now. Decide yourself, and say in your summary what you decided.',
      ],
    );
    assert.equal(valued(await c.act(question('c2'))).text, 'The person answered: 80');
    for (const agent of all) await agent.finish();
    valued(await ended);
  });

  it('finds its answer after a crash, whether it came before that or after', async () => {
    for (const isBefore of [true, false]) {
      const box = await rig({}, { a: [] }, { acts });
      const a = await box.agents.agent('a');
      void a.act(question('c1'));
      await box.reaches('a', 'asking');
      if (isBefore) {
        // It has no time to go on.
        box.run.leave();
        valued(box.run.controls.answer('1', { kind: 'said', text: '80' }));
      }
      await leave(box);
      const next = await resumedRig(box, { run: box.run.id, undecided: 'wait', paused: 'stay' }, { acts });
      if (!isBefore) {
        assert.deepEqual([next.stages(), next.agents.running()], [{ a: 'asking' }, []]);
        valued(next.run.controls.answer('1', { kind: 'said', text: '80' }));
      }
      const again = await next.agents.agent('a');
      assert.equal(valued(await again.act(question('c1'))).text, 'The person answered: 80');
      assert.equal(next.run.record.state.inbox.size, 1);
      await again.finish();
      valued(await next.ended);
    }
  });

  it('expires in its time, which does not count while the run is paused', async () => {
    const patient: ActPorts = { approvals: () => ({ ...APPROVALS, seconds: 60 }) };
    const box = await rig({}, { a: [] }, { acts: patient });
    const a = await box.agents.agent('a');
    const answer = a.act(question('c1'));
    await box.reaches('a', 'asking');
    await box.time.pass(59_000);
    valued(box.run.controls.pause());
    await box.time.pass(120_000);
    assert.deepEqual(itemsOf(box), [['1', ['a']]]);
    valued(box.run.controls.continue());
    await box.time.pass(1_000);
    assert.match(valued(await answer).text, /^Nobody answered in time\./);
    await a.finish();
    valued(await box.ended);
  });

  it('is over with its agent, and with the run: then there is nothing to answer', async () => {
    const box = await rig({}, { a: [], b: [] }, { acts });
    const { run, agents, stages, ended } = box;
    const ofA = (await agents.agent('a')).act(question('c1'));
    const ofB = (await agents.agent('b')).act(question('c1', 'Which host?'));
    await box.reaches('b', 'asking');
    run.stopTask('a');
    assert.equal(failed(await ofA).kind, 'cancelled');
    await box.reaches('a', 'stopped');
    assert.deepEqual(itemsOf(box), [['2', ['b']]]);
    assert.equal(failed(run.controls.answer('1', { kind: 'said', text: '80' })).fix, 'What does: 2.');
    run.stop();
    valued(await ended);
    assert.equal(failed(await ofB).kind, 'cancelled');
    assert.deepEqual([stages(), itemsOf(box)], [{ a: 'stopped', b: 'stopped' }, []]);
  });

  it('is refused an answer that does not fit', async () => {
    const box = await rig({}, { a: [] }, { acts });
    const { run, agents } = box;
    void (await agents.agent('a')).act(question('c1'));
    await box.reaches('a', 'asking');
    for (const answer of [{ kind: 'approved', scope: 'run' }, { kind: 'expired' }, { kind: 'said', text: ' ' }] as const)
      assert.equal(failed(run.controls.answer('1', answer)).kind, 'input', answer.kind);
    run.stop();
    valued(await box.ended);
  });
});
