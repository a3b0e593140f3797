/** Files that a landing renames by the case of letters alone, where the disk tells such names apart, and where it does not. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { land } from '../../../src/repo/land/land';
import { foldCase } from '../../support/foldCase';
import { field } from '../../support/landing';
import { NEVER } from '../../support/result';
import { folderState, put } from '../../support/sandbox';

const FILES = { 'readme.md': 'text\n', 'Src/a.ts': 'a\n', 'Src/deep/b.ts': 'b\n', other: 'old\n' };
const EDITS = {
  'readme.md': null,
  'README.md': 'text\n',
  'Src/a.ts': null,
  'src/a.ts': 'a, edited\n',
  'Src/deep/b.ts': null,
  'src/deep/b.ts': 'b\n',
  other: 'new\n',
};
const AFTER = { 'README.md': 'file text\n', other: 'file new\n', 'src/a.ts': 'file a, edited\n', 'src/deep/b.ts': 'file b\n' };

describe('renames by case alone', () => {
  let stop: () => void = () => undefined;
  afterEach(() => stop());

  for (const folds of [false, true]) {
    const disk = folds ? 'a disk that takes both names for one' : 'a disk that tells them apart';

    it(`land on ${disk}`, async () => {
      const { root, landed } = await field(FILES);
      if (folds) stop = foldCase(root);
      await landed('a', EDITS);
      assert.deepEqual(folderState(root), AFTER);
    });

    it(`leave everything as before where they fail half-way, on ${disk}`, async () => {
      const { root, ports, incoming } = await field({ ...FILES, '.gitignore': '*.log\n' });
      // What git ignores stands where a file is to come: only the writing, which comes last, finds out.
      mkdirSync(join(root, 'wall'));
      put(root, 'wall/kept.log', 'kept\n');
      const before = folderState(root);
      if (folds) stop = foldCase(root);
      const landing = await land(ports, await incoming('a', { ...EDITS, wall: 'a file\n' }), NEVER);
      assert.match(landing.ok ? '' : landing.failure.message, /^wall is still a folder/);
      assert.deepEqual(folderState(root), before);
    });
  }

  it('keep a file of the person’s whose name differs by case alone', async () => {
    const { root, ports, incoming } = await field({ other: 'old\n' });
    const work = await incoming('a', { 'NOTES.md': 'the agent’s\n' });
    put(root, 'notes.md', 'the person’s\n');
    stop = foldCase(root);
    const landing = await land(ports, work, NEVER);
    assert.equal(landing.ok && landing.value.kind, 'conflict');
    assert.deepEqual(folderState(root), { 'notes.md': 'file the person’s\n', other: 'file old\n' });
  });
});
