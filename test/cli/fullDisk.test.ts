/** A disk that takes no more: of a run's journal, and of what is printed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { eventsOf } from '../support/eventsOf';
import { filled, smallDisk } from '../support/faulty';
import { heldTurns } from '../support/heldTurns';
import { serveModel } from '../support/modelServer';
import { folderState, git, put, temporaryFolder } from '../support/sandbox';
import { skipFor } from '../support/skip';
import { buildWeft, ending, planText, scenarioFile, startWeft, weft, writing } from '../support/weft';

const bundle = resolve(__dirname, '../../../dist/weft.js');

describe('a disk that takes no more', function () {
  this.timeout(120_000);
  before(buildWeft);

  it('of a run’s journal ends the run with 1, and says how to go on when there is space again', async function () {
    const disk = smallDisk(this, 8);
    const cwd = join(disk, 'work');
    mkdirSync(cwd);
    git(cwd, 'init', '--quiet');
    put(cwd, 'a.txt', 'a\n');
    // What the journal tells of them is more than the last block that it has.
    const names = Array.from({ length: 80 }, (_, at) => `${'n'.repeat(100)}${at}.txt`);
    const held = heldTurns(writing(Object.fromEntries(names.map((name) => [name, 'A\n']))));
    const server = await serveModel(held.model);
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' };
    const child = startWeft(['run', '-', '--model', 'm', '--json', '--in-process'], { cwd, env });
    const ended = ending(child);
    const events = eventsOf(child);
    child.stdin.end(planText({ id: 'one' }));
    const { run } = await events.next('run.started');
    const first = await held.nth('one', 1);
    const free = filled(disk, 0);
    first.answer();
    const { code, out } = await ended;
    assert.equal(code, 1);
    assert.match(out, new RegExp(`"fix":"Free some space, then go on with it: weft resume ${run}\\. `));
    free();
    const resumed = ending(startWeft(['resume', String(run)], { cwd, env }));
    (await held.nth('one', 2)).answer();
    (await held.nth('one', 3)).answer();
    assert.equal((await resumed).code, 0);
    for (const name of names) assert.equal(folderState(cwd)[name], 'file A\n');
    await server.close();
  });

  it('of the snapshot of a run is no unusable input', async function () {
    const disk = smallDisk(this, 4);
    const cwd = join(disk, 'work');
    mkdirSync(cwd);
    git(cwd, 'init', '--quiet');
    put(cwd, 'a.txt', 'a\n');
    put(cwd, 'plan.json', planText({ id: 'one' }));
    const model = scenarioFile({ one: writing({ 'a.txt': 'A\n' }) });
    assert.equal((await weft(['runs'], { cwd })).code, 0);
    filled(disk, 0);
    const { code, err } = await weft(['run', 'plan.json', '--model', model], { cwd });
    assert.match(err, /^weft: [^\n]*(disk is full|ENOSPC)[^\n]* Free some [^\n]*\n$/);
    assert.equal(code, 1);
  });

  it('of what is printed stops what is under way, says so once, and is no interruption', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux has a device that is always full');
    const cwd = temporaryFolder();
    git(cwd, 'init', '--quiet');
    put(cwd, 'a.txt', 'a\n');
    put(cwd, 'plan.json', planText({ id: 'one' }));
    const model = scenarioFile({ one: writing({ 'a.txt': 'A\n' }) });
    for (const args of [['run', 'plan.json', '--json', '--model', model], ['runs'], ['--help']]) {
      const { code, err } = await new Promise<{ code: unknown; err: string }>((done) => {
        const script = 'exec "$0" "$@" > /dev/full';
        execFile('sh', ['-c', script, process.execPath, bundle, ...args], { cwd }, (error, _out, err) => done({ code: error?.code, err }));
      });
      assert.match(err, /^weft: What Weft prints cannot be written: ENOSPC[^\n]* free some space, or send the output elsewhere[^\n]*\n$/);
      assert.equal(code, 1, args[0]);
    }
  });
});
