/** Faults from outside: git killed in the middle, a disk that takes no more, a folder that cannot be written. Each is told once, and nothing changed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readState } from '../../src/engine/record';
import { leftIntent } from '../../src/repo/land/intent';
import { valued } from '../support/result';
import { type Rig, rig, stagesOf } from '../support/run';
import { folderState, opened, put, temporaryFolder } from '../support/sandbox';

const ACTOR = join(__dirname, '..', 'support', 'engineActor.js');

async function withDraft(files: Record<string, string>, edits: Record<string, string>): Promise<Rig> {
  const box = await rig(files, { a: [] });
  await (await box.agents.agent('a')).fail('agent', edits);
  valued(await box.ended);
  box.run.record.close();
  return box;
}

/** Lands the draft in a process of its own; what it complained of, or undefined where it did not. */
function landIn(box: Rig, env: Record<string, string> = {}, limit = ''): string | undefined {
  const command = `${limit} exec "$0" "$@"`;
  const said = spawnSync('bash', ['-c', command, process.execPath, ACTOR, 'land', box.root, box.run.id, 'a'], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return said.status === 0 ? undefined : said.stderr;
}

/** A folder for PATH with a git that kills the `at`-th real git of all, right after it has started; 0: none. */
function deadlyGit(at: number): { env: Record<string, string>; calls: string } {
  const folder = temporaryFolder();
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  const script = [
    '#!/bin/bash',
    `echo x >> '${calls}'`,
    `PATH="\${PATH#*:}"`,
    `if [ "$(wc -l < '${calls}')" = '${at}' ]; then kill -9 $$; fi`,
    'exec git "$@"',
  ];
  put(folder, 'git', { run: `${script.join('\n')}\n` });
  return { env: { PATH: `${folder}:${process.env['PATH']}` }, calls };
}

describe('a fault', function () {
  this.timeout(240_000);

  it('of git, killed at any of its calls, fails the landing and leaves the workspace as before, or it has landed', async () => {
    const box = await withDraft({ a: 'a\n', b: 'b\n' }, { a: 'A\n', b: 'B\n', c: 'c\n' });
    const before = folderState(box.root);
    let failures = 0;
    // Each failure is recorded, and the draft kept: so the next try begins where this one did.
    for (let at = 4; ; at++) {
      const complaint = landIn(box, deadlyGit(at).env);
      const now = folderState(box.root);
      const repo = await opened(box.root);
      const landed = stagesOf(valued(readState(repo.stateDir, box.run.id)))['a'] === 'landed';
      assert.equal(
        complaint === undefined,
        landed,
        `call ${at}: ${JSON.stringify(valued(readState(repo.stateDir, box.run.id)).tasks.get('a')?.stage)} ${complaint}`,
      );
      if (landed) {
        assert.deepEqual(now, { a: 'file A\n', b: 'file B\n', c: 'file c\n' });
        break;
      }
      failures++;
      assert.match(complaint ?? '', /git|reader of objects/);
      assert.ok(valued(await leftIntent(repo)) !== undefined || JSON.stringify(now) === JSON.stringify(before), `call ${at}: ${complaint}`);
    }
    assert.ok(failures > 5, String(failures));
  });

  it('of the disk, which takes no more of a file, fails the landing, says so, and leaves the workspace as before', async function () {
    if (process.platform !== 'linux') return this.skip();
    const large = Array.from({ length: 40_000 }, (_, at) => `${(at * 2_654_435_761) % 4_294_967_296}\n`).join('');
    const box = await withDraft({ a: 'a\n', large: 'small\n' }, { a: 'A\n', large });
    const before = folderState(box.root);
    // Blocks of 1 KiB: git's objects fit, the file does not.
    const complaint = landIn(box, {}, 'trap "" XFSZ; ulimit -f 300;');
    assert.match(complaint ?? '', /large cannot be written: EFBIG/);
    assert.deepEqual(folderState(box.root), before);
    assert.equal(landIn(box), undefined);
    assert.equal(folderState(box.root)['a'], 'file A\n');
  });

  it('of a folder that cannot be written fails the landing, says where, and leaves the workspace as before', async function () {
    // The superuser may write everywhere.
    if (process.platform === 'win32' || process.getuid?.() === 0) return this.skip();
    const box = await withDraft({ a: 'a\n', 'shut/in': 'in\n' }, { a: 'A\n', 'shut/in': 'IN\n', 'shut/new': 'new\n' });
    const before = folderState(box.root);
    chmodSync(join(box.root, 'shut'), 0o555);
    const complaint = landIn(box);
    assert.match(complaint ?? '', /shut\/new cannot be written: .*EACCES/);
    assert.deepEqual(folderState(box.root), before);
    chmodSync(join(box.root, 'shut'), 0o755);
    assert.equal(landIn(box), undefined);
  });
});
