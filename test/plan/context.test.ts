/** The text of a planning request: what was selected, and no more than a model can take. */
import assert from 'node:assert/strict';
import { planningText } from '../../src/plan/context';

const around = (files: readonly string[]) => ({ files, commands: { checks: [] }, roles: [] });

describe('the text of a planning request', () => {
  it('has what was written and selected, and the files', () => {
    const text = planningText(
      [
        { kind: 'text', text: ' Do this. ' },
        { kind: 'lines', path: 'src/a.ts', startLine: 3, endLine: 4, text: 'const a = 1;\n```\n' },
        { kind: 'file', path: 'src/b.ts', text: 'b();' },
        { kind: 'file', path: 'logo.png', text: null },
        { kind: 'folder', path: 'src/api' },
        { kind: 'folder', path: '' },
      ],
      {
        files: ['logo.png', 'src/a.ts', 'src/b.ts'],
        commands: { checks: [{ command: 'npm test', from: 'package.json: mocha' }] },
        roles: [
          { name: 'coder', description: '', keywords: [] },
          { name: 'docs', description: 'Writes prose.', keywords: [] },
        ],
      },
    );
    assert.equal(
      text,
      [
        'What I want:\nDo this.',
        'What I selected, and what this is about:',
        'src/a.ts, lines 3 to 4:\n````\nconst a = 1;\n```\n````',
        'The file src/b.ts:\n```\nb();\n```',
        'The file logo.png',
        'The folder src/api/',
        'The whole workspace',
        'The roles that there are:\n- docs: Writes prose.',
        'The checks that the project has:\n- npm test (package.json: mocha)',
        'The files of the workspace:\nlogo.png\nsrc/a.ts\nsrc/b.ts',
      ].join('\n\n'),
    );
  });

  it('says what to do where nothing was written', () => {
    assert.match(
      planningText([{ kind: 'folder', path: 'src' }], around([])),
      /^I selected the following and wrote nothing about it\.[\s\S]*The workspace has no files yet\.$/,
    );
  });

  it('cuts long files and long lists, and says how much is left out', () => {
    const files = Array.from({ length: 20_000 }, (_, index) => `src/folder${index % 50}/file${index}.ts`);
    const many = Array.from({ length: 10 }, (_, index) => ({ kind: 'file' as const, path: `big${index}.ts`, text: 'x'.repeat(50_000) }));
    const text = planningText(many, around(['package.json', ...files]));
    assert.ok(text.length < 190_000, String(text.length));
    assert.match(text, /big0\.ts:\n```\nx{30000}\n```\n\[20,000 more characters are not shown\.\]/);
    assert.match(text, /big9\.ts:\n```\n\n```\n\[50,000 more characters are not shown\.\]/);
    const listed = text.split('The files of the workspace:\n')[1]?.split('\n') ?? [];
    assert.ok(listed.includes('package.json'));
    assert.equal(listed.at(-1), `[${(20_001 - (listed.length - 1)).toLocaleString('en')} more files, deeper in the tree, are not listed.]`);
  });

  it('says of problems, comments, tasks and failures what is wanted, and lists them', () => {
    const text = planningText(
      [
        {
          kind: 'problems',
          problems: [
            { path: 'a.ts', line: 9, severity: 'warning', source: '', message: 'Unused.' },
            { path: 'b.ts', line: 1, severity: 'error', source: 'ts 2304', message: 'Cannot find\n  name “x”.' },
            { path: 'a.ts', line: 12, severity: 'error', source: 'ts', message: 'Wrong type.' },
          ],
        },
        { kind: 'todos', todos: [{ path: 'a.ts', line: 3, text: 'TODO: close it' }] },
        { kind: 'tasks', path: 'TASKS.md', items: [{ line: 4, text: 'Add search', details: 'In the header.', under: ['Shop', 'Soon'] }] },
        { kind: 'failing', from: 'Clipboard', output: '\u001b[31mFAIL\u001b[0m a.test.ts\n' },
      ],
      around(['a.ts']),
    );
    const [wanted = '', selected = ''] = text.split('\n\nWhat I selected, and what this is about:\n\n');
    assert.deepEqual(
      wanted.split('\n\n').map((one) => one.split(/\n|[:.,]/)[0]),
      ['What I want', 'Do what the comments listed below ask for', 'Do the items of the task list below', 'Something failed'],
    );
    assert.equal(
      selected,
      [
        '3 problems, by file:\na.ts\n  line 12: error: Wrong type. (ts)\n  line 9: warning: Unused.\nb.ts\n  line 1: error: Cannot find name “x”. (ts 2304)',
        '1 comment:\n- a.ts:3: TODO: close it',
        '1 open item of TASKS.md:\n- line 4: Add search (under Shop › Soon)\n  In the header.',
        'What was printed (Clipboard):\n```\nFAIL a.test.ts\n```',
        'The files of the workspace:\na.ts',
      ].join('\n\n'),
    );
  });

  it('counts what it has no room for', () => {
    const problems = Array.from({ length: 5_000 }, (_, line) => ({
      path: 'a.ts',
      line,
      severity: 'error' as const,
      source: 'ts',
      message: 'x'.repeat(2_000),
    }));
    const text = planningText([{ kind: 'problems', problems }], around([]));
    assert.ok(text.length < 35_000, String(text.length));
    assert.match(text, /\n {2}line 0: error: x{600}… \(ts\)\n[\s\S]*\n\[4,9\d\d more lines are not shown\.\]\n/);
  });
});
