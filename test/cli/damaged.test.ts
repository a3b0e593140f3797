/** Damaged journals: what “weft runs” and “weft resume” say of them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

/** The last line of “weft runs --json”. */
const listed = z.looseObject({ unreadable: z.array(z.looseObject({ run: z.string() })) });

describe('a damaged journal', function () {
  this.timeout(120_000);
  before(buildWeft);

  it('is listed with what can still be done, and named with its line where its run is gone on with', async () => {
    const cwd = temporaryFolder();
    git(cwd, 'init', '--quiet');
    put(cwd, 'a.txt', 'a\n');
    put(cwd, 'plan.json', planText({ id: 'one' }));
    const model = scenarioFile({ one: writing({ 'a.txt': 'A\n' }) });
    const { code } = await weft(['run', 'plan.json', '--model', model], { cwd });
    assert.equal(code, 0);
    const state = join(cwd, '.git/weft', String(readdirSync(join(cwd, '.git/weft'))[0]));
    const run = String(readdirSync(join(state, 'runs'))[0]);
    const journal = join(state, 'runs', run, 'journal.jsonl');
    const whole = readFileSync(journal, 'utf8');
    const snapshot = /"snapshot":"([^"]+)"/.exec(whole)?.[1];
    const chain = git(cwd, 'for-each-ref', '--format=%(refname)', 'refs/weft')
      .split('\n')
      .find((ref) => ref.endsWith('/chain'));
    const runs = async () => (await weft(['runs'], { cwd })).out;
    const left = `    1 landing of it, to be seen with: git log ${chain}\n    take all of it back: weft rollback ${snapshot}\n`;
    const unreadable = (why: string) => `${run}  unreadable\n    The journal of run ${run} ${why}.\n${left}`;
    writeFileSync(journal, '');
    assert.equal(await runs(), unreadable(`does not say how the run began: ${journal}`));
    writeFileSync(journal, whole.slice(10));
    assert.equal(await runs(), unreadable(`does not say how the run began: ${journal}, of which line 1 cannot be read`));
    const { out } = await weft(['runs', '--json'], { cwd });
    assert.deepEqual(
      listed.parse(jsonLines(out)[0]).unreadable.map((one) => one.run),
      [run],
    );
    const { err } = await weft(['resume', run], { cwd });
    assert.match(err, /^weft: The journal of run .* does not say how the run began: .*“weft runs” names what landed/);
    // One wrong byte: of the start of its task, without which nothing that follows is possible.
    writeFileSync(journal, whole.replace('"type":"task.started"', '"type":"task.sta?ted"'));
    assert.match(await runs(), /makes no sense: .*journal\.jsonl, of which line 2 cannot be read\)\.\n.*1 landing of it/);
    // Cut off before the task was done, though it landed.
    writeFileSync(journal, whole.slice(0, whole.indexOf('{"type":"task.done"')));
    assert.match(await runs(), / interrupted .*\n.*\n {4}cut off, and cannot be gone on with: .* it does not know that “Task one” landed/);
    // Only its landing is lost: that can be mended.
    writeFileSync(journal, whole.slice(0, whole.indexOf('{"type":"task.landed"')));
    assert.match(await runs(), /\n {4}cut off: “weft resume .*” goes on with it\n/);
  });
});
