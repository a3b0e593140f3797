/** The tools, as a model meets them: called through the loop, on a draft with a real repository under it. */
import assert from 'node:assert/strict';
import { call, callAll, changed, type Files, valued } from './agentRun';

const FILES: Files = {
  'src/a.ts': 'const a = 1;\n\tif (a) {\n\t\tgo();\n\t}\n',
  'src/deep/b.ts': 'go();\ngo();\nGo();\n',
  'tool.sh': { mode: '100755', bytes: 'echo one\n' },
  'in.ts': { mode: '120000', bytes: 'src/a.ts' },
  'src/out': { mode: '120000', bytes: '../../elsewhere' },
  'logo.png': Buffer.from([0x89, 0x50, 0, 1]),
  'latin.txt': Buffer.from('caf\xe9\n', 'latin1'),
};

describe('read_file', () => {
  it('gives a page, and says how to read on', async () => {
    const files = { 'long.txt': Array.from({ length: 4500 }, (_, index) => `line ${index + 1}`).join('\n') };
    const first = (await call(files, 'read_file', { path: 'long.txt' })).told;
    assert.equal(first.split('\n').length, 2001);
    assert.match(first, /^line 1\n[\s\S]*\nline 2000\n\[long\.txt: lines 1 to 2000 of 4500; read on with from: 2001\]$/);
    const some = await call(files, 'read_file', { path: './long.txt', from: 4499, lines: 50 });
    assert.equal(some.told, 'line 4499\nline 4500\n[long.txt: lines 4499 to 4500 of 4500]');
    const past = await call(files, 'read_file', { path: 'long.txt', from: 4501 });
    assert.equal(past.told, 'error: long.txt has only 4,500 lines. Read it from a line between 1 and 4500.');
  });

  it('never floods the conversation with a file of 5 MB, whatever its lines are', async () => {
    const files = {
      'wide.txt': `${'x'.repeat(500)}\n`.repeat(10_000),
      'one.min.js': 'y'.repeat(5_000_000),
      'all.min.js': `${'z'.repeat(30_000)}\n`.repeat(170),
    };
    const wide = (await call(files, 'read_file', { path: 'wide.txt' })).told;
    assert.ok(wide.length < 101_000, String(wide.length));
    assert.match(wide, /\[wide\.txt: lines 1 to 199 of 10000; read on with from: 200\]$/);
    const one = (await call(files, 'read_file', { path: 'one.min.js' })).told;
    assert.equal(one.length, 20_000 + '[… this line has 5,000,000 characters]\n[one.min.js: lines 1 to 1 of 1]'.length);
    assert.ok((await call(files, 'read_file', { path: 'all.min.js' })).told.length < 101_000);
  });

  it('shows text without BOM and carriage returns, and says that a file is empty', async () => {
    const files = { 'w.txt': '\ufeffone\r\ntwo\r\n', empty: '' };
    assert.equal((await call(files, 'read_file', { path: 'w.txt' })).told, 'one\ntwo\n');
    assert.equal((await call(files, 'read_file', { path: 'empty' })).told, '[empty is empty.]');
  });

  const refusals: [string, string][] = [
    ['src/c/a.ts', 'error: There is no file src/c/a.ts. Did you mean src/a.ts? Use list_files to see what is there.'],
    ['src/deep/bb.ts', 'error: There is no file src/deep/bb.ts. Did you mean src/deep/b.ts? Use list_files to see what is there.'],
    ['nothing/like/it.rs', 'error: There is no file nothing/like/it.rs. Use list_files to see what is there.'],
    ['src', 'error: src is a folder. Use list_files to see its files, and name one of them.'],
    ['src/a.ts/b', 'error: src/a.ts/b is not there: src/a.ts is a file, not a folder. Use list_files to see what is there.'],
    ['logo.png', 'error: logo.png is binary, or not UTF-8 text. It can be moved or deleted, but neither read nor edited.'],
    ['latin.txt', 'error: latin.txt is binary, or not UTF-8 text. It can be moved or deleted, but neither read nor edited.'],
    ['in.ts', 'error: in.ts is a symbolic link to "src/a.ts"; links are not followed. Name what it leads to instead: src/a.ts.'],
    [
      'src/out',
      'error: src/out is a symbolic link to "../../elsewhere"; links are not followed. It leads out of the workspace: leave it alone.',
    ],
    [
      'src/out/x',
      'error: src/out is a symbolic link to "../../elsewhere"; links are not followed. It leads out of the workspace: leave it alone.',
    ],
    ['/etc/passwd', 'error: The path "/etc/passwd" is absolute. Use a path relative to the workspace, such as src/app.ts.'],
    ['../secret', 'error: The path "../secret" contains “..”. Use a path relative to the workspace, such as src/app.ts.'],
    ['.git/config', 'error: The path ".git/config" is inside .git. Weft and its agents never touch git’s own files.'],
  ];
  it('says why it cannot read, and what to do instead', async () => {
    const { told } = await callAll(
      FILES,
      refusals.map(([path]) => ({ tool: 'read_file', input: { path } })),
    );
    assert.deepEqual(
      told,
      refusals.map(([, said]) => said),
    );
  });
});

