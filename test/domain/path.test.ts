/** Workspace paths: whatever a model or a plan writes, nothing leads out of the workspace or into `.git`. */
import assert from 'node:assert/strict';
import { win32 } from 'node:path';
import { array, assert as check, constantFrom, property, string } from 'fast-check';
import { failureText } from '../../src/domain/failure';
import { parentsOf, parseFolder, parsePath } from '../../src/domain/path';
import { failed, valued } from '../support/result';

const why = (raw: string) => failureText(failed(parsePath(raw)));

describe('a workspace path', () => {
  it('is what was written, without what means nothing', () => {
    const pairs = [
      ['src/a.ts', 'src/a.ts'],
      ['./src//a.ts', 'src/a.ts'],
      ['src\\deep\\a.ts', 'src/deep/a.ts'],
      ['src/./a/', 'src/a'],
      ['.github/x.yml', '.github/x.yml'],
      ['.gitignore', '.gitignore'],
      ['a/.gitattributes', 'a/.gitattributes'],
      ['git/config', 'git/config'],
      ['..a/b..', '..a/b..'],
      ['ünï/日本 語.txt', 'ünï/日本 語.txt'],
      ['console.ts', 'console.ts'],
      ['src/**/*.ts', 'src/**/*.ts'],
    ] as const;
    for (const [raw, path] of pairs) assert.equal(valued(parsePath(raw)), path);
  });

  it('never leads out of the workspace', () => {
    for (const raw of ['../a', 'a/../../b', 'a/..', '..', 'a\\..\\b', './..', 'a/.. /b', 'a/... /b', '. /../x']) {
      assert.match(why(raw), /contains “..”|has a part that is made of dots and blanks/, raw);
    }
    for (const raw of [
      '/etc/passwd',
      '\\x',
      '//server/share',
      'C:\\x',
      'c:x',
      'C:/x',
      '~/x',
      '~root/x',
      './c:x',
      './/C:/x',
      './~/x',
      'file:///etc/x',
      'vscode-remote://h/x',
    ]) {
      assert.match(why(raw), /is absolute\. Use a path relative to the workspace/, raw);
    }
  });

  it('never leads into .git, in whatever disguise', () => {
    const disguises = ['.git', '.GIT', '.Git', '.git.', '.git ', '.git . ', 'git~1', 'GIT~2', '.g\u200cit', '.git\ufeff', '\u202e.git'];
    const streams = ['.git::$INDEX_ALLOCATION', '.git:x', 'GIT~1:$DATA'];
    for (const name of [...disguises, ...streams]) {
      for (const raw of [name, `${name}/config`, `sub/${name}/hooks/x`, `sub\\${name}`]) {
        assert.match(why(raw), /is inside \.git\. Weft and its agents never touch/, JSON.stringify(raw));
      }
    }
  });

  it('is refused where some system could not hold it as it is written', () => {
    assert.match(why('a\0b'), /contains a NUL character/);
    assert.match(why(`a/${'x'.repeat(256)}`), /has a part of more than 255 bytes\. Use a shorter name\.$/);
    assert.match(why('語'.repeat(86)), /has a part of more than 255 bytes/);
    assert.equal(valued(parsePath('語'.repeat(85))), '語'.repeat(85));
    for (const raw of ['con', 'NUL.txt', 'a/Aux', 'com1', 'lpt9.log', 'src/prn.ts', 'nul ', 'con:x']) {
      assert.match(why(raw), /uses a name that Windows reserves/, raw);
    }
  });

  it('is a file: the workspace itself is refused, and parseFolder takes it', () => {
    for (const raw of ['', '.', './', './/.']) {
      assert.match(why(raw), /is a folder\. Name a file inside the workspace/);
      assert.equal(valued(parseFolder(raw)), '');
    }
    assert.equal(valued(parseFolder('src/')), 'src');
  });

  it('names the refused path, and no more of it than a person can read', () => {
    assert.ok(why(`../${'x'.repeat(10_000)}`).length < 400);
    assert.match(why('../secret'), /“?"\.\.\/secret"/);
  });

  it('stays inside on Windows and elsewhere, and means the same when it is read again', async () => {
    const parts = constantFrom(
      'a',
      'b.ts',
      '.',
      '..',
      '...',
      '.. ',
      ' ',
      '/',
      '\\',
      '//',
      'C:',
      '.git',
      'GIT~1',
      '~',
      ':',
      '\u200c',
      'con',
      '%2e',
      '*',
    );
    await check(
      property(array(parts, { maxLength: 8 }), string({ maxLength: 4 }), (some, tail) => {
        const path = parsePath(some.join('') + tail);
        if (!path.ok) return;
        const place = win32.resolve('C:\\work', path.value);
        assert.ok(place.startsWith('C:\\work\\'), place);
        assert.deepEqual(parsePath(path.value), path);
        for (const part of path.value.split('/')) assert.doesNotMatch(part, /^\.git[. ]*$/i);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the folders above a path', () => {
  it('are named outermost first', () => {
    assert.deepEqual(parentsOf('a/b/c.ts'), ['a', 'a/b']);
    assert.deepEqual(parentsOf('a.ts'), []);
  });
});
