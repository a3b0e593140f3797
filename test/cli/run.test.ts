/** The main job from the command line: run, look, go back; as people read it and as programs do. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { parseEvent } from '../../src/domain/event';
import { writtenPlanSchema } from '../../src/domain/plan';
import { folderState, git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, ending, jsonLines, planText, quickSample, scenarioFile, startWeft, weft, writing } from '../support/weft';

const sample = resolve(__dirname, '../../../media/sample');

/** A repository with these files. */
function workspace(files: Readonly<Record<string, string>> = { 'a.txt': 'a\n' }): string {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  for (const [path, text] of Object.entries(files)) put(cwd, path, text);
  return cwd;
}

const resultLine = z.looseObject({
  exitCode: z.number(),
  summary: z
    .looseObject({ run: z.string(), snapshot: z.string(), stages: z.record(z.string(), z.number()), filesChanged: z.number() })
    .optional(),
  conflicts: z.array(z.looseObject({ task: z.string(), files: z.array(z.record(z.string(), z.unknown())) })).optional(),
});

/** A run's result; its lines before that must be events. */
function resultOf(out: string) {
  const all = jsonLines(out);
  for (const [at, text] of out.trimEnd().split('\n').slice(0, -1).entries())
    assert.ok(parseEvent(text) !== undefined, `line ${at}: ${text}`);
  assert.equal(all.at(-1)?.type, 'result');
  return resultLine.parse(all.at(-1));
}

