/** Models whose price is not known: the person is told, once for each, that a budget in dollars does not hold for it. */
import * as vscode from 'vscode';
import { type Budget, budgetText } from '../../domain/budget';
import { type OwnPrices, withoutPrice } from '../../domain/prices';
import { notify } from '../messages';
import { SETTINGS } from '../names';

/** The models that were told of, in any window. */
const TOLD = 'weft.unpriced.told';
/** So many of them are remembered. */
const MAX_TOLD = 200;

export interface RunMoney {
  readonly cap: Budget;
  readonly prices: OwnPrices;
}

/** `models`: those that a run may ask. A run that is limited in tokens as well has a limit that holds. */
export async function tellUnpriced(memory: vscode.Memento, models: readonly string[], { cap, prices }: RunMoney): Promise<void> {
  if (cap.usd === undefined || cap.tokens !== undefined) return;
  const told = memory.get<readonly string[]>(TOLD, []);
  const news = withoutPrice(models, prices).filter((model) => !told.includes(model));
  if (news.length === 0) return;
  await memory.update(TOLD, [...news, ...told].slice(0, MAX_TOLD));
  const set = (title: string, name: string) => ({
    title,
    act: () => vscode.commands.executeCommand('workbench.action.openSettings', `weft.${name}`),
  });
  const names = news.map((model) => `“${model}”`).join(', ');
  await notify(
    'warning',
    `Weft: No price is known of ${names}, so the budget of ${budgetText({ usd: cap.usd })} does not hold for ${news.length === 1 ? 'it' : 'them'}. Say the price in weft.${SETTINGS.prices}, or set a limit in tokens.`,
    [set('Set Price', SETTINGS.prices), set('Limit Tokens', SETTINGS.budgetRunTokens)],
  );
}
