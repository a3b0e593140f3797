/** The plan: what the planner returns, what the person edits, what the CLI takes. One schema for all three. */
import * as z from 'zod';
import { fail, ok, type Result } from './failure';
import { parsePath } from './path';
import { BUILT_IN_HEADS, DEFAULT_ROLE, poolNames, type RoleHead, roleNameSchema, unknownRole } from './role';
import { routeTask } from './routing';
import { MAX_ATTEMPTS, MAX_BUDGET_TOKENS, MAX_BUDGET_USD } from './settings';

/** A week. */
export const MAX_TIMEOUT_SECONDS = 604_800;

/** More tasks than this in one plan are refused: a plan of that size is a mistake or a loop. */
export const MAX_TASKS = 1000;

const checkSchema = z.string().max(2000).regex(/\S/, 'is empty: give a command, or leave it out');

const modelSchema = z.string().regex(/\S/, 'is empty: name a model, or leave it out');

const usdSchema = z.number().positive().max(MAX_BUDGET_USD);
const tokensSchema = z.int().min(1).max(MAX_BUDGET_TOKENS);

const fallbackSchema = z
  .strictObject({ role: roleNameSchema.optional(), model: modelSchema.optional() })
  .refine(({ role, model }) => role !== undefined || model !== undefined, 'names neither a role nor a model: give one of them')
  .describe('What another attempt is made with.');

const taskSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be letters, digits, “-” or “_”, at most 64, and begin with a letter or digit')
      .describe('Short name of the task, unique in the plan; other tasks depend on it by this name.'),
    title: z.string().min(1).max(200).describe('What the task does, in a few words.'),
    role: roleNameSchema
      .optional()
      .describe('What kind of agent does it. Default: the role whose words its title and instructions have, else coder.'),
    reason: z.string().min(1).max(1000).optional().describe('Why this role, and why a task of its own: for whoever reads the plan.'),
    instructions: z
      .string()
      .min(1)
      .describe('What the agent is told to do. It sees the workspace, but neither this plan nor the other agents.'),
    dependsOn: z.array(z.string()).default([]).describe('Ids of the tasks that must have landed before this one starts.'),
    writes: z.array(z.string()).default([]).describe('Forecast of the files that the task will change (globs). Never a guarantee.'),
    context: z.array(z.string()).default([]).describe('Files that the agent should read first, relative to the workspace.'),
    check: checkSchema.optional().describe('Shell command that must succeed on the merged workspace before this task lands.'),
    askToLand: z
      .boolean()
      .optional()
      .describe(
        'Whether the person is asked before it lands, whatever it changes: for what breaks an API, or changes data for good. Default: no.',
      ),
    model: modelSchema.optional().describe('The model that works on it. Default: that of the run.'),
    priority: z.int().min(-100).max(100).optional().describe('Of tasks that could start, those with the greatest number do. Default: 0.'),
    timeoutSeconds: z.int().min(1).max(86_400).optional().describe('How long one attempt may take. Default: no limit of its own.'),
    budgetUsd: usdSchema.optional().describe('What it may spend, in dollars, its children included. Default: no limit of its own.'),
    budgetTokens: tokensSchema.optional().describe('How many tokens it may use, its children included. Default: no limit of its own.'),
    attempts: z
      .int()
      .min(1)
      .max(MAX_ATTEMPTS)
      .optional()
      .describe('How often its agent may begin before the task has failed. Default: the setting weft.attempts.'),
    fallback: z.array(fallbackSchema).max(5).optional().describe('One more attempt with each of these, when all others are used up.'),
    candidates: z.int().min(1).max(8).optional().describe('How many agents race for it; what passes the check lands. Default: 1.'),
    pick: z
      .enum(['first', 'best'])
      .optional()
      .describe('Which candidate lands: the first that passes, or the best of all. Default: first.'),
  })
  .describe('One piece of work for one agent.');

const limitsSchema = z
  .strictObject({
    maxWorkers: z.int().min(1).max(128).optional().describe('How many agents run at once. Default: the setting weft.maxWorkers.'),
    repairs: z.int().min(0).max(10).optional().describe('How often an agent may repair work whose check failed. Default: 2.'),
    timeoutSeconds: z.int().min(1).max(MAX_TIMEOUT_SECONDS).optional().describe('How long the whole run may take. Default: no limit.'),
    budgetUsd: usdSchema
      .optional()
      .describe('What the run may spend, in dollars; no more than the setting weft.budget.run. Default: that.'),
    budgetTokens: tokensSchema.optional().describe('How many tokens it may use; no more than weft.budget.runTokens. Default: that.'),
    pools: z
      .record(roleNameSchema, z.int().min(1).max(128))
      .optional()
      .describe('How many agents of a role, or of roles with the same pool, run at once. Default: the setting weft.pools.'),
    depth: z.int().min(0).max(8).optional().describe('How deep tasks may spawn tasks; 0: not at all. Default: 3.'),
    children: z.int().min(1).max(100).optional().describe('How many children a task may have. Default: 20.'),
    perDepth: z.int().min(1).max(1000).optional().describe('How many tasks there may be at each depth. Default: 200.'),
    checkTimeoutSeconds: z.int().min(1).max(86_400).optional().describe('How long one check may take. Default: 600.'),
  })
  .describe('Limits of this run.');