describe('weft run', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('plays the sample: all land but one, whose conflict lies in files that it names; and rolls it all back', async () => {
    const cwd = temporaryFolder();
    cpSync(sample, cwd, { recursive: true });
    const before = folderState(cwd);
    const { code, out, err } = await weft(['run', '--goal', 'Open the shop', '--model', quickSample(), '--json'], { cwd });
    assert.deepEqual([code, err], [1, '']);
    const { summary, conflicts = [], exitCode } = resultOf(out);
    assert.equal(exitCode, 1);
    assert.equal(summary?.stages['conflicted'], 1);
    assert.ok((summary?.stages['landed'] ?? 0) >= 5);
    assert.deepEqual(Object.keys(summary?.stages ?? {}).sort(), ['conflicted', 'landed']);
    const files = z.array(
      z.object({ path: z.string(), base: z.string(), ours: z.string(), theirs: z.string(), result: z.string(), text: z.boolean() }),
    );
    const [file] = files.parse(conflicts[0]?.files);
    assert.ok(file !== undefined);
    assert.match(readFileSync(file.result, 'utf8'), /^<{7} .+\n[\s\S]*^={7}\n[\s\S]*^>{7} .+/m);
    for (const side of [file.base, file.ours, file.theirs]) assert.doesNotMatch(readFileSync(side, 'utf8'), /^<{7}/m);
    assert.equal(readFileSync(file.ours, 'utf8'), readFileSync(join(cwd, file.path), 'utf8'));
    const back = await weft(['rollback', summary?.snapshot ?? ''], { cwd });
    assert.deepEqual([back.code, back.err], [0, '']);
    assert.deepEqual(folderState(cwd), before);
  });

  it('has agents in their processes spawn others, and race, and lists what was made for which task', async () => {
    const cwd = workspace();
    const part = (name: string) => ({ name, title: `Part ${name}`, instructions: `Do part ${name}.` });
    const model = scenarioFile({
      top: [
        { calls: [{ tool: 'spawn', input: { parts: [part('x'), part('y')] } }] },
        { calls: [{ tool: 'finish', input: { summary: 'All of it.' } }] },
      ],
      'top.1': writing({ 'x.txt': 'x\n' }),
      'top.2': writing({ 'y.txt': 'y\n' }),
      'race.1': writing({ 'r.txt': 'r\n' }),
      'race.2': writing({ 'r.txt': 'r\n' }),
    });
    const input = planText({ id: 'top' }, { id: 'race', candidates: 2 });
    const { code, out, err } = await weft(['run', '-', '--model', model], { cwd, input });
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /3 files changed[\s\S]*## Figures\n\n- tasks: 2 landed, 2 spawned by agents, 2 agents raced\n/);
    assert.deepEqual(folderState(cwd), { 'a.txt': 'file a\n', 'r.txt': 'file r\n', 'x.txt': 'file x\n', 'y.txt': 'file y\n' });
    const runs = await weft(['runs'], { cwd });
    assert.match(
      runs.out,
      /\n {4}top +landed +Task top\n {6}top\.1 {3}joined to its parent {2}Part x\n {6}top\.2 {3}joined .*Part y\n {4}race +landed +Task race\n {6}race\.1 /,
    );
  });

  it('takes a plan on standard input, exits 0 when everything has landed, and sums it up', async () => {
    const cwd = workspace();
    const model = scenarioFile({ one: writing({ 'b.txt': 'b\n' }), two: writing({ 'c.txt': 'c\n' }) });
    const input = planText({ id: 'one' }, { id: 'two', dependsOn: ['one'] });
    const { code, out, err } = await weft(['run', '-', '--model', model], { cwd, input });
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /▶ one: Task one \(coder\)[\s\S]*⬇ one: landed, 1 file changed[\s\S]*▶ two: [\s\S]*⬇ two: landed/);
    assert.match(
      out,
      /## Figures\n\n- tasks: 2 landed\n- wall time: .*\n- serial time: .*\n- speed-up: .*\n- efficiency: .*\n- critical path: .*\n- tokens: .*\n- cost: \$0\.00, of \$10\.00\n- cache: .*\n- retries: 0\n- conflicts: 0\n/,
    );
    assert.match(out, /weft undo \S+\n.*weft undo \S+ TASK\n.*weft rollback \S+\n/);
    assert.deepEqual(folderState(cwd), { 'a.txt': 'file a\n', 'b.txt': 'file b\n', 'c.txt': 'file c\n' });
  });

  it('of a goal plans first', async () => {
    const cwd = workspace();
    const plan = JSON.parse(planText({ id: 'one' }));
    const model = scenarioFile({ one: writing({ 'b.txt': 'b\n' }) }, [plan]);
    const { code, out } = await weft(['run', '--goal', 'Write b', '--model', model], { cwd });
    assert.match(out, /^Planning…\n/);
    assert.equal(code, 0, out);
  });

  it('works in a folder without git, and on Weft’s own repository', async () => {
    const cwd = temporaryFolder();
    put(cwd, 'a.txt', 'a\n');
    const model = scenarioFile({ one: writing({ 'a.txt': 'A\n' }) });
    const { code } = await weft(['run', '-', '--model', model], { cwd, input: planText({ id: 'one' }) });
    assert.equal(code, 0);
    assert.deepEqual(folderState(cwd), { 'a.txt': 'file A\n' });
  });

  it('begins where it is told, from wherever it is called', async () => {
    const cwd = workspace();
    const elsewhere = temporaryFolder();
    put(elsewhere, 'plan.json', planText({ id: 'one' }));
    const model = scenarioFile({ one: writing({ 'b.txt': 'b\n' }) });
    assert.equal((await weft(['run', 'plan.json', '--workspace', cwd, '--model', model], { cwd: elsewhere })).code, 0);
    assert.deepEqual(Object.keys(folderState(cwd)), ['a.txt', 'b.txt']);
    assert.deepEqual(Object.keys(folderState(elsewhere)), ['plan.json']);
  });
});