describe('every tool that takes a path', () => {
  const inputs: [string, (path: string) => object][] = [
    ['edit_file', (path) => ({ path, old: 'a', new: 'b' })],
    ['write_file', (path) => ({ path, content: 'x' })],
    ['delete_file', (path) => ({ path })],
    ['move_file', (path) => ({ from: 'src/a.ts', to: path })],
    ['move_file', (path) => ({ from: path, to: 'new.ts' })],
    ['list_files', (path) => ({ folder: path })],
    ['search', (path) => ({ pattern: 'x', folder: path })],
  ];
  for (const [tool, input] of inputs) {
    it(`${tool} ${Object.keys(input('')).join(', ')}: stays in the workspace`, async () => {
      const paths = ['/etc/passwd', '../secret', 'src/../../x', 'C:\\x', '.git/config', 'src/.GIT/hooks/pre-commit', 'src/out/x'];
      const { told, draft } = await callAll(
        FILES,
        paths.map((path) => ({ tool, input: input(path) })),
      );
      assert.equal(told.length, paths.length);
      for (const said of told) assert.match(said, /^error: .*(absolute|“\.\.”|inside \.git|symbolic link|through links)/);
      assert.deepEqual(await changed(draft), {});
    });
  }
});

describe('edit_file', () => {
  const edit = (path: string, old: string, by: string, all?: boolean) => ({ path, old, new: by, ...(all === undefined ? {} : { all }) });

  it('replaces the text that stands there once, and keeps the mode', async () => {
    const { told, draft } = await call(FILES, 'edit_file', edit('tool.sh', 'one', 'two $& $1'));
    assert.equal(told, 'Edited tool.sh at line 1.');
    assert.deepEqual(valued(await draft.read('tool.sh')), { mode: '100755', bytes: Buffer.from('echo two $& $1\n') });
  });

  it('says where text stands that is there several times, and replaces all of it when told', async () => {
    const once = await call(FILES, 'edit_file', edit('src/deep/b.ts', 'go();', 'stop();'));
    assert.equal(
      once.told,
      'error: The old text stands in src/deep/b.ts 2 times (lines 1, 2). Give more of the lines around the one that you mean, or set “all” to replace every one.',
    );
    assert.deepEqual(await changed(once.draft), {});
    const all = await call(FILES, 'edit_file', edit('src/deep/b.ts', 'go();', 'go(); go();', true));
    assert.equal(all.told, 'Edited src/deep/b.ts in 2 places.');
    assert.deepEqual(await changed(all.draft), { 'src/deep/b.ts': 'go(); go();\ngo(); go();\nGo();\n' });
    const overlapping = await call({ a: 'aXaXa' }, 'edit_file', edit('a', 'aXa', 'b'));
    assert.match(overlapping.told, /stands in a 2 times \(lines 1, 1\)/);
  });

  const misses: [string, string, string][] = [
    [
      'differs in white space only',
      '    if (a) {\n      go();\n',
      'Lines 2 to 3 differ from it only in white space. Call again with the text as the file has it:\n\tif (a) {\n\t\tgo();',
    ],
    [
      'differs in one line',
      'const a = 1;\nif (a) {\nstop();',
      'Its first line is line 1, but its line 3 differs: line 3 of the file is:\n\t\tgo();',
    ],
    ['is nowhere', 'let z', 'Read the file again: it may have changed since, by an edit of your own.'],
    ['is white space', '   \n \n ', 'Give text with more in it than white space.'],
  ];
  for (const [name, old, fix] of misses) {
    it(`says so where the old text ${name}`, async () => {
      const { told, draft } = await call(FILES, 'edit_file', edit('src/a.ts', old, 'x'));
      assert.equal(told, `error: The old text is not in src/a.ts. ${fix}`);
      assert.deepEqual(await changed(draft), {});
    });
  }

  it('refuses an edit that says nothing', async () => {
    assert.match((await call(FILES, 'edit_file', edit('src/a.ts', '', 'x'))).told, /^error: The old text is empty\./);
    assert.match(
      (await call(FILES, 'edit_file', edit('src/a.ts', 'const', 'const'))).told,
      /^error: The old and the new text are the same\./,
    );
    assert.match((await call(FILES, 'edit_file', edit('logo.png', 'P', 'x'))).told, /^error: logo\.png is binary/);
  });

  it('keeps BOM and carriage returns, and gives them to what is new', async () => {
    const { told, draft } = await call(
      { 'w.txt': '\ufeffone\r\ntwo\r\nthree\r\n' },
      'edit_file',
      edit('w.txt', 'one\ntwo\n', 'one\n1½\ntwo\n'),
    );
    assert.equal(told, 'Edited w.txt at line 1.');
    assert.deepEqual(await changed(draft), { 'w.txt': '\ufeffone\r\n1½\r\ntwo\r\nthree\r\n' });
  });
});

