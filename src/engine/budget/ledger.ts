/** The accounts of a run and of its tasks, kept in step with its record: what there is to spend, what is spent, and what comes of it. */
import { type Budget, budgetWith, isLimited, WHOLE_RUN } from '../../domain/budget';
import { budgetOf, type Spent, spentBy, spentOn } from '../../domain/cost';
import type { RunEvent } from '../../domain/event';
import type { TaskId } from '../../domain/plan';
import { isOver, modelOf, parentOf, type TaskState } from '../../domain/taskState';
import type { Usage } from '../../domain/usage';
import type { Cap, Cost } from '../../model/budget/account';
import type { BudgetEvent } from '../../model/budget/accounts';
import { accountId } from '../../model/budget/budget';
import type { RunBudget } from '../../model/budget/runBudget';
import type { RunRecord } from '../journal/record';

export class Ledger {
  /** `budget`: undefined where nothing of what the run's agents ask can be counted. */
  constructor(
    private readonly record: RunRecord,
    private readonly budget: RunBudget | undefined,
  ) {
    if (budget === undefined) return;
    this.open(WHOLE_RUN, 'the run', undefined);
    for (const task of record.state.tasks.values()) this.openTask(task);
    const { start, tasks } = record.state;
    // What was spent before a restart is spent; told is what is near its end by then, unless the journal says so already.
    this.charge(WHOLE_RUN, spentOn(start.planning, start, start.model));
    for (const task of tasks.values()) this.charge(task.task.id, spentBy(start, task));
    budget.onEvent = (event) => this.tell(event);
    record.listen((event) => this.hear(event));
  }

  /** Counts a turn that was paid before a restart, and of which the journal did not know. */
  chargeTurn(task: TaskState, usage: Usage): void {
    const { start } = this.record.state;
    this.charge(task.task.id, spentOn(usage, start, modelOf(start, task)));
  }

  private hear(event: RunEvent): void {
    const { state } = this.record;
    if (event.type === 'run.budgeted') this.budget?.accounts.raise(this.idOf(event.of ?? WHOLE_RUN), capOf(event.budget));
    if (!('task' in event)) return;
    const task = state.tasks.get(event.task);
    if (task === undefined) return;
    if (event.type === 'task.added' || event.type === 'task.again') this.openTask(task);
    // What it kept of its parent's budget is free.
    else if (isOver(task.stage) && task.origin.kind === 'child') this.budget?.accounts.close(this.idOf(event.task));
  }

  private openTask(task: TaskState): void {
    const { state } = this.record;
    this.open(
      task.task.id,
      `“${task.task.title}”`,
      parentOf(task) ?? WHOLE_RUN,
      task.origin.kind === 'child' && isLimited(budgetOf(state, task.task.id)),
    );
  }

  private open(id: TaskId, label: string, parent: TaskId | undefined, isKept = false): void {
    const { state } = this.record;
    const cap = capOf(budgetOf(state, id));
    const opening = { label, cap, parent: parent === undefined ? undefined : this.idOf(parent) };
    // Where its parent has not so much, it takes what there is.
    if (this.budget?.accounts.open(this.idOf(id), { ...opening, isKept }).ok === false)
      this.budget.accounts.open(this.idOf(id), { ...opening, isKept: false });
  }

  private idOf(task: TaskId): string {
    return accountId(this.record.state.start.run, task === WHOLE_RUN ? undefined : task);
  }

  private charge(id: TaskId, { usd, tokens, unpriced }: Spent): void {
    const priced: Cost = { usd, tokens: tokens - unpriced };
    this.budget?.accounts.charge(this.idOf(id), priced);
    if (unpriced > 0) this.budget?.accounts.charge(this.idOf(id), { usd: undefined, tokens: unpriced });
  }

  private tell({ kind, account, state: { cap, spent } }: BudgetEvent): void {
    const { start, phase, standings } = this.record.state;
    const of = account === this.idOf(WHOLE_RUN) ? undefined : account.slice(start.run.length + 1);
    const is = standings.get(of ?? WHOLE_RUN)?.is ?? 'within';
    // An answer may come to its end when all is over; and after a restart what was told is told.
    if (phase === 'finished' || is === 'gone' || (is === 'near' && kind === 'notice')) return;
    const counted = budgetWith(cap.usd === undefined ? undefined : spent.usd, cap.tokens === undefined ? undefined : spent.tokens);
    this.record.emit({
      type: kind === 'notice' ? 'run.nearBudget' : 'run.outOfBudget',
      spent: counted,
      ...(of === undefined ? {} : { of }),
    });
  }
}

function capOf({ usd, tokens }: Budget): Cap {
  return { usd, tokens };
}
