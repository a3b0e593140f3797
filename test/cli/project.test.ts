/** What the command line knows of a project: its roles, and what its runs learned. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft } from '../support/weft';

function workspace(files: Readonly<Record<string, string>>): string {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  for (const [path, text] of Object.entries(files)) put(cwd, path, text);
  return cwd;
}

const requestBody = z.looseObject({
  tools: z.array(z.unknown()),
  system: z.array(z.looseObject({ text: z.string(), cache_control: z.unknown().optional() })),
});
const turnLine = z.looseObject({
  type: z.literal('task.turn'),
  usage: z.looseObject({ input: z.number(), cacheRead: z.number(), cacheWrite: z.number() }),
});
const startedLine = z.looseObject({ plan: z.looseObject({ tasks: z.array(z.looseObject({ role: z.string() })) }) });
const resultLine = z.looseObject({ summary: z.looseObject({ run: z.string() }) });
const finish = (summary: string) => ({ tool: 'finish', input: { summary } });

describe('the roles of a folder', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('are listed with where they come from, and what is wrong with their files', async () => {
    const cwd = workspace({
      '.weft/agents/painter.md': '---\ndescription: Paints walls.\ntools: [edit]\npool: slow\n---\nYou paint.\n',
      '.weft/agents/broken.md': 'No role.',
      '.claude/agents/coder.md': '---\nname: coder\ndescription: Codes otherwise.\ntools: Read, WebFetch\n---\nYou code.\n',
    });
    const { code, out, err } = await weft(['roles'], { cwd });
    assert.equal(code, 0);
    const lines = out.split('\n');
    assert.equal(lines[0], 'coder       Codes otherwise. (.claude/agents/coder.md; reads only)');
    assert.equal(lines.at(-3), 'painter     Paints walls. (.weft/agents/painter.md; may edit; pool slow)');
    assert.equal(lines.at(-2), '.claude/agents/coder.md:4 names the tool “WebFetch”, which there is not here: it is left out.');
    assert.equal(err, 'weft: .weft/agents/broken.md:1 has no front matter: begin it with lines “---”, “description: …” and “---”.\n');
    assert.doesNotMatch(out, /arbiter/);
  });

  it('can be named in plans and pools, are found by the words of a task, and are refused where there are none such', async () => {
    const cwd = workspace({ '.weft/agents/painter.md': '---\ndescription: Paints.\nkeywords: [paint]\npool: slow\n---\nYou paint.\n' });
    const model = scenarioFile({ a: [{ calls: [finish('Done.')] }], b: [{ calls: [finish('Done.')] }] });
    const plan = planText({ id: 'a', title: 'Paint the wall' }, { id: 'b', role: 'painter' });
    const ran = await weft(['run', '-', '--model', model, '--pool', 'slow=1', '--json'], { cwd, input: plan });
    assert.equal(ran.code, 0, ran.err);
    const [started] = jsonLines(ran.out);
    assert.deepEqual(
      startedLine.parse(started).plan.tasks.map(({ role }) => role),
      ['painter', 'painter'],
    );
    const wizard = await weft(['run', '-', '--model', model], { cwd, input: planText({ id: 'a', role: 'wizard' }) });
    assert.equal(wizard.code, 2);
    assert.match(wizard.err, /tasks\[0\]\.role: there is no role “wizard”: use one of coder, .*painter/);
    const pool = await weft(['run', '-', '--model', model, '--pool', 'cook=1'], { cwd, input: plan });
    assert.match(pool.err, /--pool names a role that there is not: “cook”/);
    const ordered = (priority: string) =>
      weft(['run', '-', '--conflicts', 'priority', '--priority', priority, '--model', model], { cwd, input: plan });
    const order = await ordered('painter,cook,coder,baker');
    assert.deepEqual([order.code, order.out], [2, '']);
    assert.match(
      order.err,
      /^weft: --priority names roles that there are not: “cook”, “baker”\. Give those .*; the roles are coder, [^\n]*painter\.\n$/,
    );
    assert.equal((await ordered('painter, coder')).code, 0);
  });
});

describe('agents of a run in processes of their own', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('are told rules, lessons and their role, and share what they are told up to their role', async () => {
    const cwd = workspace({
      'AGENTS.md': 'Be brief.\n',
      'web/AGENTS.md': 'Use tabs.\n',
      '.weft/lessons.md': '- Build first.\n',
      '.weft/agents/painter.md': '---\ndescription: Paints.\ntools: [edit]\n---\nYou paint.\n',
    });
    const roles = ['coder', 'painter', 'researcher', 'tester'];
    const tasks = Object.fromEntries(roles.map((role) => [role, [{ calls: [finish('Done.')] }]]));
    const model = scriptedModel(scenarioSchema.parse({ tasks }), { paceMs: 0, wait: async () => undefined });
    const sent: z.infer<typeof requestBody>[] = [];
    const server = await serveModel(async (request) => {
      sent.push(requestBody.parse(await request.clone().json()));
      return model(request);
    });
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' };
    const plan = planText(...roles.map((role) => ({ id: role, role })));
    const ran = await weft(['run', '-', '--model', 'some-model', '--json'], { cwd, env, input: plan });
    await server.close();
    assert.equal(ran.code, 0, ran.err);
    assert.equal(sent.length, roles.length);
    const prefixes = new Set(sent.map(({ tools, system }) => JSON.stringify([tools, system.slice(0, -1)])));
    assert.equal(prefixes.size, 1);
    const [first] = sent;
    assert.deepEqual(
      first?.system.map(({ cache_control: mark }) => mark !== undefined),
      [false, true, false],
    );
    const project = first?.system[1]?.text ?? '';
    for (const part of ['Be brief.', 'for="web/">\nUse tabs.', '- Build first.', '- painter: Paints.'])
      assert.ok(project.includes(part), part);
    const own = sent.map(({ system }) => system.at(-1)?.text ?? '');
    const painter = own.find((text) => text.startsWith('Your role: painter, as .weft/agents/painter.md of the workspace describes it.'));
    assert.match(painter ?? '', /\n\nYou paint\.\n\nIn this role you run no commands, have no others do your work, /);
    // What was read from the cache, and what each paid for: P + N × own.
    const usages = jsonLines(ran.out).flatMap((line) => {
      const turn = turnLine.safeParse(line);
      return turn.success ? [turn.data.usage] : [];
    });
    const paid = usages.map(({ input, cacheWrite }) => input + cacheWrite).sort((a, b) => b - a);
    const prefix = Math.max(...usages.map(({ cacheRead }) => cacheRead));
    assert.equal(usages.filter(({ cacheRead }) => cacheRead === prefix).length, roles.length - 1);
    assert.ok(paid.reduce((sum, tokens) => sum + tokens, 0) <= prefix + roles.length * (paid[1] ?? 0));
    assert.ok((paid[1] ?? 0) < prefix / 2, `${paid.join(' ')} beside ${prefix}`);
  });
});

describe('the lessons of a run', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('are told when they are asked for, and kept when that is said', async () => {
    const cwd = workspace({ 'check.js': "if (require('fs').readFileSync('it', 'utf8') !== 'two') throw new Error('no two');\n" });
    const write = (content: string) => ({ tool: 'write_file', input: { path: 'it', content } });
    const model = scenarioFile({ it: [{ calls: [write('one'), finish('One.')] }, { calls: [write('two'), finish('It must be two.')] }] });
    const plan = planText({ id: 'it', title: 'Write it', role: 'coder', check: 'node check.js' });
    const ran = await weft(['run', '-', '--model', model, '--json'], { cwd, input: plan });
    assert.equal(ran.code, 0, ran.err);
    const { run } = resultLine.parse(jsonLines(ran.out).at(-1)).summary;
    const lesson = '- `node check.js` turned red after “Write it” (Error: no two). Mended so: It must be two. (coder: it)';
    const told = await weft(['lessons', run], { cwd });
    assert.equal(told.code, 0);
    assert.equal(told.out, `${lesson}\nKeep them in .weft/lessons.md, for the agents of later runs: weft lessons ${run} --keep\n`);
    const kept = await weft(['lessons', run, '--keep'], { cwd });
    assert.equal(kept.out, `${lesson}\n1 lesson kept in .weft/lessons.md. Edit or delete them there.\n`);
    assert.equal(readFileSync(join(cwd, '.weft/lessons.md'), 'utf8').split('\n').at(-2), lesson);
    assert.equal((await weft(['lessons', run], { cwd })).out, 'Nothing that is not kept already.\n');
    assert.equal((await weft(['lessons'], { cwd })).code, 2);
  });
});
