/** Places where not everything can be written, as the system itself makes them. A test that may not have one is skipped, and says why. */
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { afterThisTest, temporaryFolder } from './sandbox';
import { skipFor } from './skip';

function firstLine(said: string): string {
  return said.split('\n')[0] ?? '';
}

/** A disk of a few megabytes, mounted until the test has ended. */
export function smallDisk(test: Context, megabytes: number): string {
  if (process.platform !== 'linux') return skipFor(test, 'only Linux has disks in memory');
  const folder = temporaryFolder();
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'weft-test', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) return skipFor(test, `no disk can be mounted here: ${error?.message ?? firstLine(stderr)}`);
  const unmount = () => spawnSync('umount', ['--lazy', folder]);
  // Where the tests are stopped in the middle, nothing runs after this one.
  process.once('exit', unmount);
  afterThisTest(() => {
    process.off('exit', unmount);
    const { status: left, stderr: why } = unmount();
    if (left !== 0) throw new Error(`${folder} is still mounted: ${why}`);
  });
  return folder;
}

/** Takes what is left of a disk, but for so many bytes; what it gives back frees it again. */
export function filled(disk: string, left: number): () => void {
  const ballast = join(disk, 'ballast');
  const spare = join(disk, 'spare');
  const take = (file: string, most: number) => {
    const handle = openSync(file, 'w');
    try {
      for (let size = 0; size < most; ) size += writeSync(handle, Buffer.alloc(Math.min(4_096, most - size)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(handle);
    }
  };
  take(spare, left);
  take(ballast, Number.POSITIVE_INFINITY);
  rmSync(spare);
  return () => rmSync(ballast);
}

/** What bash is to begin with so that a program may write only what its modes say, though it is the superuser's. */
export function withoutPrivileges(test: Context): string {
  if (process.platform === 'win32') return skipFor(test, 'a folder of Windows has no mode');
  if (process.getuid?.() !== 0) return '';
  const bare = ['--bounding-set=-dac_override,-dac_read_search'];
  const shut = temporaryFolder();
  chmodSync(shut, 0o555);
  // It may be refused, or do nothing: only what comes of it tells.
  const { stderr, error } = spawnSync('setpriv', [...bare, 'touch', join(shut, 'new')], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (!/touch: .*Permission denied/.test(stderr))
    return skipFor(
      test,
      `the superuser cannot lay down its privileges here: ${error?.message ?? (firstLine(stderr) || 'it writes all the same')}`,
    );
  return `exec setpriv ${bare.join(' ')} "$0" "$@";`;
}
