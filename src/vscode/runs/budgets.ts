/** Budgets of runs that go on: telling the person when one is nearly or wholly spent, and giving it more. */
import * as vscode from 'vscode';
import { type Budget, budgetText, budgetWith, WHOLE_RUN } from '../../domain/budget';
import { budgetOf, emptyAccount, spentFor, spentIn, spentText } from '../../domain/cost';
import type { RunEvent } from '../../domain/event';
import { ok, type Result } from '../../domain/failure';
import { counted, decimalIn } from '../../domain/figures';
import type { RunState } from '../../domain/run';
import { MAX_BUDGET_TOKENS, MAX_BUDGET_USD } from '../../domain/settings';
import { lifeOf } from '../../engine/journal/library';
import { notify, saysTrusted, showFailure } from '../messages';
import { COMMANDS, VIEWS } from '../names';
import type { RunView, Session, Sessions } from '../session';
import { runTarget } from '../targets';
import type { TaskNode } from './nodes';
import { fulfil } from './steering';

const TITLE = 'Weft: Raise Budget';

export function registerBudgets(sessions: Sessions): vscode.Disposable {
  return vscode.Disposable.from(
    sessions.onDidHappen(({ session, event, state }) => tell(session, event, state)),
    vscode.commands.registerCommand(COMMANDS.raiseBudget, async (row: unknown) => {
      if (!saysTrusted()) return;
      const raised = await raise(sessions, row);
      if (!raised.ok) await showFailure(raised.failure);
    }),
  );
}

function tell(session: Session, event: RunEvent, state: RunState): void {
  if (event.type !== 'run.nearBudget' && event.type !== 'run.outOfBudget') return;
  const { of } = event;
  const task = of === undefined ? undefined : state.tasks.get(of);
  const whose = task === undefined ? 'the run' : `“${task.task.title}”`;
  const cap = budgetText(budgetOf(state, of));
  const view: RunView = { session, state, life: lifeOf(state) };
  const row = task === undefined ? { kind: 'run' as const, view } : { kind: 'task' as const, view, task };
  const more = { title: 'Raise Budget…', act: () => vscode.commands.executeCommand(COMMANDS.raiseBudget, row) };
  const show = { title: 'Show Runs', act: () => vscode.commands.executeCommand(`${VIEWS.runs}.focus`) };
  const said =
    event.type === 'run.nearBudget'
      ? `${budgetText(event.spent)} is spent of the budget of ${whose} (${cap}).`
      : `the budget of ${whose} (${cap}) is used up. Its agents wrap up, and nothing new starts; with more, all goes on where it was.`;
  void notify(event.type === 'run.nearBudget' ? 'information' : 'warning', `Weft: ${said}`, [more, show]);
}

async function raise(sessions: Sessions, row: unknown): Promise<Result<unknown>> {
  const wanted = ({ life }: RunView) => life === 'running';
  const view = await runTarget(sessions, row, { wanted, title: TITLE, none: 'No run is going on.', takeOnly: true });
  if (view === undefined) return ok();
  const account = accountOf(view.state, row);
  const budget = await askBudget(view.state, account);
  if (budget === undefined) return ok();
  return fulfil(sessions, view, { kind: 'budget', budget, ...(account === WHOLE_RUN ? {} : { task: account }) }, TITLE);
}

/** Of a task's row, what keeps it from going on; without that, its own budget. */
function accountOf(state: RunState, row: unknown): string {
  if (!isTask(row)) return WHOLE_RUN;
  const task = state.tasks.get(row.task.task.id);
  return task === undefined ? WHOLE_RUN : (emptyAccount(state, task) ?? task.task.id);
}

function isTask(row: unknown): row is TaskNode {
  return typeof row === 'object' && row !== null && 'kind' in row && row.kind === 'task';
}

async function askBudget(state: RunState, account: string): Promise<Budget | undefined> {
  const before = budgetOf(state, account);
  const spent = account === WHOLE_RUN ? spentIn(state) : spentFor(state, account);
  const whose = account === WHOLE_RUN ? 'the run' : `“${state.tasks.get(account)?.task.title ?? account}”`;
  const isGone = state.standings.get(account)?.is === 'gone';
  const inTokens = before.usd === undefined && before.tokens !== undefined;
  const said = await vscode.window.showInputBox({
    title: TITLE,
    prompt: `What ${whose} may spend in all, in ${inTokens ? 'tokens' : 'dollars'}. So far: ${spentText(spent)} of ${budgetText(before)} (${counted(spent.tokens, 'token')})${isGone ? '; the next request might cost more than is left' : ''}. 0 means no limit.`,
    value: String(inTokens ? 2 * (before.tokens ?? 0) : 2 * (before.usd ?? 0)),
    ignoreFocusOut: true,
    validateInput: (text) =>
      amountOf(text, inTokens) === undefined
        ? `Give a number of ${inTokens ? 'tokens' : 'dollars'}, such as ${inTokens ? '500000' : '20'}.`
        : undefined,
  });
  const amount = said === undefined ? undefined : amountOf(said, inTokens);
  if (amount === undefined) return undefined;
  const limit = amount === 0 ? undefined : amount;
  // Of what has both, the one that is not said grows as far as is needed: it is the person's dollars that count.
  const isFull = before.tokens !== undefined && spent.tokens >= 0.8 * before.tokens;
  if (inTokens) return budgetWith(undefined, limit);
  return budgetWith(limit, isFull ? 2 * (before.tokens ?? 0) : before.tokens);
}

function amountOf(text: string, inTokens: boolean): number | undefined {
  const amount = decimalIn(text.trim().replace(/^\$/, ''));
  if (amount === undefined || amount > (inTokens ? MAX_BUDGET_TOKENS : MAX_BUDGET_USD)) return undefined;
  return inTokens && !Number.isInteger(amount) ? undefined : amount;
}