const variableSchema = z.strictObject({
  description: z.string().optional().describe('What the person is asked.'),
  default: z.string().optional().describe('What it is where the person says nothing.'),
});
export type Variable = z.infer<typeof variableSchema>;

export const variablesSchema = z
  .record(z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'must be letters, digits or “_”, and begin with no digit'), variableSchema)
  .describe('What a template is to be filled in with: {{name}} in any text of the plan stands for its value.');

/** As a person, a program or a model writes it: a task need not say who does it. */
export const writtenPlanSchema = planOf(taskSchema);

/** A task that knows who does it, as all of a run do. */
const assignedTaskSchema = taskSchema.safeExtend({ role: roleNameSchema.default(DEFAULT_ROLE).describe('What kind of agent does it.') });

/** As a run has it. */
export const planSchema = planOf(assignedTaskSchema);

function planOf<OneTask extends z.ZodType>(task: OneTask) {
  return z
    .strictObject({
      $schema: z.string().optional().describe('Address of the JSON schema, for editors.'),
      goal: z.string().min(1).describe('What the run is to achieve, in a sentence.'),
      tasks: z
        .array(task)
        .min(1, 'there are no tasks: give at least one')
        .max(MAX_TASKS)
        .describe('The tasks. Those that do not depend on each other run side by side.'),
      check: checkSchema
        .optional()
        .describe('Shell command that must succeed on the merged workspace before any task lands: the tests, say.'),
      limits: limitsSchema.optional(),
      variables: variablesSchema.optional(),
    })
    .describe('A plan for a Weft run: a goal, and the tasks that reach it.');
}

export type Plan = z.infer<typeof planSchema>;
export type Task = Plan['tasks'][number];
export type TaskId = string;

/** A task that joined a run after its plan: the number behind each “.” of its id counts the children of one parent. */
export const addedTaskSchema = assignedTaskSchema.safeExtend({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.\d{1,4}){0,10}$/, 'is no id of a task'),
});

/** The commands that must succeed before a task lands: its own, then the run's. */
export function checksOf(plan: Plan, task: Task): string[] {
  return [...new Set([task.check, plan.check].flatMap((command) => command ?? []))];
}

/** One thing that is wrong with a plan: where (`tasks[2].dependsOn[0]`, as path segments), what, and what to do. */
export interface PlanProblem {
  readonly at: readonly (string | number)[];
  readonly message: string;
}

