/** What a git that failed is told as; a program of the test's stands in for it, and says what git says. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { plumb } from '../../src/repo/git';
import { failed } from '../support/result';
import { put, temporaryFolder } from '../support/sandbox';
import { skipFor } from '../support/skip';

/** What a failure of git says that wrote this to standard error. */
async function told(said: string, ...args: string[]): Promise<string> {
  const folder = temporaryFolder();
  put(folder, 'said', said);
  put(folder, 'git', `#!/bin/sh\ncat '${join(folder, 'said')}' >&2\nexit 128\n`);
  chmodSync(join(folder, 'git'), 0o755);
  const { PATH = '' } = process.env;
  process.env['PATH'] = `${folder}${delimiter}${PATH}`;
  try {
    const { message, fix } = failed(await plumb({ gitDir: folder, workTree: folder, cwd: folder }, args));
    return `${message} ${fix}`;
  } finally {
    process.env['PATH'] = PATH;
  }
}

describe('a git that failed', () => {
  before(function () {
    if (process.platform === 'win32') skipFor(this, 'the program that stands in for git is a shell script');
  });

  it('for want of room on the disk is told as that, whatever its words are', async () => {
    for (const said of [
      'fatal: unable to write loose object file: No space left on device',
      'error: file write error: Out of diskspace\nfatal: adding files failed',
      "error: unable to index file 'a.txt'\nerror: file write error: Out of diskspace",
      'fatal: cannot create .git/refs/weft/x.lock: Disk quota exceeded',
      'write error (ENOSPC)',
    ])
      assert.equal(
        await told(said, '-c', 'core.compression=0', 'add'),
        'The disk is full. Free some space, then try again; nothing was changed.',
      );
  });

  it('is named by what it was to do, and not by the settings that it was given', async () => {
    assert.match(await told('fatal: it rained', '-c', 'core.compression=0', 'add', '--all'), /^git add failed: it rained\. /);
  });
});
