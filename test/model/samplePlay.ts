/** The shipped sample, and what its script does to its files, played on plain text. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { checkPlan, type Plan, type Task } from '../../src/domain/plan';
import { readScenario, type Scenario } from '../../src/model/scenario';

/** Workspace path → text. */
export type Files = ReadonlyMap<string, string>;

const ROOT = resolve(__dirname, '../../..');
const MEDIA = join(ROOT, 'media');
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

/** The files that the sample is shipped with. */
export function shippedFiles(): Files {
  return readFolder(join(MEDIA, 'sample'));
}

export function loadScenario(): Scenario {
  const path = join(MEDIA, 'sample.scenario.json');
  const scenario = readScenario(readFileSync(path, 'utf8'), path);
  assert.ok(scenario.ok, scenario.ok ? '' : scenario.failure.message);
  return scenario.value;
}

export function loadPlan(scenario: Scenario): Plan {
  assert.equal(scenario.plans.length, 1);
  const { plan, problems } = checkPlan(scenario.plans[0]);
  assert.deepEqual(problems, []);
  assert.ok(plan !== undefined);
  return plan;
}

/** What has landed when a task starts, in the plan's order: its dependencies, theirs, and so on. */
export function needsOf(plan: Plan, task: Task): string[] {
  const needed = new Set<string>();
  const visit = (id: string) => {
    needed.add(id);
    for (const next of plan.tasks.find((other) => other.id === id)?.dependsOn ?? []) visit(next);
  };
  for (const id of task.dependsOn) visit(id);
  return plan.tasks.map((other) => other.id).filter((id) => needed.has(id));
}

export function callsOf(scenario: Scenario, id: string) {
  return (scenario.tasks[id] ?? []).flatMap((turn) => turn.calls ?? []);
}

/** The files after a task's calls, each of which has to do what it says. */
export function play(files: Files, scenario: Scenario, id: string): Files {
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

function readFolder(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')];
    }),
  );
}
