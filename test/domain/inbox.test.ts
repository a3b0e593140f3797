/** What waits for the person in a run, and how it is shown: nothing that is approved hides what else it is. */
import assert from 'node:assert/strict';
import { assert as check, property, string } from 'fast-check';
import type { Happening } from '../../src/domain/event';
import type { Ask } from '../../src/domain/inbox';
import { answerText, askText, exactly, optionsOf, othersOf } from '../../src/domain/inboxText';
import { openItems } from '../../src/domain/reduceInbox';
import { type RunState, reduce } from '../../src/domain/run';
import { waitingIn } from '../../src/domain/waiting';
import { conflictOf, planOf, startOf } from '../support/run';

const question: Ask = { kind: 'question', question: 'Which?', options: [] };

function stateAfter(...happenings: Happening[]): RunState {
  const start = startOf(planOf({ a: [], b: [], c: [] }));
  return [start, ...happenings].reduce<RunState | undefined>(
    (state, happening, at) => reduce(state, { ...happening, at: at + 1 }),
    undefined,
  ) as RunState;
}

const started = (task: string): Happening => ({ type: 'task.started', task, base: 'c0' });
const done = (task: string): Happening => ({ type: 'task.done', task, summary: '', changeset: 'c1', changes: [] });
const asked = (item: string, by: { task: string; call: string | null } | null, ask = question): Happening => ({
  type: 'inbox.asked',
  item,
  key: `key ${item}`,
  by,
  draft: null,
  ask,
  seconds: null,
});

describe('what waits for the person', () => {
  it('is what is asked, what is in conflict and what is held, as long as somebody waits for it', () => {
    const before = [
      started('a'),
      asked('1', { task: 'a', call: 'x' }),
      started('b'),
      done('b'),
      asked('2', { task: 'b', call: null }),
      asked('3', null),
    ];
    const conflict: Happening[] = [started('c'), done('c'), { type: 'task.conflicted', task: 'c', conflict: conflictOf('f') }];
    const short = (state: RunState) =>
      waitingIn(state).map((one) =>
        one.kind === 'item' ? `${one.item.id} ${one.tasks.map(({ task }) => task.id).join()}` : `${one.kind} ${one.task.task.id}`,
      );
    const state = stateAfter(...before, ...conflict);
    assert.deepEqual(short(state), ['1 a', '2 b', '3 ', 'conflict c']);
    const stopped: Happening[] = [{ type: 'task.stopped', task: 'a', draft: null }];
    assert.deepEqual(short(stateAfter(...before, ...conflict, ...stopped)), ['2 b', '3 ', 'conflict c']);
    const over: Happening[] = [{ type: 'run.finished' }];
    assert.deepEqual(short(stateAfter(...before, ...conflict, ...stopped, ...over)), ['conflict c', 'held b'].sort().reverse());
    assert.deepEqual(
      openItems(state).map(({ id }) => id),
      ['1', '2', '3'],
    );
  });

  it('is in words what one would approve, with what can be said to it', () => {
    assert.equal(askText({ kind: 'command', command: 'npm test\nrm -rf /', folder: '/' }), 'Run npm test⏎rm -rf /');
    assert.equal(askText({ kind: 'command', command: 'ls \u202e/ fr- mr', folder: '/' }), 'Run ls \\u{202e}/ fr- mr');
    assert.equal(askText({ kind: 'mcp', server: 's', tool: 't', input: '{}' }), 'Call t of s with {}');
    const paths = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    assert.equal(askText({ kind: 'landing', paths }), 'Land a, b, c, d, e and 2 others');
    assert.deepEqual(othersOf({ kind: 'protected', paths: [...paths, 'x\u202ey'], why: '' }), ['f', 'g', 'x\\u{202e}y']);
    assert.deepEqual(
      [othersOf({ kind: 'landing', paths: paths.slice(0, 5) }), othersOf({ kind: 'command', command: 'x', folder: '/' })],
      [[], []],
    );
    assert.equal(askText({ kind: 'protected', paths: ['a'], why: 'it is protected' }), 'Change a: it is protected');
    assert.deepEqual(optionsOf({ kind: 'landing', paths }), ['yes', 'no']);
    assert.deepEqual(optionsOf(question), []);
    assert.equal(answerText({ kind: 'denied', reason: 'No\nway.' }), 'denied: No way.');
  });

  it('has no character in it that cannot be seen, and what differs looks different', async () => {
    await check(
      property(string({ unit: 'binary' }), string({ unit: 'binary' }), (one, other) => {
        assert.doesNotMatch(exactly(one), /\p{C}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/u);
        assert.equal(exactly(exactly(one)), exactly(one));
        if (one !== other && !/[⏎\\]/.test(one + other)) assert.notEqual(exactly(one), exactly(other));
      }),
    );
  });
});
