/** The shipped sample: its plan is usable, its script fits its files, and exactly two of its tasks get in each other's way. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkPlan, type Plan, type Task } from '../../src/domain/plan';
import { readScenario, type Scenario } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';

/** Workspace path → text. */
type Files = ReadonlyMap<string, string>;

const ROOT = resolve(__dirname, '../../..');
const MEDIA = join(ROOT, 'media');
const RIVALS = ['free-shipping', 'express'];
const WORKERS = 5;

const inputs = {
  list_files: z.strictObject({ folder: z.string().optional() }),
  read_file: z.strictObject({ path: z.string(), from: z.int().optional(), lines: z.int().optional() }),
  search: z.strictObject({ pattern: z.string(), folder: z.string().optional(), ignoreCase: z.boolean().optional() }),
  edit_file: z.strictObject({ path: z.string(), old: z.string(), new: z.string() }),
  write_file: z.strictObject({ path: z.string(), content: z.string() }),
  move_file: z.strictObject({ from: z.string(), to: z.string() }),
  delete_file: z.strictObject({ path: z.string() }),
  finish: z.strictObject({ summary: z.string().min(1) }),
};

describe('the sample', () => {
  const scenario = loadScenario();
  const plan = loadPlan(scenario);
  const shipped = readFolder(join(MEDIA, 'sample'));
  const ids = plan.tasks.map((task) => task.id);
  /** The sample with those tasks landed, one after the other. */
  const landed = (tasks: readonly string[]) => tasks.reduce((files: Files, id) => play(files, scenario, id), shipped);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weft-sample-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has a plan with parallel work, order, and two tasks that nothing waits for', () => {
    assert.deepEqual(
      plan.tasks.map((task) => [task.id, task.role, task.dependsOn]),
      [
        ['search', 'coder', []],
        ['storage', 'database', []],
        ['validation', 'security', []],
        ['free-shipping', 'coder', []],
        ['express', 'coder', []],
        ['endpoints', 'coder', ['search', 'validation']],
        ['tests', 'tester', ['endpoints']],
        ['docs', 'docs', ['endpoints']],
      ],
    );
    for (const path of plan.tasks.filter((task) => task.dependsOn.length === 0).flatMap((task) => task.context))
      assert.ok(shipped.has(path), path);
  });

  it('has turns for every task and no other, each of which ends by finishing', () => {
    assert.deepEqual(Object.keys(scenario.tasks), ids);
    for (const id of ids) {
      const calls = callsOf(scenario, id).map((call) => call.tool);
      assert.equal(calls.indexOf('finish'), calls.length - 1, id);
    }
  });

  it('finds everything that it edits: on its dependencies alone, and one task after the other, in either order', () => {
    for (const task of plan.tasks) play(landed(needsOf(plan, task)), scenario, task.id);
    assert.equal(landed(ids).get('docs/opening.md'), shipped.get('NOTES.txt'));
    landed(ids.toReversed().toSorted((a, b) => rank(plan, a) - rank(plan, b)));
  });

  it('conflicts in one file between the two rivals, and nowhere else', () => {
    const git = repository(folder);
    const conflicts: string[] = [];
    for (const [index, one] of plan.tasks.entries()) {
      for (const other of plan.tasks.slice(index + 1)) {
        const [needs, others] = [needsOf(plan, one), needsOf(plan, other)];
        if (needs.includes(other.id) || others.includes(one.id)) continue;
        // Each draft begins from what its own task needs, and meets the other's.
        const base = git.commit(landed(ids.filter((id) => needs.includes(id) && others.includes(id))));
        const files = git.merge(git.commit(landed([...needs, one.id]), base), git.commit(landed([...others, other.id]), base));
        conflicts.push(...files.map((file) => `${one.id} × ${other.id}: ${file}`));
      }
    }
    assert.deepEqual(conflicts, [`${RIVALS.join(' × ')}: src/shipping.js`]);
  }).timeout(60_000);

  it('passes its own tests before the run, after it with either rival, and with both where they ran one after the other', () => {
    const without = (rival: string) => ids.filter((id) => id !== rival);
    const states = { before: [], free: without('express'), express: without('free-shipping'), both: ids };
    const passed = Object.entries(states).map(([name, tasks]) => {
      const at = join(folder, name);
      writeFolder(at, landed(tasks));
      return [name, testsThatPass(at)];
    });
    assert.deepEqual(passed, [
      ['before', 6],
      ['free', 21],
      ['express', 21],
      ['both', 22],
    ]);
  }).timeout(60_000);

  it('takes 12 to 20 seconds on five workers, and at least twice that on one', async () => {
    const took = new Map<string, number>();
    for (const id of ids) took.set(id, await duration(scenario, id));
    const serial = [...took.values()].reduce((sum, ms) => sum + ms, 0);
    const parallel = makespan(plan, took);
    assert.ok(parallel >= 12_000 && parallel <= 20_000, `${parallel} ms`);
    assert.ok(serial / parallel >= 2, `${serial} ms over ${parallel} ms`);
    // The rivals never tie: it is always the same one that meets the conflict.
    assert.ok((took.get('free-shipping') ?? 0) < (took.get('express') ?? 0));
  });
});

