/** The text of a planning request: what was selected, and no more than a model can take. */
import assert from 'node:assert/strict';
import { planningText } from '../../src/plan/context';

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
      ['logo.png', 'src/a.ts', 'src/b.ts'],
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
        'The files of the workspace:\nlogo.png\nsrc/a.ts\nsrc/b.ts',
      ].join('\n\n'),
    );
  });

  it('says what to do where nothing was written', () => {
    assert.match(
      planningText([{ kind: 'folder', path: 'src' }], []),
      /^I selected the following and wrote nothing about it\.[\s\S]*The workspace has no files yet\.$/,
    );
  });

  it('cuts long files and long lists, and says how much is left out', () => {
    const files = Array.from({ length: 20_000 }, (_, index) => `src/folder${index % 50}/file${index}.ts`);
    const many = Array.from({ length: 10 }, (_, index) => ({ kind: 'file' as const, path: `big${index}.ts`, text: 'x'.repeat(50_000) }));
    const text = planningText(many, ['package.json', ...files]);
    assert.ok(text.length < 190_000, String(text.length));
    assert.match(text, /big0\.ts:\n```\nx{30000}\n```\n\[20,000 more characters are not shown\.\]/);
    assert.match(text, /big9\.ts:\n```\n\n```\n\[50,000 more characters are not shown\.\]/);
    const listed = text.split('The files of the workspace:\n')[1]?.split('\n') ?? [];
    assert.ok(listed.includes('package.json'));
    assert.equal(listed.at(-1), `[${(20_001 - (listed.length - 1)).toLocaleString('en')} more files, deeper in the tree, are not listed.]`);
  });
});
