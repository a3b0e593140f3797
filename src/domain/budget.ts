/** What a run, and each of its tasks, may spend, and how it stands with that. Pure. */
import * as z from 'zod';
import type { RunEvent } from './event';
import { counted } from './figures';
import type { TaskId } from './plan';

/** Dollars and tokens; absent: no limit. */
export const budgetSchema = z.object({ usd: z.number().min(0).optional(), tokens: z.number().min(0).optional() });
export type Budget = z.infer<typeof budgetSchema>;

/** Stands for the whole run, where accounts are named. */
export const WHOLE_RUN = '';

/** How an account stands: four fifths are spent (`near`), or a request was refused, so that nothing new is paid from it (`gone`), until it is raised. */
export interface Standing {
  /** What the person made it while the run went on; undefined: it is as it was. */
  readonly raised: Budget | undefined;
  readonly is: 'within' | 'near' | 'gone';
}

/** By task, or {@link WHOLE_RUN}; without an entry, all is as it was. */
export type Standings = ReadonlyMap<TaskId | typeof WHOLE_RUN, Standing>;

export type BudgetEvent = Extract<RunEvent, { type: 'run.nearBudget' | 'run.outOfBudget' | 'run.budgeted' }>;

export function standingsAfter(before: Standings, event: BudgetEvent): Standings {
  const account = event.of ?? WHOLE_RUN;
  const { raised } = before.get(account) ?? { raised: undefined };
  return new Map(before).set(account, standingAfter(raised, event));
}

function standingAfter(raised: Budget | undefined, event: BudgetEvent): Standing {
  switch (event.type) {
    case 'run.nearBudget':
      return { raised, is: 'near' };
    case 'run.outOfBudget':
      return { raised, is: 'gone' };
    case 'run.budgeted':
      return { raised: event.budget, is: 'within' };
  }
}

/** The less of both, each for itself. */
export function leastOf(a: Budget, b: Budget): Budget {
  const least = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
  return budgetWith(least(a.usd, b.usd), least(a.tokens, b.tokens));
}

export function budgetWith(usd: number | undefined, tokens: number | undefined): Budget {
  return { ...(usd === undefined ? {} : { usd }), ...(tokens === undefined ? {} : { tokens }) };
}

/** Whether there is any limit. */
export function isLimited({ usd, tokens }: Budget): boolean {
  return usd !== undefined || tokens !== undefined;
}

/** `$0.50`, `20,000 tokens`, or both. */
export function budgetText({ usd, tokens }: Budget): string {
  const parts = [...(usd === undefined ? [] : [dollars(usd)]), ...(tokens === undefined ? [] : [counted(tokens, 'token')])];
  return parts.join(' and ') || 'no limit';
}

/** What is less than a cent is no $0.00, which would be nothing. */
function dollars(usd: number): string {
  return usd > 0 && usd < 0.01 ? `$${usd.toLocaleString('en', { maximumSignificantDigits: 2 })}` : `$${usd.toFixed(2)}`;
}