describe('write_file', () => {
  it('makes a file with its folders', async () => {
    const { told, draft } = await call(FILES, 'write_file', { path: 'new/deep/c.ts', content: 'one\ntwo\n' });
    assert.equal(told, 'Made new/deep/c.ts (2 lines).');
    assert.deepEqual(await changed(draft), { 'new/deep/c.ts': 'one\ntwo\n' });
  });

  it('keeps mode, BOM and carriage returns of the file that it replaces', async () => {
    const files: Files = { 'w.sh': { mode: '100755', bytes: '\ufeffone\r\ntwo\r\n' } };
    const { told, draft } = await call(files, 'write_file', { path: 'w.sh', content: 'three\nfour\r\nfive' });
    assert.equal(told, 'Replaced w.sh (3 lines).');
    assert.deepEqual(valued(await draft.read('w.sh')), { mode: '100755', bytes: Buffer.from('\ufeffthree\r\nfour\r\nfive') });
  });

  it('writes over no binary file, no link, no folder, and through no file', async () => {
    for (const [path, why] of [
      ['logo.png', 'binary'],
      ['in.ts', 'symbolic link'],
      ['src', 'folder'],
      ['src/a.ts/x', 'src/a.ts is a file'],
    ] as const) {
      const { told, draft } = await call(FILES, 'write_file', { path, content: 'x' });
      assert.match(told, new RegExp(`^error: .*${why}`));
      assert.deepEqual(await changed(draft), {});
    }
  });
});

describe('move_file and delete_file', () => {
  it('move a file, binary or not, and a folder', async () => {
    const file = await call(FILES, 'move_file', { from: 'logo.png', to: 'media/logo.png' });
    assert.equal(file.told, 'Moved logo.png to media/logo.png.');
    assert.deepEqual(Object.keys(await changed(file.draft)), ['logo.png', 'media/logo.png']);
    const folder = await call(FILES, 'move_file', { from: 'src/deep', to: 'src/shallow' });
    assert.deepEqual(await changed(folder.draft), { 'src/deep/b.ts': null, 'src/shallow/b.ts': 'go();\ngo();\nGo();\n' });
  });

  it('move onto nothing that is there', async () => {
    const { told, draft } = await call(FILES, 'move_file', { from: 'src/a.ts', to: 'tool.sh' });
    assert.equal(
      told,
      'error: There is a file at tool.sh already. Choose another path, or delete that file first if it is to be replaced.',
    );
    assert.deepEqual(await changed(draft), {});
  });

  it('delete one file, and say what is near where it is missing', async () => {
    const { told, draft } = await call(FILES, 'delete_file', { path: 'src/a.ts' });
    assert.equal(told, 'Deleted src/a.ts.');
    assert.deepEqual(await changed(draft), { 'src/a.ts': null });
    for (const [tool, input] of [
      ['delete_file', { path: 'src/A.TS' }],
      ['move_file', { from: 'src/A.TS', to: 'x' }],
    ] as const) {
      assert.match((await call(FILES, tool, input)).told, /^error: There is no file src\/A\.TS\. Did you mean src\/a\.ts\?/);
    }
  });
});