/** Reads a plan from JSON text. Failing, it names every problem that it found, first ones first. `roles`: those that there are. */
export function readPlan(text: string, source: string, roles: readonly RoleHead[] = BUILT_IN_HEADS): Result<Plan> {
  let data: unknown;
  try {
    data = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (thrown) {
    return fail(
      'input',
      `${source} is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      'Mend the JSON, or run “weft schema” for the shape of a plan.',
    );
  }
  const { plan, problems } = checkPlan(data, roles);
  if (plan !== undefined && problems.length === 0) return ok(plan);
  return fail('input', `${source} is not a usable plan: ${problemsText(problems)}.`, 'Mend it and run it again; nothing was started.');
}

/** Everything that is wrong with a plan; `plan` is there where the shape, at least, is right. A task that names no role gets the one whose words it has. */
export function checkPlan(data: unknown, roles: readonly RoleHead[] = BUILT_IN_HEADS): { plan: Plan | undefined; problems: PlanProblem[] } {
  const count = taskCount(data);
  if (count > MAX_TASKS) {
    const message = `has ${count.toLocaleString('en')} tasks, and the limit is ${MAX_TASKS.toLocaleString('en')}: split it into several plans`;
    return { plan: undefined, problems: [{ at: ['tasks'], message }] };
  }
  const parsed = writtenPlanSchema.safeParse(data);
  if (!parsed.success) {
    return {
      plan: undefined,
      problems: parsed.error.issues.map((issue) => ({
        at: issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
        message: issue.message,
      })),
    };
  }
  const tasks = parsed.data.tasks.map((task) => ({ ...task, role: task.role ?? routeTask(task, roles).role }));
  const plan: Plan = { ...parsed.data, tasks };
  return {
    plan,
    problems: [
      ...variableProblems(plan),
      ...nulProblems(plan),
      ...idProblems(plan),
      ...roleProblems(plan, roles),
      ...pathProblems(plan),
      ...cycleProblems(plan),
    ],
  };
}

function variableProblems({ variables }: Plan): PlanProblem[] {
  const names = Object.keys(variables ?? {});
  if (names.length === 0) return [];
  const message = `this is a template, which has to be filled in (${names.join(', ')}): run “Weft: Dispatch Template…”, or weft run --template`;
  return [{ at: ['variables'], message }];
}

/** What is wrong with a text that has a NUL character in it, wherever it comes from; as part of a sentence. */
export const HAS_NUL = 'contains a NUL character (\\u0000), which neither git nor a shell takes: leave it out';

/** In any text, however deep: a title becomes the message of a commit, which git would refuse when all work is done. Not in the schema, by which old journals are read. */
function nulProblems(value: unknown, at: PlanProblem['at'] = []): PlanProblem[] {
  if (typeof value === 'string') return value.includes('\0') ? [{ at, message: HAS_NUL }] : [];
  if (Array.isArray(value)) return value.flatMap((one, index) => nulProblems(one, [...at, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => nulProblems(one, [...at, key]));
}

/** `tasks[2].dependsOn: …; tasks[3] …`: the first five problems in a line. `whole`: what has them. */
export function problemsText(problems: readonly PlanProblem[], whole = 'the plan'): string {
  const shown = problems.slice(0, 5).map(({ at, message }) => `${at.length === 0 ? whole : place(at)}: ${message.replace(/\.$/, '')}`);
  const more = problems.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function taskCount(data: unknown): number {
  const tasks = typeof data === 'object' && data !== null && 'tasks' in data ? data.tasks : undefined;
  return Array.isArray(tasks) ? tasks.length : 0;
}

function place(at: readonly (string | number)[]): string {
  return at.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
}

function idProblems(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  // Ids name refs and folders, which some systems do not tell apart by case.
  const first = new Map<string, number>();
  plan.tasks.forEach((task, index) => {
    const earlier = first.get(task.id.toLowerCase());
    if (earlier === undefined) first.set(task.id.toLowerCase(), index);
    else
      problems.push({ at: ['tasks', index, 'id'], message: `“${task.id}” is the id of tasks[${earlier}] already: give each task its own` });
  });
  const known = new Set(plan.tasks.map((task) => task.id));
  plan.tasks.forEach((task, index) => {
    task.dependsOn.forEach((id, at) => {
      if (!known.has(id))
        problems.push({ at: ['tasks', index, 'dependsOn', at], message: `no task is called “${id}”: name a task of this plan` });
    });
  });
  return problems;
}

/** The roles, and the pools of roles, that a plan names and that there are not. */
export function roleProblems({ tasks, limits }: Plan, roles: readonly RoleHead[]): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const look = (name: string | undefined, at: PlanProblem['at']) => {
    const message = name === undefined ? undefined : unknownRole(name, roles);
    if (message !== undefined) problems.push({ at, message });
  };
  tasks.forEach((task, index) => {
    look(task.role, ['tasks', index, 'role']);
    task.fallback?.forEach(({ role }, at) => {
      look(role, ['tasks', index, 'fallback', at, 'role']);
    });
  });
  const pools = poolNames(roles);
  for (const name of Object.keys(limits?.pools ?? {}))
    if (!pools.includes(name))
      problems.push({ at: ['limits', 'pools', name], message: `no role or pool is called “${name}”: use one of ${pools.join(', ')}` });
  return problems;
}

function pathProblems(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  plan.tasks.forEach((task, index) => {
    for (const field of ['writes', 'context'] as const) {
      task[field].forEach((raw, at) => {
        const path = parsePath(raw);
        // A NUL is told of already.
        if (!path.ok && !raw.includes('\0'))
          problems.push({ at: ['tasks', index, field, at], message: `${path.failure.message} ${path.failure.fix}` });
      });
    }
  });
  return problems;
}

function cycleProblems(plan: Plan): PlanProblem[] {
  const byId = new Map(plan.tasks.map((task, index) => [task.id, { task, index }]));
  const done = new Set<TaskId>();
  for (const root of plan.tasks) {
    const trail: TaskId[] = [];
    const onTrail = new Set<TaskId>();
    const stack: { id: TaskId; next: number }[] = [{ id: root.id, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top === undefined) break;
      if (top.next === 0) {
        if (done.has(top.id)) {
          stack.pop();
          continue;
        }
        trail.push(top.id);
        onTrail.add(top.id);
      }
      const dependency = byId.get(top.id)?.task.dependsOn[top.next++];
      if (dependency === undefined) {
        done.add(top.id);
        onTrail.delete(top.id);
        trail.pop();
        stack.pop();
      } else if (onTrail.has(dependency)) {
        const cycle = [...trail.slice(trail.indexOf(dependency)), dependency];
        const at = byId.get(top.id)?.index ?? 0;
        return [
          {
            at: ['tasks', at, 'dependsOn'],
            message: `tasks wait for each other in a circle (${cycle.join(' → ')}): take one of these dependencies away`,
          },
        ];
      } else if (byId.has(dependency)) {
        stack.push({ id: dependency, next: 0 });
      }
    }
  }
  return [];
}
