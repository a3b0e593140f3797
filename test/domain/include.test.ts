/** Globs of ignored files to include: which files they take, and which ignored folders they lead into. */
import assert from 'node:assert/strict';
import { fitting, matcherOf } from '../../src/domain/include';

describe('globs of included files', () => {
  const taken = (globs: string[], ...paths: string[]) => paths.filter((path) => matcherOf(globs).takes(path));

  it('mean what they mean in a .gitignore', () => {
    assert.deepEqual(taken(['.env'], '.env', 'a/.env', 'a/b/.env', '.env.local', 'x.env'), ['.env', 'a/.env', 'a/b/.env']);
    assert.deepEqual(taken(['/.env'], '.env', 'a/.env'), ['.env']);
    assert.deepEqual(taken(['config/*.json'], 'config/a.json', 'config/b/a.json', 'x/config/a.json'), ['config/a.json']);
    assert.deepEqual(taken(['config/**/*.json'], 'config/a.json', 'config/b/c/a.json'), ['config/a.json', 'config/b/c/a.json']);
    assert.deepEqual(taken(['**/data/*.db'], 'data/a.db', 'x/y/data/a.db', 'data/x/a.db'), ['data/a.db', 'x/y/data/a.db']);
    assert.deepEqual(taken(['secrets/'], 'secrets/a', 'secrets/deep/b', 'a/secrets/c', 'secret'), [
      'secrets/a',
      'secrets/deep/b',
      'a/secrets/c',
    ]);
    assert.deepEqual(taken(['secrets/**'], 'secrets/a', 'secrets/deep/b', 'a/secrets/c'), ['secrets/a', 'secrets/deep/b']);
    assert.deepEqual(taken(['.env.?'], '.env.a', '.env.ab'), ['.env.a']);
    assert.deepEqual(taken(['[a-c].key', '[!x].pem'], 'a.key', 'd.key', 'x.pem', 'y.pem'), ['a.key', 'y.pem']);
    assert.deepEqual(taken(['.env{,.local}'], '.env', '.env.local', '.env.test'), ['.env', '.env.local']);
    assert.deepEqual(taken(['a+(b).txt', 'x\\*y', '[z-a]'], 'a+(b).txt', 'aab.txt', 'x*y', 'xxy', '[z-a]'), ['a+(b).txt', 'x*y', '[z-a]']);
    assert.deepEqual(taken(['.env*', '!.env.example'], '.env', '.env.example'), ['.env']);
    assert.deepEqual(taken(['', '/', ' '], 'a', ''), []);
  });

  it('lead into an ignored folder only where they name it', () => {
    const opened = (...globs: string[]) =>
      ['node_modules', 'secrets', 'pkg/a/secrets', 'dist'].filter((folder) => matcherOf(globs).opens(folder));
    assert.deepEqual(opened('.env', '**/.env', '**/*.db', '!node_modules'), []);
    assert.deepEqual(opened('secrets/**'), ['secrets']);
    assert.deepEqual(opened('secrets'), ['secrets', 'pkg/a/secrets']);
    assert.deepEqual(opened('**/secrets/*.key'), ['secrets', 'pkg/a/secrets']);
    assert.deepEqual(opened('node_modules/left-pad/config.json'), ['node_modules']);
    const { reaches } = matcherOf(['node_modules/left-pad/config.json']);
    assert.deepEqual(['node_modules/left-pad', 'node_modules/right-pad', 'node_modules/left-pad/lib'].filter(reaches), [
      'node_modules/left-pad',
    ]);
  });

  it('take no more than fits, in the order of the paths, and tell what does not', () => {
    const files = [
      { path: 'd', bytes: 40 },
      { path: 'b', bytes: 200 },
      { path: 'c', bytes: 30 },
      { path: 'a', bytes: 50 },
    ];
    assert.deepEqual(fitting(files, { globs: [], maxFileBytes: 100, maxBytes: 100 }), {
      taken: [
        { path: 'a', bytes: 50 },
        { path: 'c', bytes: 30 },
      ],
      tooLarge: {
        count: 2,
        bytes: 240,
        largest: [
          { path: 'b', bytes: 200 },
          { path: 'd', bytes: 40 },
        ],
      },
    });
  });
});