describe('list_files', () => {
  it('lists a folder, or all', async () => {
    assert.equal((await call(FILES, 'list_files', { folder: 'src/' })).told, 'src/a.ts\nsrc/deep/b.ts\nsrc/out');
    assert.equal((await call({ a: '', 'b/c': '' }, 'list_files', {})).told, 'a\nb/c');
    assert.equal((await call({}, 'list_files', { folder: '.' })).told, 'The workspace is empty.');
  });

  it('says what is wrong with a folder', async () => {
    assert.equal(
      (await call(FILES, 'list_files', { folder: 'src/a.ts' })).told,
      'error: src/a.ts is a file, not a folder. Use read_file to read it.',
    );
    assert.equal(
      (await call(FILES, 'list_files', { folder: 'src/dep' })).told,
      'error: There is no folder with files in it, src/dep. Did you mean src/deep? Use list_files to see what is there.',
    );
  });

  it('folds what is too much', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1200 }, (_, index) => [`src/${index % 2 === 0 ? 'even' : 'odd'}/${index}.ts`, '']),
    );
    const { told } = await call({ ...files, 'src/main.ts': '' }, 'list_files', { folder: 'src' });
    assert.equal(
      told,
      '[1,201 files: only what is directly in the folder is shown. List a folder of it to see more.]\nsrc/even/ (600 files)\nsrc/main.ts\nsrc/odd/ (600 files)',
    );
  });
});

describe('search', () => {
  it('finds lines, in the whole draft or a folder, with or without case', async () => {
    assert.equal((await call(FILES, 'search', { pattern: '^go\\(' })).told, 'src/deep/b.ts:1: go();\nsrc/deep/b.ts:2: go();');
    assert.equal((await call(FILES, 'search', { pattern: 'GO\\(', folder: 'src/deep', ignoreCase: true })).told.split('\n').length, 3);
    assert.equal((await call(FILES, 'search', { pattern: 'nowhere' })).told, 'No line matches.');
    assert.match(
      (await call(FILES, 'search', { pattern: 'x', folder: 'srd' })).told,
      /^error: There is no folder .*srd\. Did you mean src\?/,
    );
  });

  it('cuts what is too much, and says so', async () => {
    const { told } = await call({ 'many.txt': `${'hit '.repeat(200)}\n`.repeat(300) }, 'search', { pattern: 'hit' });
    assert.equal(told.split('\n').length, 201);
    assert.match(told, /\n\[More lines match: narrow the pattern, the glob or the folder\.\]$/);
    assert.ok(told.length < 70_000, String(told.length));
  });

  it('takes expressions and globs as models write them', async () => {
    const files = { 'src/a.ts': 'const id = 42;\n', 'src/deep/b.tsx': 'id7 \n', 'lib/c.js': 'id 9\n' };
    const told = async (input: object) => (await call(files, 'search', input)).told;
    assert.equal(await told({ pattern: '\\bid\\s*=?\\s*\\d+' }), 'lib/c.js:1: id 9\nsrc/a.ts:1: const id = 42;\nsrc/deep/b.tsx:1: id7 ');
    assert.equal(await told({ pattern: 'id(?=\\d)' }), 'src/deep/b.tsx:1: id7 ');
    assert.equal(await told({ pattern: 'id', glob: '**/*.{ts,tsx}', folder: 'src/deep' }), 'src/deep/b.tsx:1: id7 ');
    assert.equal(await told({ pattern: 'id', glob: '*.js' }), 'lib/c.js:1: id 9');
  });

  it('refuses a pattern that is none', async () => {
    assert.match((await call(FILES, 'search', { pattern: '(' })).told, /^error: The search for "\(" failed/);
    assert.match((await call(FILES, 'search', { pattern: 'a\nb' })).told, /^error: The pattern has more than one line\./);
    assert.match((await call(FILES, 'search', { pattern: '' })).told, /^error: The input of search does not fit its schema \(pattern: /);
  });
});

describe('finish', () => {
  it('wants a summary', async () => {
    assert.equal(
      (await call({}, 'finish', { summary: '  ' })).told,
      'error: The summary is empty. Call finish again and say what you did.',
    );
  });
});

describe('what can be run', () => {
  it('is written so, made so, and made so no longer', async () => {
    const { draft } = await callAll({ 'old.sh': 'echo old\n', 'done.sh': { mode: '100755', bytes: 'echo done\n' } }, [
      { tool: 'write_file', input: { path: 'new.sh', content: 'echo new\n', executable: true } },
      { tool: 'set_executable', input: { path: 'old.sh', executable: true } },
      { tool: 'set_executable', input: { path: 'done.sh', executable: false } },
    ]);
    const modes = ['new.sh', 'old.sh', 'done.sh'].map(async (path) => valued(await draft.look(path))?.mode);
    assert.deepEqual(await Promise.all(modes), ['100755', '100755', '100644']);
    assert.match((await call({}, 'set_executable', { path: 'x.sh', executable: true })).told, /^error: There is no file x\.sh\./);
  });
});
