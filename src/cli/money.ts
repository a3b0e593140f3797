/** What a run from the command line may cost, who answers for a model that fails, and where it is recorded: as its options say. */
import { type Budget, budgetWith, leastOf } from '../domain/budget';
import { ok, type Result } from '../domain/failure';
import type { Plan } from '../domain/plan';
import { type OwnPrices, withoutPrice } from '../domain/prices';
import { DEFAULT_BUDGET_USD, MAX_BUDGET_TOKENS, MAX_BUDGET_USD } from '../domain/settings';
import { numberOf } from './numbers';
import type { Values } from './options';

const NONE = '0 means no limit';

/** What was said; undefined where nothing was: 0 stands for no limit. */
export interface SaidBudget {
  readonly usd: number | undefined;
  readonly tokens: number | undefined;
}

export function saidBudget(values: Values): Result<SaidBudget> {
  const usd = dollarsOf('--budget', values.budget);
  if (!usd.ok) return usd;
  const { 'budget-tokens': said } = values;
  const tokens = said === undefined ? ok(undefined) : numberOf('--budget-tokens', said, TOKENS);
  return tokens.ok ? ok({ usd: usd.value, tokens: tokens.value }) : tokens;
}

const TOKENS = { least: 0, most: MAX_BUDGET_TOKENS, example: '--budget-tokens 500000', note: NONE };

/** `option`: as it was called; nothing said is nothing. */
export function dollarsOf(option: string, said: string | undefined): Result<number | undefined> {
  if (said === undefined) return ok(undefined);
  return numberOf(option, said, { least: 0, most: MAX_BUDGET_USD, fractions: true, example: `${option} 5`, note: NONE });
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
  const one = unknown.length === 1;
  return `No price is known of ${unknown.join(', ')}, so the limit in dollars does not hold for ${one ? 'it' : 'them'}. Say ${one ? 'its price' : 'their prices'} in WEFT_PRICES, or give --budget-tokens.`;
}
