/** Ways out of the workspace × every tool that an agent is given: nothing leads out, none of it is read, and none is changed. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { toolsFor } from '../../src/agent/tools/toolbox';
import type { Spawn } from '../../src/domain/spawn';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { Draft } from '../../src/repo/draft/draft';
import { takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { changed, finish, playing, run, toldAfter } from '../agent/agentRun';
import { countingClock } from '../support/clock';
import { NEVER, valued } from '../support/result';
import { folderState, put, sandbox, temporaryFolder } from '../support/sandbox';

const ALL = { commands: true, questions: true, diagnostics: true, mcp: [] };
const OUTSIDE = 'what nobody inside may see';

/** Inputs with a path in each place where a tool takes one. A tool that takes none has none, and has to be listed all the same. */
const INPUTS: Readonly<Record<string, readonly ((path: string) => object)[]>> = {
  list_files: [(path) => ({ folder: path })],
  read_file: [(path) => ({ path }), (path) => ({ path, from: 1, to: 2 })],
  search: [(path) => ({ pattern: '.', folder: path })],
  edit_file: [(path) => ({ path, old: 'nobody', new: 'x' })],
  write_file: [(path) => ({ path, content: 'x' })],
  move_file: [(path) => ({ from: path, to: 'new.txt' }), (path) => ({ from: 'a.txt', to: path })],
  delete_file: [(path) => ({ path })],
  set_executable: [(path) => ({ path, executable: true })],
  diagnostics: [(path) => ({ paths: [path] }), (path) => ({ paths: ['a.txt', path] })],
  finish: [],
  spawn: [],
  ask: [],
  run: [],
};

/** Out of the folder, into git's own, and what file systems that fold case or have devices take for these. `OUT` is the folder beside. */
const ESCAPES = [
  '../OUT/secret.txt',
  'sub/../../OUT/secret.txt',
  './sub/./../../OUT/secret.txt',
  '..\\OUT\\secret.txt',
  'sub\\..\\..\\OUT\\secret.txt',
  'sub/.. /../OUT/secret.txt',
  '/etc/passwd',
  '//etc/passwd',
  '~/.ssh/id_rsa',
  'file:///etc/passwd',
  'C:\\Windows\\win.ini',
  'c:secret.txt',
  '\\\\server\\share\\secret.txt',
  '\\\\?\\C:\\secret.txt',
  'con',
  'sub/NUL.txt',
  'COM1',
  '.git/config',
  '.GIT/config',
  '.Git/hooks/pre-commit',
  'sub/.git/config',
  '.git./config',
  '.git /config',
  'GIT~1/config',
  '.git::$INDEX_ALLOCATION/config',
  '.g\u200cit/config',
  'link/secret.txt',
  'link/../OUT/secret.txt',
  'deep/link/secret.txt',
  'file-link',
  'loop/x',
  'a.txt\0../../OUT/secret.txt',
];

describe('a path that leads out', () => {
  it('is known to be tried with every tool that there is', () => {
    assert.deepEqual(
      toolsFor('coder', true, ALL)
        .map(({ name }) => name)
        .filter((name) => INPUTS[name] === undefined),
      [],
    );
  });

  for (const [tool, inputs] of Object.entries(INPUTS)) {
    if (inputs.length === 0) continue;
    it(`is refused by ${tool}, in whatever way it is written`, async () => {
      const box = await sandbox({ 'a.txt': 'a\n', 'sub/b.txt': 'b\n' });
      const outside = temporaryFolder();
      put(outside, 'secret.txt', OUTSIDE);
      for (const [path, to] of [
        ['link', outside],
        ['file-link', join(outside, 'secret.txt')],
        ['loop', 'loop'],
      ] as const)
        symlinkSync(to, join(box.root, path));
      mkdirSync(join(box.root, 'deep'));
      symlinkSync(outside, join(box.root, 'deep', 'link'));
      const before = folderState(box.root);
      const workspace = diskWorkspace(box.repo, async () => ({ ok: true, value: undefined }));
      const snapshot = valued(await takeSnapshot(box.repo, workspace, { label: 'Now', clock: countingClock() }, NEVER));
      const paths = ESCAPES.map((path) => path.replaceAll('OUT', outside.slice(outside.lastIndexOf('/') + 1)));
      // A link is a file of the workspace like others: itself it may be moved and deleted.
      const refused = (input: object) =>
        !('from' in input && input.from === 'file-link') && !(tool === 'delete_file' && 'path' in input && input.path === 'file-link');
      const calls = inputs.flatMap((input) => paths.map((path) => ({ tool, input: input(path) }))).filter(({ input }) => refused(input));
      const spawned: Spawn[] = [];
      const done = await run(playing([{ calls }, { calls: [finish()] }]), {
        draft: new Draft(box.repo, snapshot.commit),
        offers: ALL,
        act: async ({ act }) => {
          // An editor is asked only about files of the draft.
          assert.fail(`its host was asked to ${JSON.stringify(act)}`);
        },
        spawn: () => async (request) => {
          spawned.push(request);
          return assert.fail('nobody was to be asked to do a part');
        },
      });
      const told = toldAfter(done, 1);
      assert.equal(told.length, calls.length);
      const passed = calls.flatMap(({ input }, at) => (told[at]?.startsWith('error: ') ? [] : [[JSON.stringify(input), told[at]]]));
      assert.deepEqual(passed, []);
      assert.deepEqual([done.result.ok, await changed(done.draft), spawned], [true, {}, []]);
      assert.ok(!JSON.stringify([told, done.entries]).includes(OUTSIDE), 'something of what lies outside was told');
      assert.deepEqual([folderState(box.root), folderState(outside)], [before, { 'secret.txt': `file ${OUTSIDE}` }]);
    });
  }
});
