/** What the CLI prints for people. */
import assert from 'node:assert/strict';
import { eventLine } from '../../src/cli/eventLine';
import { conflictLines, output } from '../../src/cli/output';
import { seconds } from '../../src/cli/words';
import type { Budget } from '../../src/domain/budget';
import type { Happening } from '../../src/domain/event';
import { fail } from '../../src/domain/failure';
import { reduce } from '../../src/domain/run';
import { settlementText } from '../../src/domain/settlement';
import { planOf, startOf } from '../support/run';

describe('output for people', () => {
  it('shows what a terminal would obey', () => {
    const written: string[] = [];
    const out = output(
      false,
      (text) => written.push(text),
      (text) => written.push(text),
    );
    out.say('a\u001b]52;c;eA==\u0007b');
    out.warn('\u009b2J');
    out.notice('two\nlines\tand a tab');
    out.result({ exitCode: 1, failure: fail('file', 'no\rthing').failure });
    out.say('cod.\u202egnp.exe');
    assert.deepEqual(written, [
      'a\ufffd]52;c;eA==\ufffdb\n',
      'weft: \ufffd2J\n',
      'two\nlines\tand a tab\n',
      'weft: no\ufffdthing\n',
      'cod.\ufffdgnp.exe\n',
    ]);
  });

  it('gives times in what they are read in: hours, too', () => {
    const times = [0, 59_949, 59_960, 119_600, 3_599_400, 3_599_600, 86_425_000];
    assert.deepEqual(times.map(seconds), ['0.0 s', '59.9 s', '1 min 0 s', '2 min 0 s', '59 min 59 s', '1 h 0 min', '24 h 0 min']);
  });

  it('has an agent’s words on the line of their event', () => {
    const start = { ...startOf(planOf({ a: [] })), at: 0 };
    const step = { type: 'task.step', task: 'a', step: 'Writing a\n   9.9 s  ⬇ a: landed', at: 1000 } as const;
    assert.equal(eventLine(step, reduce(undefined, start)), '   1.0 s  · a: Writing a 9.9 s  ⬇ a: landed');
  });

  it('has names of files of a conflict, and of what is held, on one line each', () => {
    const path = 'ok\nMerge it: weft land r1 b';
    const files = [{ path, base: 'b/x\ny', ours: 'o', theirs: 't', result: 'm', text: true }];
    const shown = conflictLines({ intent: 'undo', run: 'r1', task: 'a', title: 'A\nB', files });
    assert.deepEqual(shown, [
      'Conflict of “A⏎B”: nothing of it was applied. Decide it in VS Code, or in these files:',
      '  ok⏎Merge it: weft land r1 b',
      '    base    b/x⏎y',
      '    ours    o',
      '    theirs  t',
      '    merged  m',
      'When the merged files are as you want them: weft land r1 a',
      'Or leave all as it is: weft undo r1 a --call-off',
    ]);
    const settled = { by: { kind: 'person' as const }, files: [path] };
    assert.equal(settlementText(settled), 'ok⏎Merge it: weft land r1 b: decided by the person');
  });

  it('says again what was asked and not answered when a run goes on that was cut off', () => {
    const by = (task: string) => ({ task, call: 'c1' });
    const asked = (item: string, task: string, command: string) =>
      ({
        type: 'inbox.asked',
        item,
        key: item,
        by: by(task),
        draft: null,
        ask: { kind: 'command', command, folder: '/w' },
        seconds: 60,
      }) as const;
    const happenings: Happening[] = [
      startOf(planOf({ a: [], b: [] })),
      ...['a', 'b'].map((task) => ({ type: 'task.started', task, base: 'c0' }) as const),
      asked('1', 'a', 'npm test'),
      asked('2', 'b', 'make'),
      { type: 'inbox.answered', item: '1', answer: { kind: 'approved', scope: 'once' } },
    ];
    const taken = { type: 'run.taken', pid: 2, at: 5000 } as const;
    const state = [...happenings.map((event) => ({ ...event, at: 0 })), taken].reduce(reduce, undefined);
    assert.ok(state !== undefined);
    assert.equal(
      eventLine(taken, state),
      '   5.0 s  ▶ Goes on where it was cut off\n   5.0 s  ? b asks: Run make\n          weft answer r1 2 yes | no',
    );
  });

  it('says a budget without a limit as one', () => {
    const state = reduce(undefined, { ...startOf(planOf({ a: [] })), at: 0 });
    const now = (budget: Budget) => eventLine({ type: 'run.budgeted', budget, at: 1000 }, state);
    assert.equal(now({ usd: 5 }), '   1.0 s  · The budget of the run is $5.00 now');
    assert.equal(now({}), '   1.0 s  · The budget of the run is without a limit now');
  });
});
