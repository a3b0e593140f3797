/** Faults from outside: git killed in the middle, a disk that takes no more, a folder that cannot be written. Each is told once, and nothing changed. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock as clock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { readState } from '../../src/engine/journal/record';
import { settleLeft } from '../../src/engine/recovery';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { filled, smallDisk, withoutPrivileges } from '../support/faulty';
import { NEVER, valued } from '../support/result';
import { type Rig, rigIn, stagesOf } from '../support/run';
import { type Files, folderState, opened, put, sandbox, temporaryFolder } from '../support/sandbox';
import { skipFor } from '../support/skip';

const ACTOR = join(__dirname, '..', 'support', 'engineActor.js');

async function withDraft(files: Files, edits: Record<string, string>, root = temporaryFolder()): Promise<Rig> {
  const box = await rigIn(await sandbox(files, root), { a: [] });
  await (await box.agents.agent('a')).fail('agent', edits);
  valued(await box.ended);
  box.run.record.close();
  return box;
}

/** Does something in a process of its own; what it complained of, or undefined where it did not. */
function act(args: readonly string[], env: Record<string, string> = {}, limit = ''): string | undefined {
  const command = `${limit} exec "$0" "$@"`;
  const said = spawnSync('bash', ['-c', command, process.execPath, ACTOR, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return said.status === 0 ? undefined : said.stderr;
}

function landIn(box: Rig, env: Record<string, string> = {}, limit = ''): string | undefined {
  return act(['land', box.root, box.run.id, 'a'], env, limit);
}

/** Numbers, which take about half of that on a disk of git's. */
function noise(rows: number): string {
  return Array.from({ length: rows }, (_, at) => `${(at * 2_654_435_761) % 4_294_967_296}\n`).join('');
}

/** A folder for PATH with a git that kills the `at`-th real git of all, right after it has started; 0: none. */
function deadlyGit(at: number): { env: Record<string, string>; calls: string } {
  const folder = temporaryFolder();
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  const script = [
    '#!/bin/bash',
    // Its own line tells its number, however many start at once.
    `echo $$ >> '${calls}'`,
    `PATH="\${PATH#*:}"`,
    `if [ "$(grep -n "^$$$" '${calls}' | tail -1)" = "${at}:$$" ]; then kill -9 $$; fi`,
    'exec git "$@"',
  ];
  put(folder, 'git', { run: `${script.join('\n')}\n` });
  return { env: { PATH: `${folder}:${process.env['PATH']}` }, calls };
}

describe('a fault', function () {
  this.timeout(240_000);

  it('of git, killed at any of its calls, fails the landing and leaves the workspace as before, or it has landed', async () => {
    const files = { a: 'a\n', b: 'b\n' };
    const whole = { a: 'file A\n', b: 'file B\n', c: 'file c\n' };
    const seen: string[] = [];
    for (let at = 1; ; at++) {
      const box = await withDraft(files, { a: 'A\n', b: 'B\n', c: 'c\n' });
      const before = folderState(box.root);
      const git = deadlyGit(at);
      const complaint = landIn(box, git.env);
      const repo = await opened(box.root);
      const landed = () => stagesOf(valued(readState(repo.stateDir, box.run.id)))['a'] === 'landed';
      if (complaint === undefined) {
        // There are no more calls: nothing was killed.
        const calls = readFileSync(git.calls, 'utf8').trim().split('\n').length;
        assert.deepEqual([calls < at, landed(), folderState(box.root)], [true, true, whole]);
        break;
      }
      assert.match(complaint, /git|reader of objects/, `call ${at}: ${complaint}`);
      assert.equal(landed(), false, `call ${at}`);
      // What it left in the middle of it is settled by whoever comes next.
      valued(await settleLeft({ repo, workspace: diskWorkspace(repo, async () => ok()), clock, openRecord: () => undefined }, NEVER));
      assert.deepEqual(folderState(box.root), landed() ? whole : before, `call ${at}: ${complaint}`);
      seen.push(landed() ? 'landed' : 'as before');
    }
    assert.ok(seen.length > 5, `only ${seen.length} calls failed`);
    assert.deepEqual(new Set(seen), new Set(['as before', 'landed']));
  });

  it('of the disk, which takes no more of a file, fails the landing, says so, and leaves the workspace as before', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux limits the size of files so');
    const large = noise(40_000);
    const box = await withDraft({ a: 'a\n', large: 'small\n' }, { a: 'A\n', large });
    const before = folderState(box.root);
    // Blocks of 1 KiB: git's objects fit, the file does not.
    const complaint = landIn(box, {}, 'trap "" XFSZ; ulimit -f 300;');
    assert.match(complaint ?? '', /large cannot be written: EFBIG/);
    assert.deepEqual(folderState(box.root), before);
    assert.equal(landIn(box), undefined);
    assert.equal(folderState(box.root)['a'], 'file A\n');
  });

  for (const left of [0, 100_000]) {
    it(`of the disk, which has ${left} bytes left, fails a landing, a snapshot and a rollback, says so, and leaves the workspace as before`, async function () {
      const disk = smallDisk(this, 4);
      const root = join(disk, 'work');
      mkdirSync(root);
      const box = await withDraft({ a: 'a\n', b: 'b\n' }, { a: 'A\n', large: noise(60_000) }, root);
      const { snapshot } = box.run.record.state.start;
      const begun = folderState(box.root);
      put(box.root, 'mine', noise(20_000));
      rmSync(join(box.root, 'b'));
      const before = folderState(box.root);
      const free = filled(disk, left);
      for (const args of [
        ['land', box.root, box.run.id, 'a'],
        ['snapshot', box.root],
        ['rollback', box.root, snapshot],
      ]) {
        const complaint = act(args);
        assert.match(complaint ?? '', /(ENOSPC|disk is full).* Free some space/, args[0]);
        assert.deepEqual(folderState(box.root), before, args[0]);
      }
      free();
      assert.equal(landIn(box), undefined);
      assert.deepEqual(folderState(box.root), { ...before, a: 'file A\n', large: `file ${noise(60_000)}` });
      assert.equal(act(['snapshot', box.root]), undefined);
      assert.equal(act(['rollback', box.root, snapshot]), undefined);
      assert.deepEqual(folderState(box.root), begun);
    });
  }

  it('of a folder that cannot be written fails the landing, says where, and leaves the workspace as before', async function () {
    const bare = withoutPrivileges(this);
    const box = await withDraft({ a: 'a\n', 'shut/in': 'in\n' }, { a: 'A\n', 'shut/in': 'IN\n', 'shut/new': 'new\n' });
    const before = folderState(box.root);
    chmodSync(join(box.root, 'shut'), 0o555);
    const complaint = landIn(box, {}, bare);
    assert.match(complaint ?? '', /shut\/new cannot be written: .*EACCES/);
    assert.deepEqual(folderState(box.root), before);
    chmodSync(join(box.root, 'shut'), 0o755);
    assert.equal(landIn(box), undefined);
  });
});
