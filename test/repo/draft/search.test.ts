/** Searching a tree: Perl's expressions, globs, limits, and what to do where git has no Perl's expressions. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { extendedFrom } from '../../../src/repo/draft/patterns';
import { type Search, searchTree } from '../../../src/repo/draft/search';
import { NEVER, valued } from '../../support/result';
import { type Files, git, sandbox } from '../../support/sandbox';

async function searching(files: Files) {
  const { root, repo } = await sandbox(files);
  const tree = git(root, 'rev-parse', 'HEAD^{tree}').trim();
  return async (pattern: string, more: Partial<Search> = {}) =>
    valued(await searchTree(repo, tree, { pattern, folder: '', ignoreCase: false, most: 100, ...more }, NEVER));
}

describe('a search', () => {
  it('takes globs: names anywhere, paths, several endings, and all others', async () => {
    const files = { 'a.ts': 'x\n', 'src/b.ts': 'x\n', 'src/deep/c.tsx': 'x\n', 'src/d.md': 'x\n', 'src[1]/e.ts': 'x\n', 'lib/f.ts': 'x\n' };
    const search = await searching(files);
    const paths = async (more: Partial<Search>) => (await search('x', more)).hits.map((hit) => hit.path);
    assert.deepEqual(await paths({ glob: '*.ts' }), ['a.ts', 'lib/f.ts', 'src/b.ts', 'src[1]/e.ts']);
    assert.deepEqual(await paths({ glob: 'src/**/*.ts' }), ['src/b.ts']);
    assert.deepEqual(await paths({ glob: './src/**/*.{ts,tsx}' }), ['src/b.ts', 'src/deep/c.tsx']);
    assert.deepEqual(await paths({ glob: 'src/**' }), ['src/b.ts', 'src/d.md', 'src/deep/c.tsx']);
    assert.deepEqual(await paths({ glob: 'src/' }), ['src/b.ts', 'src/d.md', 'src/deep/c.tsx']);
    assert.deepEqual(await paths({ glob: '!*.ts' }), ['src/d.md', 'src/deep/c.tsx']);
    assert.deepEqual(await paths({ glob: '!**/*.{ts,tsx}', folder: 'src' }), ['src/d.md']);
    assert.deepEqual(await paths({ folder: 'src[1]' }), ['src[1]/e.ts']);
    assert.deepEqual(await paths({ folder: 'src[1]', glob: '*.ts' }), ['src[1]/e.ts']);
    assert.deepEqual(await paths({ folder: 'src', glob: 'deep/*' }), ['src/deep/c.tsx']);
    assert.deepEqual(await paths({ folder: 'a.ts' }), ['a.ts']);
  });

  it('ends when it has enough, and keeps little of a line that is very long', async () => {
    const search = await searching({
      'a.txt': 'hit\n'.repeat(200_000),
      'min.js': `${'hit;'.repeat(500_000)}\nhit\n`,
      'odd\nname.txt': 'odd hit\n',
    });
    const found = await search('hit', { most: 3 });
    assert.deepEqual([found.hits.map(({ line }) => line), found.more], [[1, 2, 3], true]);
    const long = await search('hit', { glob: 'min.js' });
    assert.deepEqual(
      long.hits.map(({ text, line }) => [text.length, line]),
      [
        [4096, 1],
        [3, 2],
      ],
    );
    assert.equal(long.more, false);
    assert.deepEqual((await search('odd hit')).hits, [{ path: 'odd\nname.txt', line: 1, text: 'odd hit' }]);
    assert.deepEqual([(await search('hit', { most: 2, glob: 'min.js' })).more, (await search('nothing')).hits], [false, []]);
  });

  it('knows letters of every language, and bytes that are none', async () => {
    const search = await searching({ 'u.txt': 'Çà et là\n', 'l.txt': Buffer.from('caf\xe9 et plus\n', 'latin1') });
    assert.deepEqual(
      (await search('ç. et', { ignoreCase: true })).hits.map(({ path }) => path),
      ['u.txt'],
    );
    assert.deepEqual(
      (await search('et plus')).hits.map(({ path }) => path),
      ['l.txt'],
    );
  });
});

describe('an expression without Perl', () => {
  const text = 'id 42\nword_1\n  tab\there\nA-B]^\nfoo.bar(baz)\n\u00e9t\n';
  const grep = (extended: string) => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    const said = spawnSync('grep', ['-E', '-e', extended], { input: text, encoding: 'utf8', env });
    assert.ok(said.status === 0 || said.status === 1, said.stderr);
    return said.stdout.split('\n').slice(0, -1);
  };
  const lines = text.split('\n').slice(0, -1);

  it('finds the same', () => {
    const patterns = [
      '\\d+',
      '\\w+_\\d',
      '^\\s+tab',
      '\\bbar\\b',
      '[^\\d\\s]+',
      '[\\w.]+\\(',
      '(?:foo|id)',
      'A[\\-x]B',
      '[\\]]',
      '[\\^]',
      'b\\tz?',
      'a{1,2}',
      '\\D\\S\\W',
    ];
    for (const pattern of patterns) {
      const extended = extendedFrom(pattern);
      assert.ok(extended !== undefined, pattern);
      const wanted = lines.filter((line) => new RegExp(pattern).test(line));
      assert.deepEqual(grep(extended), wanted, `${pattern} became ${extended}`);
    }
  });

  it('is refused where there is none', () => {
    for (const pattern of ['a(?=b)', '(?i)a', 'a+?', 'a*+', '(a)\\1', '\\p{L}', '\\Aa', '[\\D]', 'a\\', '[a'])
      assert.equal(extendedFrom(pattern), undefined, pattern);
  });
});
