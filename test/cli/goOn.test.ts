/** Going on with a run, or with a task of it: with a model that stands in, recorded, and with the lessons that the run told, or none. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseArguments } from '../../src/cli/arguments';
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { eventsOf } from '../support/eventsOf';
import { heldTurns } from '../support/heldTurns';
import { serveModel } from '../support/modelServer';
import { afterThisTest, folderState, git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, ending, jsonLines, planText, startWeft, weft, writing } from '../support/weft';

const cutOff = join(__dirname, '../support/cutOff.js');
const asked = z.looseObject({ model: z.string() });
const refusing: Turn[] = [{ say: 'I will not.', stop: 'refusal' }];
const summaryOf = z.looseObject({ summary: z.looseObject({ run: z.string() }) });

function folder(): string {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  put(cwd, '.weft/lessons.md', '- Build first.\n');
  return cwd;
}

describe('a run that is gone on with', function () {
  this.timeout(120_000);
  before(buildWeft);

  it('has another model stand in, is recorded, and tells no lessons where it began so; a task of it that is done again, too', async () => {
    const cwd = folder();
    const sent: { model: string; tells: boolean }[] = [];
    let one = refusing;
    let isMainWell = true;
    const server = await serveModel(async (request) => {
      const text = await request.clone().text();
      const { model } = asked.parse(JSON.parse(text));
      if (model === 'main' && !isMainWell) return errorResponse(500, 'api_error', 'It broke.', { 'retry-after-ms': '1' });
      sent.push({ model, tells: text.includes('Build first.') });
      const tasks = { one, two: writing({ 'two.txt': 'two\n' }) };
      return scriptedModel(scenarioSchema.parse({ tasks }), { paceMs: 0, wait: async () => undefined })(request);
    });
    afterThisTest(() => server.close());
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'k' };
    const killed = { ...env, NODE_OPTIONS: `--require=${cutOff}`, CUT_BEFORE: '"type":"task.turn"' };
    const input = planText({ id: 'two' }, { id: 'one', dependsOn: ['two'], attempts: 1 });
    const first = await weft(['run', '-', '--model', 'main', '--no-lessons', '--json'], { cwd, env: killed, input });
    assert.equal(first.code, null, first.out);
    const run = z.looseObject({ run: z.string() }).parse(jsonLines(first.out)[0]).run;
    assert.deepEqual(sent, [{ model: 'main', tells: false }]);

    isMainWell = false;
    const files = [join(temporaryFolder(), 'resumed.jsonl'), join(temporaryFolder(), 'retried.jsonl')];
    const [resumedFile = '', retriedFile = ''] = files;
    sent.length = 0;
    const resumed = await weft(['resume', run, '--fallback-model', 'spare', '--record', resumedFile], { cwd, env });
    assert.equal(resumed.code, 1, resumed.err);
    assert.match(resumed.out, /main keeps failing, and spare answers in its place/);
    assert.deepEqual(sent, [
      { model: 'spare', tells: false },
      { model: 'spare', tells: false },
    ]);

    one = writing({ 'one.txt': 'one\n' });
    sent.length = 0;
    // By the model of the run, since no other is named.
    const how = ['--fallback-model', 'spare', '--record', retriedFile];
    const retried = await weft(['retry', run, 'one', ...how, '--json'], { cwd, env });
    assert.deepEqual([retried.code, retried.err], [0, '']);
    assert.notEqual(summaryOf.parse(jsonLines(retried.out).at(-1)).summary.run, run);
    assert.deepEqual(sent, [
      { model: 'spare', tells: false },
      { model: 'spare', tells: false },
    ]);
    assert.deepEqual(
      ['one.txt', 'two.txt'].map((path) => folderState(cwd)[path]),
      ['file one\n', 'file two\n'],
    );
    for (const file of files) assert.ok(readFileSync(file, 'utf8').trim().split('\n').length > 1, file);
    const again = await weft(['retry', run, 'one', '--record', retriedFile, '--model', 'main'], { cwd, env });
    assert.match(again.err, /^weft: The recording .* cannot be written: .* Name a file that is not there yet/);
  });

  it('by whoever drives it says that what is for a run of its own changes nothing', async () => {
    const cwd = folder();
    const held = heldTurns(writing({ 'a.txt': 'a\n' }));
    const server = await serveModel(held.model);
    afterThisTest(() => server.close());
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'k' };
    const child = startWeft(['run', '-', '--model', 'm', '--json'], { cwd, env });
    const ended = ending(child);
    const events = eventsOf(child);
    child.stdin.end(planText({ id: 'one', attempts: 1 }, { id: 'two' }));
    const { run } = await events.next('run.started');
    const two = await held.nth('two', 1);
    (await held.nth('one', 1)).refuse();
    await events.next('task.failed');
    const record = join(cwd, 'none.jsonl');
    const { code, out, err } = await weft(['retry', run, 'one', '--model', 'x', '--record', record, '--hint', 'Try.'], { cwd });
    assert.deepEqual([code, out], [0, `“one” is worked on again in run ${run}, which goes on.\n`]);
    assert.equal(err, 'weft: That is done as the run was begun: --model, --record change nothing of it.\n');
    assert.equal(folderState(cwd)['none.jsonl'], undefined);
    const done = async (task: string, from: number) => {
      for (const nth of [from, from + 1]) (await held.nth(task, nth)).answer();
    };
    two.answer();
    await Promise.all([done('one', 2), held.nth('two', 2).then((turn) => turn.answer())]);
    assert.equal((await ended).code, 0);
  });

  it('takes no stand-in without a name, and no recording without a file', () => {
    for (const call of [
      ['resume', 'r'],
      ['retry', 'r', 't'],
      ['arbitrate', 'r', 't'],
      ['run', 'p.json'],
    ]) {
      const said = (option: string) => {
        const parsed = parseArguments([...call, option]);
        return parsed.ok ? 'taken' : parsed.failure.message;
      };
      assert.deepEqual(['--fallback-model= ', '--record=', '--fallback-model=m'].map(said), [
        '--fallback-model names no model.',
        '--record names no file.',
        'taken',
      ]);
    }
  });
});
