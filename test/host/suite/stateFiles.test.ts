/** The scheme by which a person edits files of Weft's leads to these files, and nowhere else. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { blobUri } from '../../../src/vscode/changes/blobs';
import { freshFolder } from '../folder';

describe('Weft’s own files', () => {
  it('reads and writes plans, and nothing outside of them: not above, not the journals, not through links', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    const { stateDir } = place.repo;
    const plans = join(stateDir, 'plans', 'tested');
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    writeFileSync(join(outside, 'secret.txt'), 'secret');
    mkdirSync(plans, { recursive: true });
    mkdirSync(join(stateDir, 'runs', 'r'), { recursive: true });
    writeFileSync(join(stateDir, 'runs', 'r', 'journal.jsonl'), 'journal\n');
    writeFileSync(join(plans, 'good.weft.json'), '{}');
    symlinkSync(outside, join(plans, 'folder'));
    symlinkSync(join(outside, 'secret.txt'), join(plans, 'file.weft.json'));
    const at = (path: string) => vscode.Uri.from({ scheme: 'weft', authority: basename(stateDir), path });
    try {
      assert.equal(Buffer.from(await vscode.workspace.fs.readFile(at('/plans/tested/good.weft.json'))).toString(), '{}');
      const others = [
        '/plans/tested/file.weft.json',
        '/plans/tested/folder/secret.txt',
        '/plans/../runs/r/journal.jsonl',
        '/runs/r/journal.jsonl',
        '/plans/tested/../../../../config',
        `/${outside}/secret.txt`,
        '/index',
      ];
      for (const path of others) {
        await assert.rejects(async () => vscode.workspace.fs.readFile(at(path)), path);
        await assert.rejects(async () => vscode.workspace.fs.writeFile(at(path), Buffer.from('overwritten')), path);
      }
      await assert.rejects(async () => vscode.workspace.fs.writeFile(at('/plans/tested/folder/new.txt'), Buffer.from('x')));
      // A folder that went comes back with what is saved into it; of others none is made.
      await vscode.workspace.fs.writeFile(at('/plans/tested/gone/again.weft.json'), Buffer.from('{}'));
      assert.equal(readFileSync(join(plans, 'gone', 'again.weft.json'), 'utf8'), '{}');
      for (const path of ['/runs/made', '/made', '/plans/tested/folder/made']) await vscode.workspace.fs.createDirectory(at(path));
      assert.deepEqual(
        [join(stateDir, 'runs', 'made'), join(stateDir, 'made'), join(outside, 'made')].filter((path) => existsSync(path)),
        [],
      );
      assert.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret');
      assert.equal(existsSync(join(outside, 'new.txt')), false);
      assert.equal(readFileSync(join(stateDir, 'runs', 'r', 'journal.jsonl'), 'utf8'), 'journal\n');
    } finally {
      rmSync(plans, { recursive: true });
      rmSync(join(stateDir, 'runs', 'r'), { recursive: true });
    }
  });

  it('shows of a tree only what git has, whatever the path, and writes nothing', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    const entry = { mode: '100644' as const, blob: `${'0'.repeat(39)}1` };
    for (const path of ['../../etc/passwd', 'a.txt', '.git/config']) {
      await assert.rejects(async () => vscode.workspace.fs.readFile(blobUri(place, path, entry)), path);
      await assert.rejects(async () => vscode.workspace.fs.writeFile(blobUri(place, path, null), Buffer.from('x')), path);
    }
    assert.equal(readFileSync(place.path('a.txt'), 'utf8'), 'a\n');
  });
});