function loadScenario(): Scenario {
  const path = join(MEDIA, 'sample.scenario.json');
  const scenario = readScenario(readFileSync(path, 'utf8'), path);
  assert.ok(scenario.ok, scenario.ok ? '' : scenario.failure.message);
  return scenario.value;
}

function loadPlan(scenario: Scenario): Plan {
  assert.equal(scenario.plans.length, 1);
  const { plan, problems } = checkPlan(scenario.plans[0]);
  assert.deepEqual(problems, []);
  assert.ok(plan !== undefined);
  return plan;
}

/** What has landed when a task starts, in the plan's order: its dependencies, theirs, and so on. */
function needsOf(plan: Plan, task: Task): string[] {
  const needed = new Set<string>();
  const visit = (id: string) => {
    needed.add(id);
    for (const next of plan.tasks.find((other) => other.id === id)?.dependsOn ?? []) visit(next);
  };
  for (const id of task.dependsOn) visit(id);
  return plan.tasks.map((other) => other.id).filter((id) => needed.has(id));
}

/** How many tasks a task waits for. */
function rank(plan: Plan, id: string): number {
  const task = plan.tasks.find((other) => other.id === id);
  return task === undefined ? 0 : needsOf(plan, task).length;
}

function callsOf(scenario: Scenario, id: string) {
  return (scenario.tasks[id] ?? []).flatMap((turn) => turn.calls ?? []);
}

/** The files after a task's calls, each of which has to do what it says. */
function play(files: Files, scenario: Scenario, id: string): Files {
  const now = new Map(files);
  const textOf = (path: string) => {
    const text = now.get(path);
    assert.ok(text !== undefined, `${id}: ${path} is not there`);
    return text;
  };
  for (const { tool, input } of callsOf(scenario, id)) {
    if (tool === 'edit_file') {
      const edit = inputs.edit_file.parse(input);
      const parts = textOf(edit.path).split(edit.old);
      assert.equal(parts.length, 2, `${id}: ${JSON.stringify(edit.old)} is ${parts.length - 1} times in ${edit.path}`);
      now.set(edit.path, parts.join(edit.new));
    } else if (tool === 'write_file') {
      const { path, content } = inputs.write_file.parse(input);
      now.set(path, content);
    } else if (tool === 'move_file') {
      const { from, to } = inputs.move_file.parse(input);
      assert.ok(!now.has(to), `${id}: ${to} is there already`);
      now.set(to, textOf(from));
      now.delete(from);
    } else if (tool === 'read_file') textOf(inputs.read_file.parse(input).path);
    else if (tool === 'list_files') inputs.list_files.parse(input);
    else if (tool === 'search') {
      const pattern = new RegExp(inputs.search.parse(input).pattern, 'm');
      assert.ok(
        [...now.values()].some((text) => pattern.test(text)),
        `${id}: nothing matches ${pattern}`,
      );
    } else assert.ok(tool === 'finish' && inputs.finish.parse(input), `${id}: ${tool}`);
  }
  return now;
}

