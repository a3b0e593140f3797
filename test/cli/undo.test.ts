/** Undo and redo at four levels, who wrote what, and handing on, from the command line. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { lines } from '../support/finished';
import { commitAll, folderState, git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const summaryLine = z.looseObject({ summary: z.looseObject({ run: z.string() }) });

/** A committed folder, and a run there that has ended: `one` changed x twice and made y, `two` changed a line of one's. */
async function ended(): Promise<{ cwd: string; run: string }> {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet', '--initial-branch=main');
  put(cwd, 'x', lines());
  commitAll(cwd);
  const model = scenarioFile({
    one: writing({ x: lines({ 2: 'ONE', 12: 'ONE' }), y: 'one\n' }),
    two: writing({ x: lines({ 2: 'ONE', 12: 'TWO' }) }),
  });
  const input = planText({ id: 'one' }, { id: 'two', dependsOn: ['one'] });
  const ran = await weft(['run', '-', '--model', model, '--json'], { cwd, input });
  assert.equal(ran.code, 0, ran.err);
  return { cwd, run: summaryLine.parse(jsonLines(ran.out).at(-1)).summary.run };
}

describe('weft undo and redo', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('take back and bring back a hunk, a file and a run, and say what depends on it', async () => {
    const { cwd, run } = await ended();
    const says = async (...args: string[]) => {
      const { code, out, err } = await weft(args, { cwd });
      assert.deepEqual([code, err], [0, ''], `${args.join(' ')}: ${err}`);
      return out;
    };
    assert.match(
      await says('hunks', run, 'one', 'x'),
      /^Hunk 1, line 2\n {2}-line 2\n {2}\+ONE\nHunk 2, line 12\n {2}-line 12\n {2}\+ONE\n$/,
    );
    assert.equal(
      await says('undo', run, 'one', '--file', 'x', '--hunk', '1'),
      `  changed  x\nHunk 1 of x of “Task one” is undone; everything else is kept.\nBring it back: weft redo ${run} one --file x --hunk 1\n`,
    );
    assert.equal(folderState(cwd)['x'], `file ${lines({ 12: 'TWO' })}`);
    assert.match(await says('hunks', run, 'one', 'x'), /^Hunk 1, line 2 \(undone\)/);
    assert.match(await says('redo', run, 'one', '--file', 'x', '--hunk', '1'), /^ {2}changed {2}x\nHunk 1 of x of “Task one” is redone/);
    await says('undo', run, 'one', '--file', 'y');
    assert.deepEqual(Object.keys(folderState(cwd)), ['x']);
    const before = folderState(cwd);
    assert.match(
      await says('undo', run),
      new RegExp(`^ {2}changed {2}x\\nThe run “A goal” is undone; everything else is kept\\.\\nBring it back: weft redo ${run}\\n$`),
    );
    assert.deepEqual(folderState(cwd), { x: `file ${lines()}` });
    assert.match(await says('redo', run), new RegExp(`\\nTake it back again: weft undo ${run}\\n$`));
    assert.deepEqual(folderState(cwd), before);
    // What is refused names nobody who depends on it.
    const twice = await weft(['redo', run, 'one'], { cwd });
    assert.deepEqual([twice.code, twice.out], [2, '']);
  });

  it('name the later task on the same lines, and leave the merged file to be decided', async () => {
    const { cwd, run } = await ended();
    const { code, out } = await weft(['undo', run, 'one'], { cwd });
    assert.equal(code, 1);
    assert.match(
      out,
      new RegExp(`^Look at these tasks.*\\n {2}two +Task two \\(run ${run}\\): changed the same lines of x\\nConflict of “Task one”`),
    );
    assert.match(out, new RegExp(`weft land ${run} one`));
    const [, merged = ''] = /merged {2}(.*)/.exec(out) ?? [];
    put('/', merged, lines({ 12: 'decided' }));
    assert.equal((await weft(['land', run, 'one'], { cwd })).code, 0);
    assert.deepEqual(folderState(cwd), { x: `file ${lines({ 12: 'decided' })}` });
    assert.equal((await weft(['redo', run, 'one'], { cwd })).code, 0);
    assert.deepEqual(folderState(cwd), { x: `file ${lines({ 2: 'ONE', 12: 'TWO' })}`, y: 'file one\n' });
  });

  it('call off what is in conflict, and leave everything as it is', async () => {
    const { cwd, run } = await ended();
    const before = folderState(cwd);
    const undone = await weft(['undo', run, 'one'], { cwd });
    assert.match(undone.out, new RegExp(`Or leave all as it is: weft undo ${run} one --call-off\n$`));
    const [, merged = ''] = /merged {2}(.*)/.exec(undone.out) ?? [];
    assert.equal(
      (await weft(['inbox'], { cwd })).out,
      [
        `${run}       one: its undo is in conflict over x`,
        `    decide it in VS Code, or merge these files, then: weft land ${run} one`,
        `      ${merged}`,
        `    or leave all as it is: weft undo ${run} one --call-off\n`,
      ].join('\n'),
    );
    // It is in the workspace all the same.
    const told = await weft(['summary', run], { cwd });
    assert.match(told.out, /^All of it is done: 2 tasks landed, 2 files changed, 1 conflict to decide,/m);
    assert.match(told.out, /^- tasks: 2 landed, 1 undo or redo in conflict$/m);
    const again = await weft(['undo', run, 'one'], { cwd });
    const ways = `Decide it (merge its files, then: weft land ${run} one), or leave all as it is: weft undo ${run} one --call-off.`;
    const said = `weft: “Task one” is in the workspace, and its undo is in conflict. ${ways}\n`;
    assert.deepEqual([again.code, again.err], [2, said]);
    assert.deepEqual((await weft(['redo', run, 'one'], { cwd })).err, said);
    const wrong = await weft(['redo', run, 'one', '--call-off'], { cwd });
    assert.deepEqual(
      [wrong.code, wrong.err],
      [2, `weft: There is no redo of “one” of run ${run} in conflict that could be called off. Run “weft inbox” for what waits for you.\n`],
    );
    const other = await weft(['undo', run, 'two', '--call-off'], { cwd });
    assert.match(other.err, /What can be: one\.\n$/);
    const { code, out } = await weft(['undo', run, '--call-off'], { cwd });
    assert.deepEqual([code, out], [0, 'The undo of “Task one” is called off: it is landed, and no file was changed.\n']);
    assert.deepEqual([folderState(cwd), existsSync(merged)], [before, false]);
    assert.match((await weft(['undo', run, '--call-off'], { cwd })).err, /There is no undo of run .* in conflict/);
    assert.match((await weft(['undo', run, 'one', '--call-off', '--file', 'x'], { cwd })).err, /--call-off is of a whole task/);
  });

  it('refuse what they cannot understand', async () => {
    const { cwd, run } = await ended();
    const refused = async (...args: string[]) => {
      const { code, err } = await weft(args, { cwd });
      assert.equal(code, 2, args.join(' '));
      return err;
    };
    assert.match(await refused('undo'), /needs a run/);
    assert.match(await refused('undo', run, '--file', 'x'), /--file is one of a task/);
    assert.match(await refused('undo', run, 'one', '--hunk', '1'), /--hunk is one of a --file/);
    assert.match(await refused('undo', run, 'one', '--file', 'x', '--hunk', '0'), /--hunk “0” is no whole number from 1 on/);
    assert.match(await refused('undo', run, 'one', '--file', '../x'), /contains “\.\.”/);
    assert.match(await refused('runs', '--file', 'x'), /does not take --file/);
    assert.match(await refused('redo', run), /No task of “A goal” is undone/);
    assert.match(await refused('hunks', run, 'three', 'x'), /has no task “three” that landed/);
    assert.match(await refused('blame', 'nothing'), /There is no file nothing/);
    assert.match(await refused('export', run), /needs a run and a --branch/);
  });
});