describe('weft run, interrupted', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('stops its agents, keeps what they did, exits 130 and leaves no process behind', async () => {
    const cwd = workspace();
    const [write] = writing({ 'half.txt': 'half done\n' });
    assert.ok(write !== undefined);
    const model = scenarioFile({ one: [write, { thinkMs: 600_000, say: 'never' }], two: writing({ 'c.txt': 'c' }) });
    const input = planText({ id: 'one' }, { id: 'two', dependsOn: ['one'] });
    const child = startWeft(['run', '-', '--model', model, '--json'], { cwd });
    child.stdin.end(input);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const before = said;
      said += chunk.toString();
      // The agent has written its file and waits for the model. Once: twice would end the process at once.
      if (said.includes('"task.turn"') && !before.includes('"task.turn"')) child.kill('SIGINT');
    });
    const { code, out } = await ending(child);
    assert.equal(code, 130);
    const stopped = out
      .split('\n')
      .map(parseEvent)
      .filter((event) => event?.type === 'task.stopped')
      .sort((a, b) => (a.task < b.task ? -1 : 1));
    assert.deepEqual(
      stopped.map((event) => event.task),
      ['one', 'two'],
    );
    const draft = stopped[0]?.draft ?? '';
    assert.equal(git(cwd, 'show', `${draft}:half.txt`), 'half done\n');
    assert.equal(resultOf(out).exitCode, 130);
    assert.deepEqual(Object.keys(folderState(cwd)), ['a.txt']);
    assert.throws(() => process.kill(-(child.pid ?? 0), 0), { code: 'ESRCH' });
    assert.match((await weft(['runs'], { cwd })).out, /finished/);
  });

  it('while the plan is still being written ends at once', async () => {
    const child = startWeft(['run', '-', '--json', '--model', 'scripted:sample'], { cwd: workspace() });
    const ended = ending(child);
    // More than a pipe holds: when it is taken, Weft is reading.
    child.stdin.write(' '.repeat(1_000_000), () => child.kill('SIGINT'));
    const { code, out } = await ended;
    assert.equal(code, 130);
    assert.equal(resultOf(out).exitCode, 130);
  });

  it('by a reader that went away stops in order, too', async () => {
    const cwd = workspace();
    const model = scenarioFile({ one: [{ thinkMs: 600_000, say: 'never' }] });
    const child = startWeft(['run', '-', '--model', model], { cwd });
    child.stdin.end(planText({ id: 'one' }, { id: 'two' }, { id: 'three' }));
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, err } = await ending(child);
    assert.deepEqual([code, err], [130, '']);
    assert.match((await weft(['runs'], { cwd })).out, /finished/);
  });
});

