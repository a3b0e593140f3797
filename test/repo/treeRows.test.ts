/** What differs between two trees, and what a tree has at a path: the same that git says, in its order. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { array, asyncProperty, assert as check, constantFrom, dictionary } from 'fast-check';
import { changesBetween, entriesAt } from '../../src/repo/treeRows';
import { readChanges } from '../../src/repo/trees';
import { valued } from '../support/result';
import { type Sandbox, sandbox } from '../support/sandbox';

const FOLDER = '040000';
const NAMES = ['a', 'a.b', 'a-b', 'b', 'ü', '\u{ffff}', '\u{1f600}', 'q"', 'sp ace'];

/** A tree as it is to be made: files by their text, others by mode and id, and trees. */
type Given = { readonly [name: string]: string | { readonly mode: string; readonly id: string } | { readonly inside: Given } };

function raw({ root }: Sandbox, args: readonly string[], input: string | Buffer = ''): Buffer {
  return execFileSync('git', [...args], { cwd: root, input });
}

/** Stores a tree as given, odd modes and all. */
function stored(box: Sandbox, given: Given): string {
  const rows = Object.entries(given).map(([name, one]) => {
    if (typeof one === 'string') return `100644 blob ${raw(box, ['hash-object', '-w', '--stdin'], one).toString().trim()}\t${name}\0`;
    if ('inside' in one) return `${FOLDER} tree ${stored(box, one.inside)}\t${name}\0`;
    return `${one.mode} ${one.mode === '160000' ? 'commit' : 'blob'} ${one.id}\t${name}\0`;
  });
  return raw(box, ['mktree', '-z', '--missing'], Buffer.from(rows.join('')))
    .toString()
    .trim();
}

async function sameAsGit(box: Sandbox, before: string, after: string): Promise<void> {
  const said = raw(box, ['diff-tree', '-r', '-z', '--raw', '--no-renames', before, after]).toString();
  assert.deepEqual(valued(await changesBetween(box.repo, before, after)), readChanges(said));
}

const ID = '1234567890123456789012345678901234567890';
const OTHER = '2234567890123456789012345678901234567890';

describe('tree objects', () => {
  it('tell what differs as git does', async () => {
    const box = await sandbox();
    const before = stored(box, {
      a: 'file',
      'a.b': 'between',
      gone: { inside: { deep: { inside: { x: 'x' } } } },
      link: { mode: '120000', id: ID },
      module: { mode: '160000', id: ID },
      run: { mode: '100644', id: ID },
      same: { inside: { y: 'y' } },
    });
    const after = stored(box, {
      a: { inside: { b: 'in a folder now' } },
      'a.b': 'changed',
      link: { mode: '100644', id: ID },
      module: { mode: '160000', id: OTHER },
      new: { inside: { z: 'z' } },
      run: { mode: '100755', id: ID },
      same: { inside: { y: 'y' } },
    });
    const empty = stored(box, {});
    for (const [one, other] of [
      [before, after],
      [after, before],
      [empty, after],
      [before, empty],
      [after, after],
    ] as const)
      await sameAsGit(box, one, other);
  });

  it('have names as they are, bytes that are no text among them', async () => {
    const box = await sandbox();
    const blob = raw(box, ['hash-object', '-w', '--stdin'], 'text').toString().trim();
    const row = (name: string, byte: number) =>
      Buffer.concat([Buffer.from(`100644 blob ${blob}\t${name}`), Buffer.from([byte]), Buffer.from('.txt\0')]);
    const tree = (...rows: Buffer[]) => raw(box, ['mktree', '-z'], Buffer.concat(rows)).toString().trim();
    // As text, both are the same.
    await sameAsGit(box, tree(row('x', 0xe9)), tree(row('x', 0xe8), row('y', 0xe9)));
  });

  it('tell what differs as git does, whatever is in them', async () => {
    const box = await sandbox();
    const leaf = constantFrom<Given[string]>(
      'one',
      'two',
      { mode: '100755', id: ID },
      { mode: '120000', id: OTHER },
      { mode: '160000', id: ID },
    );
    const folder = (inner: typeof leaf) =>
      dictionary(constantFrom(...NAMES), inner, { maxKeys: 5 }).map((inside): Given[string] => ({ inside }));
    const some = dictionary(
      constantFrom(...NAMES),
      constantFrom(0, 1, 2).chain((deep) => (deep === 0 ? leaf : deep === 1 ? folder(leaf) : folder(folder(leaf)))),
      {
        maxKeys: 6,
      },
    );
    await check(
      asyncProperty(array(some, { minLength: 2, maxLength: 2 }), async ([before = {}, after = {}]) => {
        await sameAsGit(box, stored(box, before), stored(box, after));
      }),
      { numRuns: 30 },
    );
  });

  it('tell what is at a path', async () => {
    const box = await sandbox();
    const tree = stored(box, { a: { inside: { 'b c': 'text', m: { mode: '160000', id: ID } } }, ü: { mode: '120000', id: OTHER } });
    const blob = raw(box, ['rev-parse', `${tree}:a/b c`])
      .toString()
      .trim();
    const found = valued(await entriesAt(box.repo, tree, ['a', 'a/b c', 'a/b c/d', 'a/m', 'a/no', 'no/a', 'ü']));
    assert.deepEqual(Object.fromEntries(found), {
      a: 'folder',
      'a/b c': { mode: '100644', blob },
      'a/m': { mode: '160000', blob: ID },
      ü: { mode: '120000', blob: OTHER },
    });
  });

  it('that git no longer has fail what needs them', async () => {
    const box = await sandbox();
    const before = stored(box, { a: 'one' });
    const after = stored(box, { a: 'two', gone: 'x' });
    const broken = raw(box, ['mktree', '-z', '--missing'], `${FOLDER} tree ${ID}\tinside\0`).toString().trim();
    const lost = await changesBetween(box.repo, before, broken);
    assert.deepEqual(lost.ok ? lost : lost.failure.message, `The tree ${ID} is no longer in the repository.`);
    // The reader goes on.
    await sameAsGit(box, before, after);
  });
});
