/** Folders that were empty before an agent put files into them: git knows nothing of them, and they are there again when the files go. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { land } from '../../src/repo/land/land';
import { rollBack } from '../../src/repo/snapshot/rollback';
import { field } from '../support/landing';
import { failed, NEVER, valued } from '../support/result';
import { put } from '../support/sandbox';

/** Every folder and file of a workspace, folders with their modes. */
function treeOf(root: string): string[] {
  const all = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name !== '.git' && !name.startsWith('.git/'));
  return all
    .map((name) => {
      const found = statSync(join(root, name));
      return found.isDirectory() ? `${name}/ ${(found.mode & 0o777).toString(8)}` : name;
    })
    .sort();
}

/** A workspace with folders that are empty, and one that is not. */
async function stage() {
  const box = await field({ 'a.txt': 'a\n', '.gitignore': 'ignored\n', 'z/tracked': 't' });
  put(box.root, 'z/ignored', 'mine');
  for (const folder of ['empty', 'outer/inner', 'own']) mkdirSync(join(box.root, folder), { recursive: true, mode: 0o755 });
  chmodSync(join(box.root, 'empty'), 0o700);
  return box;
}

const FILES = ['.gitignore', 'a.txt', 'z/ 755', 'z/ignored', 'z/tracked'];
const EDITS = { 'empty/new.txt': '1', 'empty/more/deep.txt': '2', 'outer/inner/new.txt': '3', 'made/new.txt': '4', own: 'a file now' };

describe('folders that were empty', () => {
  it('are there again after an undo, with their modes, and those that the agent made are not', async () => {
    const box = await stage();
    const before = treeOf(box.root);
    assert.deepEqual(before, [...FILES, 'empty/ 700', 'outer/ 755', 'outer/inner/ 755', 'own/ 755'].sort());
    const landing = await box.landed('one', EDITS);
    assert.equal(statSync(join(box.root, 'own')).isFile(), true);
    assert.equal((await box.undo('one', landing)).kind, 'landed');
    assert.deepEqual(treeOf(box.root), before);
  });

  it('are there again after a rollback, and after a landing that failed half-way', async () => {
    const box = await stage();
    const before = treeOf(box.root);
    // There is a file in it that git does not see: no file can take its place.
    const stuck = { ...EDITS, 'z/tracked': null, z: 'a file' };
    assert.match(failed(await land(box.ports, await box.incoming('half', stuck), NEVER)).message, /^z is still a folder: /);
    assert.deepEqual(treeOf(box.root), before);
    await box.landed('one', EDITS);
    valued(await rollBack(box.repo, box.workspace, { snapshot: box.snapshot, clock: box.ports.clock }, NEVER));
    assert.deepEqual(treeOf(box.root), before);
  });

  it('stay away where the person took them away meanwhile', async () => {
    const box = await stage();
    const landing = await box.landed('one', { 'empty/new.txt': '1' });
    assert.equal((await box.undo('one', landing)).kind, 'landed');
    rmdirSync(join(box.root, 'empty'));
    const again = await box.landed('two', { 'empty/new.txt': '2' }, await box.now());
    assert.equal((await box.undo('two', again)).kind, 'landed');
    assert.deepEqual(treeOf(box.root), [...FILES, 'outer/ 755', 'outer/inner/ 755', 'own/ 755'].sort());
  });

  it('keep what the person put beside the agent’s file', async () => {
    const box = await stage();
    const landing = await box.landed('one', { 'empty/new.txt': '1', 'outer/inner/new.txt': '1' });
    put(box.root, 'empty/mine.txt', 'mine');
    assert.equal((await box.undo('one', landing)).kind, 'landed');
    assert.deepEqual(treeOf(box.root), [...FILES, 'empty/ 700', 'empty/mine.txt', 'outer/ 755', 'outer/inner/ 755', 'own/ 755'].sort());
  });
});
