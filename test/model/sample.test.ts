/** The shipped sample: its plan is usable, its script fits its files, and exactly two of its tasks get in each other's way. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Plan } from '../../src/domain/plan';
import type { Scenario } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { run } from '../agent/agentRun';
import { callsOf, type Files, loadPlan, loadScenario, needsOf, play, shippedFiles } from './samplePlay';

const RIVALS = ['free-shipping', 'express'];
const WORKERS = 5;

describe('the sample', () => {
  const scenario = loadScenario();
  const plan = loadPlan(scenario);
  const shipped = shippedFiles();
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

  it('makes no call that the real tools refuse', async () => {
    const model = scriptedModel(scenario, { paceMs: 0, wait: async () => undefined });
    for (const task of plan.tasks) {
      const done = await run(model, { files: Object.fromEntries(landed(needsOf(plan, task))), task });
      assert.ok(done.result.ok, task.id);
      const results = done.requests.at(-1)?.messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content)) ?? [];
      assert.deepEqual(
        results.filter((block) => block.is_error === true).map((block) => block.content),
        [],
        task.id,
      );
      // Every call but the last, which finishes, was answered in the last request.
      assert.equal(results.filter((block) => block.type === 'tool_result').length, callsOf(scenario, task.id).length - 1, task.id);
    }
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
  });

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
  });

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

/** How many tasks a task waits for. */
function rank(plan: Plan, id: string): number {
  const task = plan.tasks.find((other) => other.id === id);
  return task === undefined ? 0 : needsOf(plan, task).length;
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
