/** What makes no sense in a model's plan, beyond what no plan may have: files that nobody has, checks made up, forecasts that say nothing. Pure. */
import picomatch from 'picomatch';
import { parsePath } from '../domain/path';
import type { Plan, PlanProblem, Task, TaskId } from '../domain/plan';
import type { ProjectCommands } from './projectChecks';

/** What a plan is held against. */
export interface Known {
  readonly files: readonly string[];
  readonly commands: ProjectCommands;
}

/** What a person may well write is no problem in their own plan: only what a model wrote is held to this. */
export function sanityProblems(plan: Plan, { files, commands }: Known): PlanProblem[] {
  return [...checkProblems(plan, commands), ...contextProblems(plan, files), ...forecastProblems(plan)];
}

function checkProblems(plan: Plan, { checks, knows }: ProjectCommands): PlanProblem[] {
  const some = checks.slice(0, 6).map(({ command }) => `“${command}”`);
  const fix = some.length === 0 ? 'leave it out' : `use one of ${some.join(', ')}, or leave it out`;
  const problemOf = (command: string | undefined, at: PlanProblem['at']) =>
    command === undefined || knows(command) ? [] : [{ at, message: `the project has no “${command}”: ${fix}` }];
  return [...problemOf(plan.check, ['check']), ...plan.tasks.flatMap(({ check }, index) => problemOf(check, ['tasks', index, 'check']))];
}

/** A file to be read is there, or made by a task that lands before. */
function contextProblems(plan: Plan, files: readonly string[]): PlanProblem[] {
  const there = new Set(files);
  const isFolder = (path: string) => files.some((file) => file.startsWith(`${path}/`));
  return plan.tasks.flatMap((task, index) =>
    task.context.flatMap((raw, at): PlanProblem[] => {
      const path = parsePath(raw);
      // What is no path at all is told by those who look at paths.
      if (!path.ok || there.has(path.value) || isFolder(path.value)) return [];
      if (before(plan, task).some((earlier) => mayMake(earlier, path.value))) return [];
      const message = `there is no file “${raw}”, and no task that this one depends on forecasts to write it: name a file that is there`;
      return [{ at: ['tasks', index, 'context', at], message }];
    }),
  );
}

/** What a task depends on, by whatever way. */
function before({ tasks }: Plan, task: Task): Task[] {
  const byId = new Map(tasks.map((one) => [one.id, one]));
  const found = new Set<TaskId>();
  const open = [...task.dependsOn];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(byId.get(id)?.dependsOn ?? []));
  }
  return [...found].flatMap((id) => byId.get(id) ?? []);
}

/** A task that says nothing of what it writes may write anything. */
function mayMake({ writes }: Task, path: string): boolean {
  return (
    writes.length === 0 ||
    writes.some((glob) => glob === path || path.startsWith(`${glob.replace(/\/$/, '')}/`) || picomatch.isMatch(path, glob, { dot: true }))
  );
}

/** A forecast that means every file keeps tasks apart that need not be. */
function forecastProblems(plan: Plan): PlanProblem[] {
  if (plan.tasks.length === 1) return [];
  return plan.tasks.flatMap(({ writes }, index) =>
    writes.flatMap((glob, at): PlanProblem[] =>
      /^(\.\/)?(\*\*?|\.)(\/\*\*?)*(\/\*\.\*|\/\*)?$/.test(glob)
        ? [{ at: ['tasks', index, 'writes', at], message: `“${glob}” is every file: name the files or folders that this task will change` }]
        : [],
    ),
  );
}
