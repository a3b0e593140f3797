/** What the CLI prints for people. */
import assert from 'node:assert/strict';
import { output } from '../../src/cli/output';
import { fail } from '../../src/domain/failure';

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
    assert.deepEqual(written, ['a\ufffd]52;c;eA==\ufffdb\n', 'weft: \ufffd2J\n', 'two\nlines\tand a tab\n', 'weft: no\ufffdthing\n']);
  });
});
