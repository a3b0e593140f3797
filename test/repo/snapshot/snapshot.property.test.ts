/** Snapshots beside a person at work: they see what is there, and the person's git comes to the same as if nobody had looked. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, asyncProperty, assert as check, constant, constantFrom, oneof, tuple } from 'fast-check';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { NEVER, valued } from '../../support/result';
import { commitAll, folderState, git, opened, put, type Sandbox, sandbox, temporaryFolder, treeState } from '../../support/sandbox';
import { theirs, times } from '../../support/theirs';

const PATHS = ['a.txt', 'b.txt', 'dir/c.txt', 'new.txt'] as const;
const TEXTS = ['one\n', 'two\n', 'a longer text\n'.repeat(2000)] as const;

/** What the person does, by git or by an editor. */
type Step =
  | readonly ['edit', string, string | null]
  | readonly ['stage' | 'commit' | 'rebase' | 'stash' | 'lock']
  | readonly ['switch', 'main' | 'other'];

const step = oneof(
  { weight: 4, arbitrary: tuple(constant('edit' as const), constantFrom(...PATHS), constantFrom(...TEXTS, null)) },
  { weight: 1, arbitrary: tuple(constantFrom('stage' as const, 'stash' as const, 'lock' as const)) },
  { weight: 2, arbitrary: tuple(constant('commit' as const)) },
  { weight: 2, arbitrary: tuple(constant('switch' as const), constantFrom('main' as const, 'other' as const)) },
  { weight: 1, arbitrary: tuple(constant('rebase' as const)) },
);

/** Two branches that differ in every file. */
async function begin(): Promise<Sandbox> {
  const box = await sandbox({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'dir/c.txt': 'c\n' });
  git(box.root, 'checkout', '--quiet', '-b', 'other');
  put(box.root, 'dir/c.txt', 'other c\n'.repeat(1000));
  put(box.root, 'only-here/d.txt', 'd\n');
  commitAll(box.root);
  git(box.root, 'checkout', '--quiet', 'main');
  put(box.root, 'b.txt', 'main b\n');
  commitAll(box.root);
  return box;
}

/** git as the person runs it, at a time that is the same in every repository; resolves to its exit code. */
function run(root: string, at: number, ...args: string[]): Promise<number> {
  const date = `${1_700_000_000 + at} +0000`;
  const env = { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_EDITOR: 'true' };
  const person = ['-c', 'user.name=Person', '-c', 'user.email=person@localhost', '-c', 'gc.auto=0'];
  return new Promise((resolve) => {
    execFile('git', [...person, ...args], { cwd: root, env }, (error) => resolve(typeof error?.code === 'number' ? error.code : 0));
  });
}

/** Does the steps; resolves to how each ended, for git refuses some. `locked` runs while the index is locked. */
async function work(root: string, steps: readonly Step[], locked: () => Promise<void>): Promise<number[]> {
  const codes: number[] = [];
  for (const [at, one] of steps.entries()) {
    switch (one[0]) {
      case 'edit':
        put(root, one[1], one[2]);
        break;
      case 'stage':
        codes.push(await run(root, at, 'add', '--all'));
        break;
      case 'commit':
        codes.push(await run(root, at, 'commit', '--quiet', '--all', '--allow-empty', '--message', `Step ${at}`));
        break;
      case 'switch':
        codes.push(await run(root, at, 'switch', '--quiet', one[1]));
        break;
      case 'stash':
        codes.push(await run(root, at, 'stash', 'push', '--quiet', '--include-untracked'));
        break;
      case 'rebase': {
        const code = await run(root, at, 'rebase', '--quiet', 'main');
        codes.push(code, code === 0 ? 0 : await run(root, at, 'rebase', '--abort'));
        break;
      }
      case 'lock': {
        const lock = join(root, '.git', 'index.lock');
        writeFileSync(lock, '', { flag: 'wx' });
        await locked();
        rmSync(lock);
        break;
      }
    }
  }
  return codes;
}

/** What the person's work came to, but for the times and inodes that an index holds. */
function result(root: string) {
  const { index: _, ...rest } = theirs(root);
  return {
    ...rest,
    index: git(root, 'ls-files', '--stage'),
    files: rest.files.filter((name) => name !== 'index'),
    folder: folderState(root),
  };
}

describe('snapshots while the person works', () => {
  it('see what is there, and leave the person’s work as it would be without them', async () => {
    await check(
      asyncProperty(array(step, { minLength: 4, maxLength: 9 }), async (steps) => {
        const box = await begin();
        const alone = join(temporaryFolder(), 'alone');
        cpSync(box.root, alone, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
        git(alone, 'update-index', '--refresh');
        const clock = countingClock();
        const other = { root: box.root, repo: await opened(box.root) };
        const snapshot = async ({ root, repo }: Sandbox) =>
          valued(await takeSnapshot(repo, editor(root), { label: 'Beside', clock }, NEVER));
        /** Nobody else writes now. */
        const exact = async () => {
          const [before, touched] = [theirs(box.root), times(box.root)];
          const { commit } = await snapshot(box);
          assert.deepEqual(theirs(box.root), before);
          assert.deepEqual(times(box.root), touched);
          assert.deepEqual(treeState(box.repo, commit), folderState(box.root));
        };
        const working = { done: false };
        const person = work(box.root, steps, exact).finally(() => {
          working.done = true;
        });
        const beside: string[] = [];
        const look = async () => {
          while (!working.done) beside.push((await snapshot(other)).commit);
        };
        const [codes] = await Promise.all([person, look()]);
        await exact();
        assert.deepEqual(codes, await work(alone, steps, async () => undefined));
        assert.deepEqual(result(box.root), result(alone));
        // A file may be seen while it is being written, and never with what nobody wrote.
        const written = ['a\n', 'b\n', 'c\n', 'd\n', 'main b\n', 'other c\n'.repeat(1000), ...TEXTS].map((text) => `file ${text}`);
        for (const commit of beside) {
          for (const [path, text] of Object.entries(treeState(box.repo, commit)))
            assert.ok(
              written.some((whole) => whole.startsWith(text)),
              `${path}: ${text.slice(0, 80)}`,
            );
        }
      }),
      { numRuns: 6 },
    );
  });
});
