/** The CLI's snapshots: included files, sizes, what differs, some files back, forgetting. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { folderState, git, putAll, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const startedSchema = z.object({ type: z.literal('run.started'), run: z.string(), commit: z.string() });
const snapshotsSchema = z.object({ snapshots: z.array(z.object({ id: z.string(), label: z.string(), bytes: z.number() })) });

function workspace(): string {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet', '--initial-branch=main', '--template=');
  putAll(cwd, { '.gitignore': '.env\n*.db\n', 'a.txt': 'a\n', 'b.txt': 'b\n' });
  git(cwd, 'add', '.');
  git(cwd, 'commit', '--quiet', '--message', 'Begin');
  putAll(cwd, { '.env': 'SECRET=1\n', 'big.db': 'x'.repeat(100_000) });
  return cwd;
}

/** An agent that edits the file that git ignores. */
function readingEnv(): string {
  const edit = { tool: 'edit_file', input: { path: '.env', old: 'SECRET=1', new: 'SECRET=2' } };
  return scenarioFile({ one: [{ calls: [edit] }, { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] }] });
}

async function ran(cwd: string, ...more: string[]) {
  return weft(['run', '-', '--model', readingEnv(), ...more], { cwd, input: planText({ id: 'one' }) });
}

describe('weft and its snapshots', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('has agents see the ignored files that are included, and takes back what they did to them', async () => {
    const cwd = workspace();
    assert.match((await ran(cwd, '--json')).out, /"changes":\[\]/);
    assert.equal(folderState(cwd)['.env'], 'file SECRET=1\n');
    const { code, err, out } = await ran(cwd, '--include', '.env', '--approve', 'protected', '--json');
    assert.deepEqual([code, err], [0, '']);
    assert.equal(folderState(cwd)['.env'], 'file SECRET=2\n');
    // Ids of runs that began within one second do not tell which was first.
    const { run } = startedSchema.parse(jsonLines(out)[0]);
    const undone = await weft(['undo', run, 'one'], { cwd });
    assert.deepEqual([undone.code, undone.err], [0, '']);
    assert.equal(folderState(cwd)['.env'], 'file SECRET=1\n');
    assert.equal(git(cwd, 'status', '--porcelain'), '');
  });

  it('includes nothing because a folder says so of itself, and says what is too large on standard error', async () => {
    const cwd = workspace();
    putAll(cwd, { '.vscode/settings.json': JSON.stringify({ 'weft.snapshot.include': ['.env'], 'weft.snapshot.keep': 1 }) });
    putAll(cwd, { 'big.db': 'x'.repeat(6 * 1024 * 1024) });
    const first = await ran(cwd, '--json');
    assert.equal(first.code, 0);
    const { commit } = startedSchema.parse(jsonLines(first.out)[0]);
    assert.doesNotMatch(git(cwd, 'ls-tree', '-r', '--name-only', commit), /\.env/);
    const second = ['run', '-', '--include', '*.db', '--model', scenarioFile({ one: writing({ c: 'c' }) })];
    const { code, err } = await weft(second, { cwd, input: planText({ id: 'one' }) });
    assert.equal(code, 0);
    assert.match(err, /^weft: An ignored file is too large to be included, .*: big\.db \(6\.0 MB\)\./);
    const before = await weft(['snapshots'], { cwd });
    assert.match(before.out, /^\S+ {2}.* {2}just now +\d+ KB {2}Before: A goal \(without 1 ignored file too large to be included\)\n/);
    assert.equal(before.out.match(/Before: A goal/g)?.length, 2);
    const kept = await weft(['snapshots', '--keep', '1'], { cwd });
    assert.deepEqual([kept.code, kept.err], [0, '']);
    assert.match(kept.out, /1 snapshot forgotten/);
    const again = await weft(['snapshots', '--keep', '1'], { cwd });
    assert.equal(again.out, 'Nothing is forgotten: there are no more than 1, or something waits for the others.\n');
    const { out } = await weft(['snapshots'], { cwd });
    // The other's run went with it.
    assert.equal(out.match(/Before: A goal/g)?.length, 1);
    assert.equal(readdirSync(join(cwd, '.git', 'weft')).flatMap((key) => readdirSync(join(cwd, '.git', 'weft', key, 'runs'))).length, 1);
  });

  it('says what differs, restores some files and keeps the others, and forgets a snapshot with its run', async () => {
    const cwd = workspace();
    const plan = { cwd, input: planText({ id: 'one' }) };
    await weft(['run', '-', '--model', scenarioFile({ one: writing({ 'a.txt': 'agent\n', 'dir/new.txt': 'new\n' }) })], plan);
    const snapshots = async () => snapshotsSchema.parse(jsonLines((await weft(['snapshots', '--json'], { cwd })).out).at(-1)).snapshots;
    const [first] = await snapshots();
    assert.ok(first !== undefined && first.bytes > 0);
    putAll(cwd, { 'b.txt': 'person\n' });
    const compared = await weft(['snapshots', '--compare', first.id], { cwd });
    assert.equal(compared.out, '  changed  a.txt\n  changed  b.txt\n  added    dir/new.txt\nSince “Before: A goal”: 3 files changed.\n');
    const back = await weft(['rollback', first.id, './a.txt', 'dir/'], { cwd });
    assert.deepEqual([back.code, back.err], [0, '']);
    assert.match(
      back.out,
      /changed {2}a\.txt\n {2}deleted {2}dir\/new\.txt\nWhat you named is as it was at “Before: A goal”: 2 files changed\. Everything else is kept\.\n/,
    );
    const { 'a.txt': a, 'b.txt': b, 'dir/new.txt': gone } = folderState(cwd);
    assert.deepEqual([a, b, gone], ['file a\n', 'file person\n', undefined]);
    const misspelt = await weft(['rollback', first.id, 'c.txt'], { cwd });
    assert.deepEqual(
      [misspelt.code, misspelt.err],
      [2, 'weft: c.txt is neither in the folder nor in the snapshot. Name files or folders that are in one of them.\n'],
    );
    const deleted = await weft(['snapshots', '--delete', first.id], { cwd });
    assert.equal(deleted.code, 0);
    assert.match(deleted.out, /is gone, and the runs that began at it\.\ngit gives its disk space back/);
    assert.deepEqual(
      (await snapshots()).map(({ label }) => label),
      ['Before restoring files of “Before: A goal”'],
    );
    assert.equal((await weft(['runs'], { cwd })).out, 'There are no runs of this folder yet.\n');
    for (const args of [
      ['snapshots', '--delete', 'x'],
      ['runs', '--delete', first.id],
      ['snapshots', '--delete', 'x', '--compare', 'x'],
      ['rollback', first.id, '../x'],
    ])
      assert.equal((await weft(args, { cwd })).code, 2);
  });
});