describe('weft blame and export', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('tell who wrote each line, and hand the run on as a branch', async () => {
    const { cwd, run } = await ended();
    put(cwd, 'x', lines({ 2: 'ONE', 7: 'mine', 12: 'TWO' }));
    const { out } = await weft(['blame', 'x'], { cwd });
    const shown = out.split('\n').filter((line) => !line.startsWith('Before Weft'));
    assert.deepEqual(
      shown.map((line) => line.replaceAll(/ +/g, ' ')),
      [`Task one (coder, run ${run}) 2 ONE`, 'You 7 mine', `Task two (coder, run ${run}) 12 TWO`, ''],
    );
    const asked = await weft(['export', run, '--branch', 'handed/on'], { cwd });
    assert.equal(asked.code, 1);
    assert.match(asked.err, /git does not know who you are/);
    git(cwd, 'config', 'user.name', 'Ada');
    git(cwd, 'config', 'user.email', 'ada@example.org');
    const done = await weft(['export', run, '--branch', 'handed/on'], { cwd });
    assert.match(done.out, /^ {2}Task one\n {2}Task two\nThe branch handed\/on has 2 commits of this run\./);
    assert.equal(git(cwd, 'log', '--format=%an %s', 'main..handed/on'), 'Ada Done.\nAda Done.\n');
    assert.equal(git(cwd, 'show', 'handed/on:x'), lines({ 2: 'ONE', 12: 'TWO' }));
    assert.equal(git(cwd, 'status', '--porcelain'), ' M x\n?? y\n');
  });
});
