/** What runs of this window may cost, as the person's own settings say: no workspace sets these. */
import * as vscode from 'vscode';
import { type Budget, budgetWith } from '../../domain/budget';
import { ok, type Result } from '../../domain/failure';
import { type OwnPrices, readPrices } from '../../domain/prices';
import { DEFAULT_BUDGET_USD, MAX_BUDGET_TOKENS, MAX_BUDGET_USD } from '../../domain/settings';
import { SETTINGS } from '../names';

export interface Money {
  /** What a run may spend where its plan does not say less. */
  readonly cap: Budget;
  readonly prices: OwnPrices;
  /** Models to ask in the place of one that keeps failing. */
  readonly fallbacks: readonly string[];
  /** Whether runs are recorded. */
  readonly record: boolean;
}

/** Fails where prices are set that cannot be used: by wrong ones nothing would be counted right. */
export function moneySet(): Result<Money> {
  const section = vscode.workspace.getConfiguration('weft');
  const prices = readPrices(section.get<unknown>(SETTINGS.prices));
  if (!prices.ok) return prices;
  const usd = amountOr(section.get<unknown>(SETTINGS.budgetRun), MAX_BUDGET_USD, DEFAULT_BUDGET_USD);
  const tokens = amountOr(section.get<unknown>(SETTINGS.budgetRunTokens), MAX_BUDGET_TOKENS, 0);
  const named = section.get<unknown>(SETTINGS.fallbackModels);
  const fallbacks = Array.isArray(named) ? named.filter((one): one is string => typeof one === 'string' && one.trim() !== '') : [];
  return ok({
    cap: budgetWith(usd === 0 ? undefined : usd, tokens === 0 ? undefined : tokens),
    prices: prices.value,
    fallbacks,
    record: section.get<unknown>(SETTINGS.record) === true,
  });
}

function amountOr(value: unknown, most: number, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.min(value, most) : otherwise;
}
