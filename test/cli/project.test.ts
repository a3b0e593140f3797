/** What the command line knows of a project: its roles, and what its runs learned. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft } from '../support/weft';

function workspace(files: Readonly<Record<string, string>>): string {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  for (const [path, text] of Object.entries(files)) put(cwd, path, text);
  return cwd;
}

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
