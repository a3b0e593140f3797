/** An agent that asks the person: what it says and gets, and what it has where nobody is to be asked. */
import assert from 'node:assert/strict';
import { type ActRequest, NO_OFFERS } from '../../src/domain/act';
import { fail, ok } from '../../src/domain/failure';
import { changed, finish, playing, run, toldAfter } from './agentRun';

const ask = { tool: 'ask', input: { question: 'Which port?', options: ['80', '8080'] } };
const offers = { ...NO_OFFERS, questions: true };

describe('ask', () => {
  it('tells the question with the draft as it is, and is told the answer', async () => {
    const asked: ActRequest[] = [];
    const act = async (request: ActRequest) => {
      asked.push(request);
      return ok({ text: 'The person answered: 80', isError: false });
    };
    const write = { tool: 'write_file', input: { path: 'a.txt', content: 'a\n' } };
    const done = await run(playing([{ calls: [ask] }, { calls: [write, ask] }, { calls: [finish()] }]), { offers, act });
    assert.deepEqual(toldAfter(done, 1), ['The person answered: 80']);
    assert.deepEqual(
      asked.map(({ act: what, draft }) => [what, draft === null]),
      [
        [{ kind: 'question', ...ask.input }, true],
        [{ kind: 'question', ...ask.input }, false],
      ],
    );
    assert.equal(new Set(asked.map(({ call }) => call)).size, 2);
    assert.ok(done.steps.includes('Asking: Which port?'));
    assert.deepEqual(done.draft.looks, []);
  });

  it('has what its host made of its draft in it', async () => {
    const write = { tool: 'write_file', input: { path: 'a.txt', content: 'a\n' } };
    const act = async ({ draft }: ActRequest) => ok({ text: 'Done.', isError: false, draft: draft ?? '' });
    const done = await run(playing([{ calls: [write] }, { calls: [ask] }, { calls: [finish()] }]), { offers, act });
    assert.deepEqual(await changed(done.draft), { 'a.txt': 'a\n' });
  });

  it('is told why there is no answer, and is no tool where nobody is to be asked', async () => {
    const act = async () => fail('input', 'The person is not to be asked in this run.', 'Go on without it.');
    const refused = await run(playing([{ calls: [ask] }, { calls: [finish()] }]), { offers, act });
    assert.deepEqual(toldAfter(refused, 1), ['error: The person is not to be asked in this run. Go on without it.']);
    const without = await run(playing([{ calls: [ask] }, { calls: [finish()] }]), { act });
    assert.match(toldAfter(without, 1)[0] ?? '', /^error: There is no tool “ask”\./);
  });
});