/** Milliseconds that a task's turns wait for, with no pace but their own. */
async function duration(scenario: Scenario, id: string): Promise<number> {
  let waited = 0;
  const wait = async (ms: number) => {
    waited += ms;
  };
  const model = scriptedModel(scenario, { paceMs: 0, wait });
  const messages = [{ role: 'user', content: `Task: ${id}` }];
  for (const _ of scenario.tasks[id] ?? []) {
    const response = await model(
      new Request('http://weft.invalid/v1/messages', { method: 'POST', body: JSON.stringify({ model: 'm', messages }) }),
    );
    assert.equal(response.status, 200, await response.text());
    messages.push({ role: 'assistant', content: '…' }, { role: 'user', content: '…' });
  }
  return waited;
}

/** When the last task ends, where a task starts as soon as its dependencies have ended and a worker is free. */
function makespan(plan: Plan, took: ReadonlyMap<string, number>): number {
  const ends = new Map<string, number>();
  const workers = Array.from({ length: WORKERS }, () => 0);
  const waiting = [...plan.tasks];
  while (waiting.length > 0) {
    const ready = waiting
      .filter((task) => task.dependsOn.every((id) => ends.has(id)))
      .map((task) => ({ task, at: Math.max(0, ...task.dependsOn.map((id) => ends.get(id) ?? 0)) }))
      .toSorted((a, b) => a.at - b.at)[0];
    assert.ok(ready !== undefined);
    const worker = workers.indexOf(Math.min(...workers));
    const end = Math.max(ready.at, workers[worker] ?? 0) + (took.get(ready.task.id) ?? 0);
    workers[worker] = end;
    ends.set(ready.task.id, end);
    waiting.splice(waiting.indexOf(ready.task), 1);
  }
  return Math.max(...ends.values());
}

function readFolder(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')];
    }),
  );
}

function writeFolder(folder: string, files: Files): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Runs the project's own tests, which must all pass, and counts them. */
function testsThatPass(folder: string): number {
  const output = execFileSync(process.execPath, ['--test', '--test-reporter=tap'], { cwd: folder, encoding: 'utf8' });
  return Number(/^# pass (\d+)$/m.exec(output)?.[1]);
}

/** A git repository of its own, untouched by the configuration of whoever runs the test. */
function repository(folder: string) {
  const who = { GIT_AUTHOR_NAME: 'T', GIT_AUTHOR_EMAIL: 't@example.com', GIT_COMMITTER_NAME: 'T', GIT_COMMITTER_EMAIL: 't@example.com' };
  const env = { ...process.env, ...who, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env, encoding: 'utf8' }).trim();
  git('init', '-q');
  return {
    commit(files: Files, parent?: string): string {
      for (const name of readdirSync(folder)) if (name !== '.git') rmSync(join(folder, name), { recursive: true });
      writeFolder(folder, files);
      git('add', '--all');
      return git('commit-tree', git('write-tree'), '-m', 'x', ...(parent === undefined ? [] : ['-p', parent]));
    },
    /** Merges two commits, and names the files that conflict. */
    merge(ours: string, theirs: string): string[] {
      try {
        git('merge-tree', '--write-tree', '--name-only', '--no-messages', ours, theirs);
        return [];
      } catch (thrown) {
        const { status, stdout } = z.object({ status: z.number(), stdout: z.string() }).parse(thrown);
        assert.equal(status, 1, 'git merge-tree failed');
        return stdout.trim().split('\n').slice(1);
      }
    },
  };
}
