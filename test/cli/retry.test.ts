/** A task that did not land, done again from the command line: from its draft, with what the person has to say. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { commitAll, folderState, git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const resultLine = z.looseObject({ summary: z.looseObject({ run: z.string(), stages: z.record(z.string(), z.number()) }) });
const conflictedLine = z.looseObject({ type: z.literal('task.conflicted'), task: z.string() });
const half = [{ tool: 'write_file', input: { path: 'half.txt', content: 'half\n' } }];

describe('weft arbitrate', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('has an agent decide a conflict that a run left, in a run of its own', async () => {
    const cwd = temporaryFolder();
    git(cwd, 'init', '--quiet');
    put(cwd, 'a.txt', 'a\n');
    commitAll(cwd);
    const model = scenarioFile({
      one: writing({ 'a.txt': 'one\n' }),
      two: writing({ 'a.txt': 'two\n', 'two.txt': 'two\n' }),
    });
    const ran = await weft(['run', '-', '--model', model, '--json'], { cwd, input: planText({ id: 'one' }, { id: 'two' }) });
    assert.equal(ran.code, 1, ran.err);
    const lines = jsonLines(ran.out);
    const { summary } = resultLine.parse(lines.at(-1));
    assert.deepEqual(summary.stages, { conflicted: 1, landed: 1 });
    const task = lines.flatMap((line) => (conflictedLine.safeParse(line).success ? [conflictedLine.parse(line).task] : []))[0] ?? '';

    const unsure = scenarioFile({ [task]: [{ calls: [{ tool: 'leave_open', input: { why: 'Both want it.' } }] }] });
    const left = await weft(['arbitrate', summary.run, task, '--model', unsure], { cwd });
    assert.equal(left.code, 1);
    assert.match(left.out, /The arbiter cannot tell: Both want it\./);
    assert.match((await weft(['inbox'], { cwd })).out, /conflict/);
    // What came to nothing says where the conflict is, and does not send anybody round in circles.
    const asked = /^Run (\S+):/m.exec(left.out)?.[1] ?? '';
    const way = `weft arbitrate ${summary.run} ${task}`;
    const said = await weft(['summary', asked], { cwd });
    assert.ok(said.out.includes(`\`${way}\``), said.out);
    assert.doesNotMatch(said.out, /weft (retry|plan-rest)/);
    const refused = await Promise.all([weft(['retry', asked, task], { cwd }), weft(['plan-rest', asked], { cwd })]);
    assert.deepEqual(
      refused.map(({ code, err }) => [code, err.replace(/^weft: (“.*”|Run \S+) was/, '… was')]),
      [
        [2, `… was for a conflict of an earlier run. Ask another arbiter: ${way}.\n`],
        [2, `… was for a conflict of an earlier run, and has no plan. Ask another arbiter: ${way}.\n`],
      ],
    );
    const arbiter = scenarioFile({ [task]: writing({ 'a.txt': 'one and two\n' }) });
    const decided = await weft(['arbitrate', summary.run, task, '--model', arbiter, '--json'], { cwd });
    assert.deepEqual([decided.code, decided.err], [0, ''], decided.out);
    assert.deepEqual(resultLine.parse(jsonLines(decided.out).at(-1)).summary.stages, { landed: 1 });
    assert.equal(folderState(cwd)['a.txt'], 'file one and two\n');

    // The run that was in conflict knows, and nobody is asked any more.
    const by = resultLine.parse(jsonLines(decided.out).at(-1)).summary.run;
    const told = await weft(['summary', summary.run], { cwd });
    assert.match(told.out, new RegExp(`^All of it is done: 1 task landed, 1 landed by another run,[\\s\\S]*Run ${by} landed it\\.`, 'm'));
    assert.match(told.out, /conflict[\s\S]*An arbiter decided it in another run\./i);
    assert.doesNotMatch((await weft(['inbox'], { cwd })).out, /conflict/);
    const undone = await weft(['undo', summary.run, task], { cwd });
    assert.match(undone.err, new RegExp(`^weft: “Task (one|two)” was landed by run ${by}\\. Undo that run\\.`));

    // Nor does it count as done any more once that is undone.
    const landed = await weft(['arbitrate', summary.run, task], { cwd });
    assert.match(landed.err, new RegExp(`is in no conflict: run ${by} landed it\\. Undo that run`));
    const back = await weft(['undo', by], { cwd });
    assert.equal(back.code, 0, back.err);
    const gone = await weft(['summary', summary.run], { cwd });
    assert.match(gone.out, /^1 of 2 tasks landed[\s\S]*It landed, and was taken back\./m);
    assert.match((await weft(['runs'], { cwd })).out, new RegExp(` ${task} +undone `));
    const redo = await weft(['redo', summary.run, task], { cwd });
    assert.match(redo.err, new RegExp(`^weft: “Task (one|two)” was landed by run ${by}\\. Redo that run\\.`));
    const twice = await weft(['arbitrate', summary.run, task], { cwd });
    assert.equal(twice.code, 2);
    assert.match(
      twice.err,
      new RegExp(`in no conflict: run ${by} landed it, and that was undone\\. “weft redo ${by}” brings it back; or `),
    );
    const fresh = scenarioFile({ [task]: writing({ 'again.txt': 'again\n' }) });
    const retried = await weft(['retry', summary.run, task, '--model', fresh, '--json'], { cwd });
    assert.deepEqual([retried.code, retried.err], [0, ''], retried.out);
    assert.equal(folderState(cwd)['again.txt'], 'file again\n');
    assert.equal((await weft(['redo', by], { cwd })).code, 0);
    assert.match((await weft(['summary', summary.run], { cwd })).out, /^All of it is done: 1 task landed, 1 landed by another run,/m);
    assert.match((await weft(['retry', summary.run, task], { cwd })).err, /is landed by another run\. Only what did not land/);

    const none = await weft(['arbitrate', summary.run, task === 'one' ? 'two' : 'one'], { cwd });
    assert.deepEqual([none.code, none.out], [2, '']);
    assert.match(none.err, /^weft: “Task (one|two)” is in no conflict\./);
    const lacking = await weft(['arbitrate', summary.run], { cwd });
    assert.match(lacking.err, /^weft: “weft arbitrate” needs a run and a task\./);
    const wrong = await weft(['run', '-', '--conflicts', 'never'], { cwd, input: '' });
    assert.match(wrong.err, /^weft: --conflicts never is not known\. Use one of ask, arbiter, priority\./);
    const alone = await weft(['run', '-', '--priority', 'coder'], { cwd, input: '' });
    assert.match(alone.err, /^weft: --priority says nothing without --conflicts priority\./);
  });
});

describe('weft retry', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('goes on from the draft of a task that failed, in a run of its own, and has its agent hear the hint', async () => {
    const cwd = temporaryFolder();
    git(cwd, 'init', '--quiet');
    put(cwd, 'a.txt', 'a\n');
    commitAll(cwd);
    const failing = scenarioFile({ one: [{ calls: half }, { say: 'No.', stop: 'refusal' }], two: writing({ 'two.txt': 'two\n' }) });
    const ran = await weft(['run', '-', '--model', failing, '--json'], { cwd, input: planText({ id: 'one' }, { id: 'two' }) });
    assert.equal(ran.code, 1, ran.err);
    const { summary } = resultLine.parse(jsonLines(ran.out).at(-1));
    assert.deepEqual([summary.stages, folderState(cwd)['half.txt']], [{ failed: 1, landed: 1 }, undefined]);

    const asked: string[] = [];
    const scripted = scriptedModel(scenarioSchema.parse({ tasks: { one: writing({ 'rest.txt': 'rest\n' }) } }), {
      paceMs: 0,
      wait: async () => undefined,
    });
    const server = await serveModel(async (request) => {
      asked.push(await request.clone().text());
      return scripted(request);
    });
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'k' };
    const again = await weft(['retry', summary.run, 'one', '--hint', 'Mind the gap.', '--model', 'any', '--json'], { cwd, env });
    await server.close();
    assert.deepEqual([again.code, again.err], [0, '']);
    const retried = resultLine.parse(jsonLines(again.out).at(-1)).summary;
    assert.notEqual(retried.run, summary.run);
    assert.deepEqual(retried.stages, { landed: 1 });
    assert.match(asked[0] ?? '', /worked on this task before\. It failed: .*The person says:\\nMind the gap\./);
    assert.deepEqual(folderState(cwd), {
      'a.txt': 'file a\n',
      'half.txt': 'file half\n',
      'rest.txt': 'file rest\n',
      'two.txt': 'file two\n',
    });
    const refused = async (...args: string[]) => {
      const { code, out, err } = await weft(['retry', ...args], { cwd });
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      return err;
    };
    assert.equal(await refused(summary.run, 'two'), 'weft: “Task two” is landed. Only what did not land can be retried.\n');
    assert.equal(await refused(summary.run, 'three'), `weft: Run ${summary.run} has no task “three”. Its tasks: one, two.\n`);
    assert.match(await refused(summary.run), /^weft: “weft retry” needs a run and a task\./);
    assert.match(await refused('nothing', 'one'), /^weft: There is no run “nothing” of this folder\./);
    assert.match(await refused(summary.run, 'one', '--max-workers', '2'), /^weft: “weft retry” does not take --max-workers\./);
  });
});
