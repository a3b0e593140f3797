/** Forecasts of what is written: whether two of them may mean the same file. */
import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, property } from 'fast-check';
import { mayOverlap } from '../../src/domain/overlap';

/** What a glob means, for the parts of which the property's globs are made. */
function matches(glob: string, path: string): boolean {
  const names = glob
    .split('/')
    .map((name) =>
      name === '**' ? '**' : new RegExp(`^${name.replace('.', '\\.').replace('*', '.*').replace('?', '.').replace('{a,b}', '(a|b)')}$`),
    );
  const from = (at: number, rest: readonly string[]): boolean => {
    const name = names[at];
    // What a name without an ending means may be a folder, with all that is in it.
    if (name === undefined) return rest.length === 0 || /(^|\/)\w+$/.test(glob);
    if (name === '**') return [...rest, ''].some((_, to) => from(at + 1, rest.slice(to)));
    const [first] = rest;
    return first !== undefined && typeof name !== 'string' && name.test(first) && from(at + 1, rest.slice(1));
  };
  return from(0, path.split('/'));
}

describe('two forecasts', () => {
  it('overlap where there may be a file that both mean', () => {
    const overlapping: [string, string][] = [
      ['src/a.ts', 'src/a.ts'],
      ['src', 'src/a.ts'],
      ['src/v1.2', 'src/v1.2/a.ts'],
      ['.github', '.github/x.yml'],
      ['lib', '**/*.ts'],
      ['src/', 'src/deep/a.ts'],
      ['./src/a.ts', 'src/a.ts'],
      ['src/**', 'src/api/a.ts'],
      ['**/*.ts', 'src/*.ts'],
      ['**/a/**', 'b/**/c'],
      ['src/*.test.ts', 'src/a*.ts'],
      ['src/{a,b}.ts', 'src/b.ts'],
      ['{src,test/unit}/**', 'src/a.ts'],
      ['SRC/A.ts', 'src/a.ts'],
      ['src/[ab].ts', 'src/?.ts'],
      ['**', 'x'],
      ['src/\\*.ts', 'src/a.ts'],
    ];
    for (const [a, b] of overlapping) assert.deepEqual([a, b, mayOverlap([a], [b]), mayOverlap([b], [a])], [a, b, true, true]);
  });

  it('do not where there can be none', () => {
    const apart: [string, string][] = [
      ['src/a.ts', 'src/ab.ts'],
      ['src', 'srcs/a.ts'],
      ['src/**', 'test/**'],
      ['**/*.css', 'src/a.ts'],
      ['src/*.test.ts', 'src/*.md'],
      ['src/api/*.ts', 'src/web/**'],
      ['README.md', 'docs/*.md'],
      ['*.md', 'docs/a.md'],
      ['src/@types/a.d.ts', 'src/types/*.ts'],
      ['test-*.js', 'spec-*.js'],
    ];
    for (const [a, b] of apart) assert.deepEqual([a, b, mayOverlap([a], [b]), mayOverlap([b], [a])], [a, b, false, false]);
    assert.equal(mayOverlap([], ['**']), false);
    assert.equal(mayOverlap(['a.ts', 'b.ts'], ['c.ts', 'b.ts']), true);
  });

  it('overlap wherever a path is meant by both', async () => {
    const names = constantFrom('a', 'b', 'a.ts', 'b.ts', 'ab.ts');
    const paths = array(names, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
    const parts = constantFrom('a', 'b', '**', '*', '?', 'a*', '*.ts', '?.ts', '{a,b}', '{a,b}.ts', 'a?.ts', 'ab.ts');
    const globs = array(parts, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
    let both = 0;
    await check(
      property(globs, globs, array(paths, { minLength: 20, maxLength: 20 }), (a, b, all) => {
        for (const path of all) {
          if (!matches(a, path) || !matches(b, path)) continue;
          both++;
          assert.ok(mayOverlap([a], [b]), path);
        }
      }),
      { numRuns: 3000 },
    );
    assert.ok(both > 200, String(both));
  });
});
