/** Planning from the command line: of lists, failures, templates and sentences; what a run left; and what came of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { folderState, git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, type Call, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const task = (id: string, more: object = {}) => ({ id, title: `Task ${id}`, instructions: `Do ${id}.`, ...more });

function workspace(files: Readonly<Record<string, string>> = {}): Call {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  for (const [path, text] of Object.entries({ 'a.txt': 'a\n', ...files })) put(cwd, path, text);
  return { cwd };
}

/** Calls with a server that answers planning requests with these plans, and resolves to what came of it and what the first one asked. */
async function asked(args: readonly string[], call: Call, plans: readonly unknown[]) {
  const requests: string[] = [];
  const model = scriptedModel(scenarioSchema.parse({ plans }), { paceMs: 0, wait: async () => undefined });
  const server = await serveModel(async (request) => {
    const body = z.object({ messages: z.array(z.object({ content: z.string() })) }).parse(await request.clone().json());
    requests.push(body.messages[0]?.content ?? '');
    return model(request);
  });
  try {
    const ended = await weft([...args, '--model', 'any'], { ...call, env: { ANTHROPIC_BASE_URL: server.url } });
    return { ...ended, request: requests[0] ?? '' };
  } finally {
    await server.close();
  }
}

describe('weft plan', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('prints the plan of a goal, and starts nothing', async () => {
    const call = workspace();
    const { code, out, err } = await asked(['plan', '--goal', 'Greet'], call, [
      { goal: 'Greet', tasks: [task('a', { reason: 'One is enough.' })] },
    ]);
    assert.deepEqual([code, err], [0, '']);
    const [planning, ...plan] = out.split('\n');
    assert.equal(planning, 'Planning…');
    assert.deepEqual(JSON.parse(plan.join('\n')), {
      goal: 'Greet',
      tasks: [{ id: 'a', title: 'Task a', role: 'coder', reason: 'One is enough.', instructions: 'Do a.' }],
    });
    assert.match((await weft(['runs'], call)).out, /There are no runs/);
  });

  it('of a list has its open items, and of what failed what it printed', async () => {
    const call = workspace({ 'TASKS.md': '# Soon\n- [x] Old\n- [ ] New\n  with care\n' });
    const plans = [{ goal: 'G', tasks: [task('a')] }];
    const input = `${'noise\n'.repeat(20_000)}1) adds\nAssertionError: 3 is not 4\n`;
    const { code, err, request } = await asked(
      ['plan', '--tasks', 'TASKS.md', '--failing', '-', '--out', 'p.weft.json'],
      { ...call, input },
      plans,
    );
    assert.deepEqual([code, err], [0, '']);
    assert.match(request, /1 open item of TASKS\.md:\n- line 3: New \(under Soon\)\n {4}with care\n/);
    assert.match(request, /What was printed \(standard input\):\n```\n\[19,\d+ lines left out\]\n[\s\S]*AssertionError: 3 is not 4/);
    assert.deepEqual(JSON.parse(readFileSync(join(call.cwd, 'p.weft.json'), 'utf8')).goal, 'G');
  });

  it('says so where there is nothing in what it is given', async () => {
    const call = workspace({ 'TASKS.md': '- [x] Old\n' });
    const refused: [string[], RegExp][] = [
      [['plan'], /“weft plan” needs a goal\. Give --goal TEXT, --tasks FILE\.md or --failing FILE\.\n/],
      [['plan', '--tasks', 'TASKS.md'], /TASKS\.md has no open item/],
      [['plan', '--tasks', 'none.md'], /The task list none\.md cannot be read: /],
      [['plan', '--failing', '-'], /What should have failed printed nothing/],
      [['plan', '--failing', '-', '--tasks', '-'], /Both --tasks and --failing are to be read from standard input/],
      [['plan', '--tasks', 'list.md', '--out', './list.md'], /--out \.\/list\.md would write the plan over what it is made from/],
      [['run', '--goal', 'x', '--fallback-model', ''], /--fallback-model names no model/],
      [['run', '--set', 'a=b', '--goal', 'x'], /--set is for a template/],
      [['run', 'p.json', '--template', 'x'], /Both a plan and a --template are given/],
      [['run', '--template', 'x', '--tasks', 'T'], /Both a template and a --tasks are given/],
      [['run', '--template', 'x', '--set', '=b'], /--set =b is no name and value/],
      [['run', '--template', 'x', '--set', 'a=b', '--set', 'a=c'], /--set a is given twice/],
      [['run', '--template', 'x'], /There is no template “x” in \.weft\/plans\. Put one into \.weft\/plans, as x\.weft\.json\./],
      [['revise', 'p.json'], /“weft revise” needs a plan and what is to be changed/],
      [['plan-rest'], /“weft plan-rest” needs a run/],
      [['summary', 'x'], /There is no run “x” of this folder/],
    ];
    for (const [args, message] of refused) {
      const { code, err } = await weft([...args, ...(args[0] === 'summary' ? [] : ['--model', scenarioFile({})])], call);
      assert.match(err, message);
      assert.equal(code, 2, args.join(' '));
    }
  });

  it('says what the model did not mend, writes the plan all the same, and runs none like it', async () => {
    const call = workspace();
    const bad = { goal: 'G', check: 'npm test', tasks: [task('a')] };
    const { code, err } = await asked(['plan', '--goal', 'G', '--out', 'p.json'], call, [bad, bad, bad]);
    assert.equal(code, 1);
    assert.equal(err, 'weft: The plan is not right yet: check: the project has no “npm test”: leave it out. Mend it before you run it.\n');
    assert.equal(JSON.parse(readFileSync(join(call.cwd, 'p.json'), 'utf8')).check, 'npm test');
    const run = await asked(['run', '--goal', 'G', '--allow-command', 'npm test'], call, [bad, bad, bad]);
    assert.equal(run.code, 2);
    assert.match(
      run.err,
      /The model’s plan is not right yet: check: .*; nothing was started\. Ask in other words, or save it as a file, mend it, and run that\.\n$/,
    );
  });
});

describe('weft revise', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('shows the model the plan and the sentence, and keeps what only people write', async () => {
    const plan = { goal: 'G', tasks: [task('a', { priority: 5 })], limits: { maxWorkers: 1 } };
    const call = workspace({ 'p.weft.json': JSON.stringify(plan) });
    const { code, out, request } = await asked(['revise', 'p.weft.json', 'Add b.', '--json'], call, [
      { goal: 'G', tasks: [task('a'), task('b')] },
    ]);
    assert.equal(code, 0);
    assert.ok(request.includes(JSON.stringify(plan)) && request.includes('What is to be changed in it:\nAdd b.'));
    const result = jsonLines(out).at(-1);
    const filled = { role: 'coder', dependsOn: [], writes: [], context: [] };
    assert.deepEqual(result?.['plan'], {
      goal: 'G',
      tasks: [
        { ...task('a'), ...filled, priority: 5 },
        { ...task('b'), ...filled },
      ],
      limits: { maxWorkers: 1 },
    });
  });
});

describe('weft run --template', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('fills a template in and runs it', async () => {
    const template = {
      goal: 'Write {{name}}',
      variables: { name: { description: 'The file' } },
      tasks: [task('one', { writes: ['{{name}}'] })],
    };
    const call = workspace({ '.weft/plans/write.weft.json': JSON.stringify(template) });
    const model = scenarioFile({ one: writing({ 'b.txt': 'b\n' }) });
    const { code, out, err } = await weft(['run', '--template', 'write', '--set', 'name=b.txt', '--model', model], call);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /# Write b\.txt\n/);
    assert.equal(folderState(call.cwd)['b.txt'], 'file b\n');
    const missing = await weft(['run', '--template', 'write', '--model', model], call);
    assert.deepEqual(
      [missing.code, missing.err],
      [2, 'weft: The template “write” needs “name” (The file). Give each of them: --set name=…\n'],
    );
    const direct = await weft(['run', '.weft/plans/write.weft.json', '--model', model], call);
    assert.match(direct.err, /variables: this is a template, which has to be filled in \(name\)/);
    const other = await weft(['run', '--template', 'right', '--model', model], call);
    assert.match(other.err, /There is no template “right” in \.weft\/plans\. There are: write\./);
  });
});

describe('what a run left', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('is said at its end and by weft summary, and planned anew by weft plan-rest', async () => {
    const call = workspace();
    const model = scenarioFile({ one: writing({ 'b.txt': 'b\n' }), two: [{ say: 'I cannot.', stop: 'refusal' }] });
    const input = planText({ id: 'one' }, { id: 'two', attempts: 1 }, { id: 'three', dependsOn: ['two'] });
    const run = await weft(['run', '-', '--model', model], { ...call, input });
    assert.equal(run.code, 1);
    const id = /Run (\S+): /.exec(run.out)?.[1] ?? '';
    const summary = await weft(['summary', id], call);
    assert.deepEqual([summary.code, summary.err], [0, '']);
    assert.ok(run.out.includes(summary.out), 'it is what was said at the end');
    assert.match(
      summary.out,
      /^# A goal\n\n1 of 3 tasks landed, 1 file changed, 2 not done, [\d.]+ s\.\n\n## Done\n\n- \*\*Task one\*\* \(coder\): Done\.\n {2}Files: b\.txt\./,
    );
    assert.match(
      summary.out,
      /\n- \*\*Task two\*\* \(coder\) failed: The model refused to work on this task\.\n- \*\*Task three\*\* \(coder\) was not started, because of “Task two”\.\n/,
    );
    assert.ok(summary.out.includes(`\`weft retry ${id} two\``) && summary.out.includes(`\`weft plan-rest ${id}\``), summary.out);
    const rest = await asked(['plan-rest', id, '--hint', 'Ask nicely.', '--out', 'rest.json'], call, [
      { goal: 'The rest', tasks: [task('two')] },
    ]);
    assert.deepEqual([rest.code, rest.err], [0, '']);
    assert.match(
      rest.request,
      /- one: Task one\n {2}Done\.\n {2}Files: b\.txt[\s\S]*It failed: The model refused[\s\S]*What I say about it:\nAsk nicely\./,
    );
    assert.equal(JSON.parse(readFileSync(join(call.cwd, 'rest.json'), 'utf8')).goal, 'The rest');
  });

  it('is nothing where all has landed', async () => {
    const call = workspace();
    const model = scenarioFile({ one: writing({ 'b.txt': 'b\n' }) });
    const run = await weft(['run', '-', '--model', model], { ...call, input: planText({ id: 'one' }) });
    const id = /Run (\S+): /.exec(run.out)?.[1] ?? '';
    const { code, err } = await weft(['plan-rest', id, '--model', model], call);
    assert.equal(code, 2);
    assert.match(err, /left nothing to plan: all of it landed/);
  });
});
