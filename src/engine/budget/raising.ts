/** Giving a run, or one of its tasks, another budget while it goes on. Pure. */
import { type Budget, budgetText, budgetWith, isLimited, WHOLE_RUN } from '../../domain/budget';
import { budgetOf, type Spent, spentFor, spentIn } from '../../domain/cost';
import type { Happening } from '../../domain/event';
import { fail, ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { parentOf } from '../../domain/taskState';

/**
 * What it comes to: a task's ancestors that have budgets of their own get as much more as it does, else it would have nothing of it. Fails where
 * there is no such task, and where the new budget is spent already.
 */
export function raising(state: RunState, id: TaskId | typeof WHOLE_RUN, budget: Budget): Result<Happening[]> {
  const task = state.tasks.get(id);
  if (id !== WHOLE_RUN && task === undefined)
    return fail('input', `Run ${state.start.run} has no task “${id}”.`, `Its tasks: ${[...state.tasks.keys()].join(', ')}.`);
  const spent = id === WHOLE_RUN ? spentIn(state) : spentFor(state, id);
  if (isSpent(budget, spent))
    return fail(
      'input',
      `${budgetText(budgetWith(budget.usd && spent.usd, budget.tokens && spent.tokens))} of it is spent already.`,
      'Give more than that.',
    );
  const happenings: Happening[] = [{ type: 'run.budgeted', budget, ...(id === WHOLE_RUN ? {} : { of: id }) }];
  const before = budgetOf(state, id);
  for (let parent = task && parentOf(task); parent !== undefined; parent = parentIn(state, parent)) {
    const own = budgetOf(state, parent);
    if (!isLimited(own)) continue;
    happenings.push({
      type: 'run.budgeted',
      budget: budgetWith(more(own.usd, before.usd, budget.usd), more(own.tokens, before.tokens, budget.tokens)),
      of: parent,
    });
  }
  return ok(happenings);
}

function parentIn({ tasks }: RunState, id: TaskId): TaskId | undefined {
  const task = tasks.get(id);
  return task && parentOf(task);
}

/** Undefined, no limit, where the task has none from now on. */
function more(own: number | undefined, before: number | undefined, now: number | undefined): number | undefined {
  if (own === undefined || now === undefined) return before === undefined ? own : undefined;
  return own + Math.max(0, now - (before ?? now));
}

function isSpent({ usd, tokens }: Budget, spent: Spent): boolean {
  return (usd !== undefined && usd <= spent.usd && spent.usd > 0) || (tokens !== undefined && tokens <= spent.tokens);
}
