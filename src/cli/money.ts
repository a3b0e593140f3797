/** What a run from the command line may cost, who answers for a model that fails, and where it is recorded: as its options say. */
import { type Budget, budgetWith, leastOf } from '../domain/budget';
import { fail, ok, type Result } from '../domain/failure';
import type { Plan } from '../domain/plan';
import { type OwnPrices, withoutPrice } from '../domain/prices';
import { DEFAULT_BUDGET_USD, MAX_BUDGET_TOKENS, MAX_BUDGET_USD } from '../domain/settings';
import type { Values } from './options';

/** What was said; undefined where nothing was: 0 stands for no limit. */
export interface SaidBudget {
  readonly usd: number | undefined;
  readonly tokens: number | undefined;
}

export function saidBudget(values: Values): Result<SaidBudget> {
  const usd = amountOf('--budget', values.budget, MAX_BUDGET_USD);
  if (!usd.ok) return usd;
  const tokens = amountOf('--budget-tokens', values['budget-tokens'], MAX_BUDGET_TOKENS);
  if (!tokens.ok) return tokens;
  if (tokens.value !== undefined && !Number.isInteger(tokens.value))
    return fail(
      'input',
      `--budget-tokens ${values['budget-tokens']} is no whole number.`,
      'Give a number of tokens: --budget-tokens 500000.',
    );
  return ok({ usd: usd.value, tokens: tokens.value });
}

export function amountOf(option: string, said: string | undefined, most: number): Result<number | undefined> {
  if (said === undefined) return ok(undefined);
  const amount = said.trim() === '' ? Number.NaN : Number(said.replace(/^\$/, ''));
  if (amount >= 0 && amount <= most) return ok(amount);
  return fail(
    'input',
    `${option} ${said} is no number from 0 to ${most.toLocaleString('en')}.`,
    `Give it without a unit: ${option} 5; 0 means no limit.`,
  );
}

/** What is said at the command line goes before what the plan says; where nothing is, the less of the plan's and the default holds. */
export function capFor({ limits }: Pick<Plan, 'limits'>, { usd, tokens }: SaidBudget): Budget {
  const own = leastOf({ usd: DEFAULT_BUDGET_USD }, budgetWith(limits?.budgetUsd, limits?.budgetTokens));
  return budgetWith(limitOf(usd ?? own.usd), limitOf(tokens ?? own.tokens));
}

/** What is said of a run that has a budget already: of what nothing is said, that stays as it is. */
export function budgetNow({ usd, tokens }: SaidBudget, before: Budget): Budget {
  return budgetWith(limitOf(usd ?? before.usd), limitOf(tokens ?? before.tokens));
}

function limitOf(amount: number | undefined): number | undefined {
  return amount === 0 ? undefined : amount;
}

/** What a limit in dollars does not hold for; undefined where it holds for all, or there is none. */
export function unpricedText(models: readonly string[], cap: Budget, prices: OwnPrices): string | undefined {
  const unknown = withoutPrice(models, prices);
  if (cap.usd === undefined || unknown.length === 0) return undefined;
  return `No price is known of ${unknown.join(', ')}, so the limit in dollars does not hold for it. Say its price in WEFT_PRICES, or give --budget-tokens.`;
}