describe('weft, afterwards', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('lists runs and snapshots, takes one task back, and all of it', async () => {
    const cwd = workspace({ shared: 'a\nb\nc\nd\ne\n' });
    const edit = (old: string, now: string) => [
      { calls: [{ tool: 'edit_file', input: { path: 'shared', old, new: now } }] },
      { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
    ];
    const model = scenarioFile({ one: edit('a\n', 'A\n'), two: edit('e\n', 'E\n') });
    const ran = await weft(['run', '-', '--model', model, '--json'], { cwd, input: planText({ id: 'one' }, { id: 'two' }) });
    const { summary } = resultOf(ran.out);
    assert.ok(summary !== undefined && ran.code === 0);
    const listed = await weft(['runs'], { cwd });
    assert.match(
      listed.out,
      new RegExp(`^${summary.run} .* finished {2}A goal\n.*2 landed; snapshot ${summary.snapshot}\n.*one .*landed .*Task one`),
    );
    const undone = await weft(['undo', summary.run, 'one'], { cwd });
    assert.deepEqual([undone.code, undone.err], [0, '']);
    assert.match(undone.out, /changed {2}shared\n“Task one” is undone; everything else is kept\./);
    assert.deepEqual(folderState(cwd), { shared: 'file a\nb\nc\nd\nE\n' });
    const twice = await weft(['undo', summary.run, 'one'], { cwd });
    assert.equal(twice.code, 2);
    assert.match(twice.err, /“Task one” is not in the workspace \(it is undone\)/);
    const back = await weft(['rollback', summary.snapshot], { cwd });
    assert.equal(back.code, 0);
    assert.deepEqual(folderState(cwd), { shared: 'file a\nb\nc\nd\ne\n' });
    const [, safety = ''] = /Take the rollback back: weft rollback (\S+)/.exec(back.out) ?? [];
    assert.match(
      (await weft(['snapshots'], { cwd })).out,
      new RegExp(`${safety} .*Before rolling back[\\s\\S]*${summary.snapshot} .*Before: A goal`),
    );
    assert.equal((await weft(['rollback', safety], { cwd })).code, 0);
    assert.deepEqual(folderState(cwd), { shared: 'file a\nb\nc\nd\nE\n' });
    assert.match((await weft(['runs', '--json'], { cwd })).out, /"stages":\{"undone":1,"landed":1\}/);
  });

  it('lands a conflict that was merged by hand', async () => {
    const cwd = workspace({ shared: 'old\n' });
    const model = scenarioFile({ one: writing({ shared: 'one\n' }), two: writing({ shared: 'two\n' }) });
    const ran = await weft(['run', '-', '--model', model, '--json'], { cwd, input: planText({ id: 'one' }, { id: 'two' }) });
    const { summary, conflicts = [] } = resultOf(ran.out);
    assert.ok(summary !== undefined && ran.code === 1);
    const [conflict] = conflicts;
    const merged = z.string().parse(conflict?.files[0]?.['result']);
    const early = await weft(['land', summary.run, conflict?.task ?? ''], { cwd });
    assert.equal(early.code, 2);
    assert.match(early.err, /shared still has conflict markers\. Merge .*\/shared first, or have an agent decide it: weft arbitrate /);
    put('/', merged, 'one and two\n');
    assert.match((await weft(['runs'], { cwd })).out, /\n {4}(one|two) {2}in conflict {2}Task \1\n/);
    // What is merged by then is left as it is.
    const { out } = await weft(['inbox'], { cwd });
    const call = `${summary.run} ${conflict?.task}`;
    assert.ok(
      out.includes(`merge these files, then: weft land ${call}\n      ${merged}\n    or have an agent decide it: weft arbitrate ${call}\n`),
      out,
    );
    assert.equal((await weft(['land', summary.run, conflict?.task ?? ''], { cwd })).code, 0);
    assert.deepEqual(folderState(cwd), { shared: 'file one and two\n' });
  });

  it('holds a task whose agent read what changed meanwhile, where it is to ask, and lands it when it is told to', async () => {
    const cwd = workspace({ 'api.txt': 'old\n', 'use.txt': 'old\n' });
    const read = { calls: [{ tool: 'read_file', input: { path: 'api.txt' } }] };
    const [write, end] = writing({ 'use.txt': 'used\n' });
    assert.ok(write !== undefined);
    const model = scenarioFile({ one: [read, { ...write, thinkMs: 2000 }, ...(end === undefined ? [] : [end])] });
    const child = startWeft(['run', '-', '--model', model, '--on-stale', 'ask', '--json'], { cwd });
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Reading api.txt')) child.stdout.emit('weft-read');
    });
    // Between its reading and its writing.
    child.stdout.once('weft-read', () => put(cwd, 'api.txt', 'mine\n'));
    child.stdin.end(planText({ id: 'one' }));
    const { code, out } = await ending(child);
    const { summary } = resultOf(out);
    assert.ok(summary !== undefined && code === 1);
    assert.match(out, /"type":"task\.stale","task":"one","files":\[\{"path":"api\.txt","by":null\}\],"held":true/);
    assert.deepEqual(folderState(cwd), { 'api.txt': 'file mine\n', 'use.txt': 'file old\n' });
    assert.equal((await weft(['land', summary.run, 'one'], { cwd })).code, 0);
    assert.deepEqual(folderState(cwd), { 'api.txt': 'file mine\n', 'use.txt': 'file used\n' });
    assert.match((await weft(['discard', summary.run, 'one'], { cwd })).err, /It has landed: undo it instead\./);
  });

  it('throws away what was kept, when it is told to', async () => {
    const cwd = workspace({ shared: 'old\n' });
    const model = scenarioFile({ one: writing({ shared: 'one\n' }), two: writing({ shared: 'two\n' }) });
    const ran = await weft(['run', '-', '--model', model, '--json'], { cwd, input: planText({ id: 'one' }, { id: 'two' }) });
    const { summary, conflicts = [] } = resultOf(ran.out);
    const task = conflicts[0]?.task ?? '';
    assert.ok(summary !== undefined && task !== '');
    const gone = await weft(['discard', summary.run, task], { cwd });
    assert.deepEqual([gone.code, gone.out], [0, `The draft of “Task ${task}” is discarded.\n`]);
    assert.equal((await weft(['land', summary.run, task], { cwd })).code, 2);
    assert.match((await weft(['runs', '--json'], { cwd })).out, /"stages":\{[^}]*"stopped":1/);
  });

  it('prints the schema that plans are held to', async () => {
    const { code, out } = await weft(['schema'], { cwd: temporaryFolder() });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), z.toJSONSchema(writtenPlanSchema, { io: 'input' }));
    assert.deepEqual(JSON.parse(out).required, ['goal', 'tasks']);
  });

  it('says that there is nothing where there is nothing', async () => {
    const cwd = workspace();
    assert.equal((await weft(['runs'], { cwd })).out, 'There are no runs of this folder yet.\n');
    assert.match((await weft(['snapshots'], { cwd })).out, /^There are no snapshots of this folder yet/);
  });
});
