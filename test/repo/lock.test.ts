/** The lock that holds among processes: one at a time, and none that is dead. */

import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ok } from '../../src/domain/failure';
import { fileLock, tryLock } from '../../src/repo/lock';
import { birthOf, isAlive } from '../../src/repo/process';
import { failed, NEVER, valued } from '../support/result';
import { temporaryFolder } from '../support/sandbox';
import { skipFor } from '../support/skip';

const run = promisify(execFile);
const holder = join(__dirname, '..', 'support', 'lockHolder.js');

describe('the lock', () => {
  it('lets one in at a time, in this process, in order', async () => {
    const lock = fileLock(join(temporaryFolder(), 'held'));
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} out`);
      return ok();
    };
    await Promise.all(['a', 'b', 'c'].map((name) => lock(NEVER, work(name))));
    assert.deepEqual(log, ['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('lets one in at a time among processes: no count is lost', async () => {
    const folder = temporaryFolder();
    const counter = join(folder, 'counter');
    writeFileSync(counter, '0');
    // Each of them first meets the lock of a process that died.
    spawnSync(process.execPath, [holder, 'die', join(folder, 'held')]);
    assert.ok(existsSync(join(folder, 'held')));
    await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [holder, 'count', join(folder, 'held'), counter, '5'])));
    assert.equal(readFileSync(counter, 'utf8'), '20');
    assert.ok(!existsSync(join(folder, 'held')));
  });

  it('is taken over from a process that died, and from a file that names none', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'held');
    const { pid } = spawnSync(process.execPath, [holder, 'die', file]);
    assert.equal(Number.parseInt(readFileSync(file, 'utf8'), 10), pid);
    assert.equal(valued(await fileLock(file)(NEVER, async () => ok(readFileSync(file, 'utf8').split(' ')[0]))), String(process.pid));
    writeFileSync(file, 'garbage');
    assert.equal(valued(await fileLock(file)(NEVER, async () => ok('in'))), 'in');
    assert.ok(!existsSync(file));
  });

  it('is given back when the work throws or fails', async () => {
    const file = join(temporaryFolder(), 'held');
    const lock = fileLock(file);
    await assert.rejects(
      lock(NEVER, async () => {
        throw new Error('a bug');
      }),
      /a bug/,
    );
    assert.equal(valued(await lock(NEVER, async () => ok('next'))), 'next');
    assert.ok(!existsSync(file));
  });

  it('is not waited for any longer by one who was called off', async () => {
    const file = join(temporaryFolder(), 'held');
    const off = new AbortController();
    const inside = fileLock(file)(NEVER, async () => {
      const waiting = fileLock(file)(off.signal, async () => ok('never'));
      off.abort();
      assert.equal(failed(await waiting).kind, 'cancelled');
      return ok();
    });
    valued(await inside);
  });

  it('that cannot be written says where', async () => {
    const failure = failed(await fileLock(join(temporaryFolder(), 'no', 'such', 'held'))(NEVER, async () => ok()));
    assert.match(failure.message, /^Weft cannot write its lock .*held: /);
  });

  it('is taken over where its holder’s number was given to another process since', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells when a process began');
    const file = join(temporaryFolder(), 'held');
    const { pid } = process;
    const long = Date.now() - 30 * 24 * 60 * 60 * 1000;
    assert.deepEqual([isAlive(pid, Date.now()), isAlive(pid, long), isAlive(999_999_999, Date.now())], [true, false, false]);
    writeFileSync(file, `${pid} of long ago`);
    utimesSync(file, new Date(long), new Date(long));
    assert.equal(valued(await fileLock(file)(NEVER, async () => ok('in'))), 'in');
  });

  it('is taken over from a holder that has ended, and that nobody has waited for', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells the state of a process');
    const file = join(temporaryFolder(), 'held');
    // The shell becomes a program that knows of no child, and then its child ends.
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
    const { stdin, stdout, stdio } = parent;
    assert.ok(stdin !== null && stdout !== null && stdio[3] instanceof Writable);
    const child = stdio[3];
    try {
      const said = createInterface(stdout)[Symbol.asyncIterator]();
      const pid = Number((await said.next()).value);
      stdin.write('here\n');
      assert.equal((await said.next()).value, 'here');
      assert.equal(isAlive(pid, Date.now(), birthOf(pid)), true);
      child.end();
      while (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z') await nextTurn();
      assert.equal(isAlive(pid, Date.now(), birthOf(pid)), false);
      writeFileSync(file, `${pid} ${birthOf(pid)}`);
      assert.equal(valued(await fileLock(file)(NEVER, async () => ok('in'))), 'in');
    } finally {
      stdin.end();
      child.end();
    }
  });

  it('is not taken from whoever holds it when the clock is set', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells when a process began');
    const file = join(temporaryFolder(), 'held');
    const long = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
    const inside = fileLock(file)(NEVER, async () => {
      // As it looks when the clock was set ahead by a month since.
      utimesSync(file, long, long);
      assert.equal(valued(await tryLock(file)), undefined);
      return ok();
    });
    valued(await inside);
    assert.equal(isAlive(process.pid, long.getTime(), birthOf(process.pid)), true);
    assert.equal(isAlive(process.pid, Date.now(), `${birthOf(process.pid)}0`), false);
  });
});
