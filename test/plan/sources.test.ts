/** What a plan can be made of beside a goal: failing output, task lists, comments. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutOutput } from '../../src/plan/failingOutput';
import { openItems } from '../../src/plan/taskList';
import { todoIn } from '../../src/plan/todos';

describe('failing output', () => {
  it('is kept whole where it fits, without colours, bars and blank lines', () => {
    const said = '\u001b]0;title\u0007\u001b[1m\u001b[31mFAIL\u001b[39m\u001b[0m a\r\n10 %\r50 %\r100 %\n\n\n\nExpected 1\n';
    assert.equal(cutOutput(said, 1_000), 'FAIL a\n100 %\n\nExpected 1\n');
  });

  it('keeps what failed, what surrounds it, and the end, and counts the rest', () => {
    const passed = Array.from({ length: 3_000 }, (_, at) => `  ✓ does thing ${at} (3 ms)`);
    const noise = Array.from({ length: 200 }, (_, at) => `compiling ${at}`);
    const failure = ['  1) adds', '     AssertionError: expected 3, got 4', '      at add (src/add.ts:3:9)'];
    const end = ['', '  3000 passing (2 s)', '  1 failing'];
    const cut = cutOutput([...noise, ...passed.slice(0, 1500), ...failure, ...passed.slice(1500), ...noise, ...end].join('\n'), 3_000);
    assert.ok(cut.length <= 3_000, String(cut.length));
    for (const line of [...failure, ...end]) assert.ok(cut.includes(line), line);
    assert.doesNotMatch(cut, /does thing/);
    assert.match(cut, /^\[1,700 lines left out\]\n[\s\S]*\[1,6\d\d lines left out\]\ncompiling/);
  });

  it('is never longer than it may be', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom('FAIL x', '✓ y', 'Error: z', 'a.ts:3:1', '', '\u001b[31m'));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 200 }), fc.integer({ min: 200, max: 2_000 }), (lines, most) => {
        assert.ok(cutOutput(lines.join('\n'), most).length <= most);
      }),
    );
  });
});

describe('a task list', () => {
  it('is its open items, with what is below them and the headings above', () => {
    const markdown = [
      '# Shop',
      '',
      '- [x] Done',
      '  - [ ] Left over from it',
      '## Soon ##',
      '* [ ] Add search',
      '  In the header.',
      '',
      '  - [x] Look at others',
      '    which was easy',
      '  - [ ] By name',
      '  - plain note',
      '1. [ ] Sell it',
      '- [] no item',
      '- [ ]',
      'Prose.',
      '  - [ ] Indented',
      '```md',
      '- [ ] An example',
      '# No heading',
      '```',
      '# Later',
      '+ [ ] Last',
    ].join('\r\n');
    assert.deepEqual(openItems(markdown), [
      { line: 4, text: 'Left over from it', details: '', under: ['Shop'] },
      { line: 6, text: 'Add search', details: '  In the header.\n\n  - [ ] By name\n  - plain note', under: ['Shop', 'Soon'] },
      { line: 13, text: 'Sell it', details: '', under: ['Shop', 'Soon'] },
      { line: 17, text: 'Indented', details: '', under: ['Shop', 'Soon'] },
      { line: 23, text: 'Last', details: '', under: ['Later'] },
    ]);
    assert.deepEqual(openItems('No list.\n- plain\n'), []);
  });
});

describe('a comment that says what is left to do', () => {
  it('is what follows its word', () => {
    assert.deepEqual(todoIn('a.ts', 3, '  // TODO(ann): close the file'), { path: 'a.ts', line: 3, text: 'TODO(ann): close the file' });
    assert.deepEqual(todoIn('a.c', 1, '/* FIXME - leaks */'), { path: 'a.c', line: 1, text: 'FIXME - leaks' });
    assert.equal(todoIn('a.min.js', 1, '// TODO: x'), undefined);
    assert.equal(todoIn('a.ts', 1, `// TODO ${'x'.repeat(1_000)}`), undefined);
  });
});
