/** Landing is git's own merge: whatever agents and the person do, in whatever order, the result is what git makes of the same trees. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  array,
  asyncProperty,
  assert as check,
  constant,
  constantFrom,
  dictionary,
  oneof,
  record,
  shuffledSubarray,
  tuple,
} from 'fast-check';
import { land } from '../../../src/repo/land/land';
import { treeOf } from '../../../src/repo/trees';
import type { Edits } from '../../support/gatedWorker';
import { field } from '../../support/landing';
import { NEVER, valued } from '../../support/result';
import { folderState, git, put, type Sandbox, treeState } from '../../support/sandbox';

const LINES = [...'abcdefgh'];
const PATHS = ['p', 'q', 'd/r'] as const;
const FILES = Object.fromEntries(PATHS.map((path) => [path, LINES.map((line) => `${path} ${line}\n`).join('')]));

/** A file with some of its lines changed; or gone. */
const edited = (path: string) =>
  oneof(
    { weight: 6, arbitrary: dictionary(constantFrom(...LINES), constantFrom('X', 'Y', 'Z'), { minKeys: 1, maxKeys: 2 }) },
    { weight: 1, arbitrary: constant(null) },
  ).map((changes) =>
    changes === null ? null : LINES.map((line) => (line in changes ? `${changes[line]}\n` : `${path} ${line}\n`)).join(''),
  );
const edits = array(
  oneof(
    constantFrom(...PATHS).chain((path) => tuple(constant<string>(path), edited(path))),
    tuple(constantFrom('new', 'd/new'), constantFrom('one\n', 'two\n')),
  ),
  { minLength: 1, maxLength: 3 },
).map((some): Edits => Object.fromEntries(some));

/** git's merge of three trees, by its own command: the tree, or undefined where it is in conflict. */
function mergedByGit(box: Sandbox, base: string, ours: string, theirs: string): Record<string, string> | undefined {
  const commit = (tree: string, ...parents: string[]) =>
    git(box.root, 'commit-tree', ...parents.flatMap((parent) => ['-p', parent]), '-m', 'x', tree).trim();
  const root = commit(base);
  const args = ['merge-tree', '--write-tree', commit(ours, root), commit(theirs, root)];
  const said = spawnSync('git', args, { cwd: box.root, encoding: 'utf8' });
  assert.ok(said.status === 0 || said.status === 1, said.stderr);
  return said.status === 0 ? treeState(box.repo, said.stdout.trim()) : undefined;
}

/** The folder as a tree, by the person's git. */
function treeNow(box: Sandbox): string {
  git(box.root, 'add', '--all');
  return git(box.root, 'write-tree').trim();
}

describe('landing any work in any order', () => {
  it('gives what git merge gives, or changes nothing', async () => {
    const agents = record({ a: edits, b: edits, c: edits });
    await check(
      asyncProperty(agents, edits, shuffledSubarray(['a', 'b', 'c'] as const, { minLength: 3 }), async (work, person, order) => {
        const box = await field(FILES);
        const base = valued(await treeOf(box.repo, box.snapshot.commit));
        for (const [turn, task] of order.entries()) {
          // The person works, too: before the second landing.
          if (turn === 1) for (const [path, text] of Object.entries(person)) put(box.root, path, text);
          const incoming = await box.incoming(task, work[task]);
          const before = folderState(box.root);
          const expected = mergedByGit(box, base, treeNow(box), valued(await treeOf(box.repo, incoming.theirs)));
          const landing = valued(await land(box.ports, incoming, NEVER));
          assert.equal(landing.kind, expected === undefined ? 'conflict' : 'landed');
          assert.deepEqual(folderState(box.root), expected ?? before);
        }
      }),
      { numRuns: 5 },
    );
  });

  it('and taking any of it back again leaves what the others and the person did', async () => {
    // Each has a line of their own in every file, so that nothing is in conflict.
    const own = (letter: string) =>
      array(constantFrom(...PATHS), { minLength: 1, maxLength: 3 }).map((paths): Edits => {
        return Object.fromEntries(paths.map((path) => [path, (FILES[path] ?? '').replace(`${path} ${letter}\n`, `${letter} was here\n`)]));
      });
    const everything = record({ a: own('a'), d: own('d'), g: own('g') });
    await check(
      asyncProperty(
        everything,
        shuffledSubarray(['a', 'd', 'g'] as const, { minLength: 3 }),
        constantFrom('a', 'd', 'g'),
        async (work, order, victim) => {
          const box = await field(FILES);
          const landings = new Map<string, Awaited<ReturnType<typeof box.landed>>>();
          for (const task of order) landings.set(task, await box.landed(task, work[task]));
          const landing = landings.get(victim);
          assert.ok(landing !== undefined);
          assert.equal((await box.undo(victim, landing)).kind, 'landed');
          const expected = PATHS.map((path) => {
            const authors = order.filter((task) => task !== victim && path in work[task]);
            return [
              path,
              `file ${authors.reduce((text, letter) => text.replace(`${path} ${letter}\n`, `${letter} was here\n`), FILES[path] ?? '')}`,
            ];
          });
          assert.deepEqual(folderState(box.root), Object.fromEntries(expected.sort()));
        },
      ),
      { numRuns: 3 },
    );
  });
});
