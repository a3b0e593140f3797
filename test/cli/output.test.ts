/** What the CLI prints for people. */
import assert from 'node:assert/strict';
import { eventLine } from '../../src/cli/eventLine';
import { output } from '../../src/cli/output';
import { seconds } from '../../src/cli/words';
import { fail } from '../../src/domain/failure';
import { reduce } from '../../src/domain/run';
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
});
