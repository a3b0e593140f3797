/** What `weft run` and `weft retry` are called with. */
import type { Approvals } from '../domain/approvals';
import { fail, ok, type Result } from '../domain/failure';
import { forPlans, type RoleHead, roleNameSchema } from '../domain/role';
import {
  CONFLICTS,
  type ConflictRule,
  DEFAULT_ATTEMPTS,
  DEFAULT_CONFLICT_PRIORITY,
  DEFAULT_CONFLICTS,
  DEFAULT_MODEL,
  DEFAULT_ON_STALE,
  ON_STALE,
  type OnStale,
} from '../domain/settings';
import { approvalsOf } from './approvals';
import type { AskingSaid, Command } from './command';
import { countOf, poolsOf } from './limits';
import { saidBudget } from './money';
import type { Values } from './options';
import { workOf } from './planArguments';

/** Of `weft retry` and `weft arbitrate`, what means nothing to a run that goes on already. */
const OWN_RUN = [
  ...(['model', 'fallback-model', 'record', 'budget', 'budget-tokens', 'on-stale', 'in-process'] as const),
  ...(['allow-command', 'allow-mcp', 'approve', 'answer-within'] as const),
] as const;

export function retryOf(kind: 'retry' | 'arbitrate', [run, task]: readonly string[], values: Values): Result<Command> {
  if (run === undefined || task === undefined) return fail('input', `“weft ${kind}” needs a run and a task.`, 'Run “weft runs” for both.');
  const onStale = onStaleOf(values);
  if (!onStale.ok) return onStale;
  const approvals = approvalsHere(values);
  if (!approvals.ok) return approvals;
  const budget = saidBudget(values);
  if (!budget.ok) return budget;
  const asking = askingOf(values);
  if (!asking.ok) return asking;
  const { model, hint = '', fresh = false, 'in-process': inProcess = false } = values;
  return ok({
    kind,
    run,
    task,
    hint,
    fresh,
    model,
    asking: asking.value,
    ownRun: OWN_RUN.filter((option) => option in values).map((option) => `--${option}`),
    onStale: onStale.value,
    inProcess,
    approvals: approvals.value,
    servers: values['allow-mcp'] ?? [],
    budget: budget.value,
  });
}

export function resumeOf([run]: readonly string[], values: Values): Result<Command> {
  if (run === undefined) return fail('input', '“weft resume” needs a run.', 'Run “weft runs” for those that were interrupted.');
  const approvals = approvalsHere(values);
  if (!approvals.ok) return approvals;
  const budget = saidBudget(values);
  if (!budget.ok) return budget;
  const asking = askingOf(values);
  if (!asking.ok) return asking;
  const { 'in-process': inProcess = false, 'adaptive-workers': adaptive = false } = values;
  return ok({
    kind: 'resume',
    run,
    asking: asking.value,
    inProcess,
    adaptive,
    approvals: approvals.value,
    servers: values['allow-mcp'] ?? [],
    budget: budget.value,
    task: values.task,
  });
}

function approvalsHere(values: Values): Result<Approvals> {
  return approvalsOf(values, process.stdin.isTTY === true && process.stdout.isTTY === true);
}

function askingOf({ 'fallback-model': fallbacks = [], record }: Values): Result<AskingSaid> {
  if (fallbacks.some((one) => one.trim() === ''))
    return fail('input', '--fallback-model names no model.', 'Give the name of one, or leave it out.');
  if (record?.trim() === '')
    return fail('input', '--record names no file.', 'Give the path of one that is not there yet, or leave it out.');
  return ok({ fallbacks, record });
}

function onStaleOf(values: Values): Result<OnStale> {
  const onStale = ON_STALE.find((one) => one === (values['on-stale'] ?? DEFAULT_ON_STALE));
  if (onStale !== undefined) return ok(onStale);
  return fail('input', `--on-stale ${values['on-stale']} is not known.`, `Use one of ${ON_STALE.join(', ')}.`);
}

/** `--priority security,coder`: who prevails, where the order of roles decides. */
function conflictsOf({ conflicts = DEFAULT_CONFLICTS, priority }: Values): Result<ConflictRule> {
  const by = CONFLICTS.find((one) => one === conflicts);
  if (by === undefined) return fail('input', `--conflicts ${conflicts} is not known.`, `Use one of ${CONFLICTS.join(', ')}.`);
  const roles = priority?.split(',').map((role) => role.trim());
  if (roles?.some((role) => !roleNameSchema.safeParse(role).success))
    return fail(
      'input',
      `--priority ${priority} is no list of roles.`,
      'Give their names, those that prevail first: --priority security,coder.',
    );
  if (roles !== undefined && by !== 'priority')
    return fail('input', '--priority says nothing without --conflicts priority.', 'Give both, or leave it out.');
  return ok({ by, priority: roles ?? DEFAULT_CONFLICT_PRIORITY });
}

/** Fails where the order names a role that the folder does not have: it would decide nothing. */
export function checkPriority({ priority }: ConflictRule, roles: readonly RoleHead[]): Result<void> {
  const known = forPlans(roles).map(({ name }) => name);
  const unknown = priority.filter((role) => !known.includes(role));
  if (unknown.length === 0) return ok();
  const named = unknown.map((role) => `“${role}”`).join(', ');
  return fail(
    'input',
    `--priority names ${unknown.length === 1 ? 'a role that there is not' : 'roles that there are not'}: ${named}.`,
    `Give those that prevail first, as in --priority security,coder; the roles are ${known.join(', ')}.`,
  );
}

export function runOf(plan: string | undefined, values: Values): Result<Command> {
  const { model = DEFAULT_MODEL, include = [], 'in-process': inProcess = false, 'adaptive-workers': adaptive = false } = values;
  const allow = values['allow-command'] ?? [];
  const maxWorkers = countOf('max-workers', values);
  const attempts = countOf('attempts', values);
  const timeoutSeconds = countOf('timeout', values);
  if (!maxWorkers.ok) return maxWorkers;
  if (!attempts.ok) return attempts;
  if (!timeoutSeconds.ok) return timeoutSeconds;
  const budget = saidBudget(values);
  if (!budget.ok) return budget;
  const stale = onStaleOf(values);
  if (!stale.ok) return stale;
  const onStale = stale.value;
  const conflicts = conflictsOf(values);
  if (!conflicts.ok) return conflicts;
  const asking = askingOf(values);
  if (!asking.ok) return asking;
  const reuse = values['no-reuse'] !== true;
  const lessons = values['no-lessons'] !== true;
  const work = workOf(plan, values);
  if (!work.ok) return work;
  const pools = poolsOf(values.pool ?? []);
  if (!pools.ok) return pools;
  const approvals = approvalsHere(values);
  if (!approvals.ok) return approvals;
  const counts = { maxWorkers: maxWorkers.value, attempts: attempts.value ?? DEFAULT_ATTEMPTS, timeoutSeconds: timeoutSeconds.value };
  const rest = {
    model,
    ...counts,
    adaptive,
    budget: budget.value,
    asking: asking.value,
    pools: pools.value,
    onStale,
    conflicts: conflicts.value,
    allow,
    approvals: approvals.value,
    servers: values['allow-mcp'] ?? [],
    include,
    inProcess,
    reuse,
    lessons,
  };
  return ok({ kind: 'run', work: work.value, ...rest });
}
