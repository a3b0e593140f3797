/** What a plan may come to cost, over its first line: as past runs of its folder tell, beside what it may. */
import * as vscode from 'vscode';
import { budgetText, budgetWith, leastOf } from '../../domain/budget';
import { forecastOf, forecastText } from '../../engine/budget/forecast';
import { projectNow } from '../agents/project';
import { settingsOf } from '../models/model';
import { moneySet } from '../models/money';
import type { Sessions } from '../session';
import { PLANS, readPlanDocument, sessionOfPlan } from './planDocument';

export function registerPlanForecast(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changed,
    vscode.languages.registerCodeLensProvider(PLANS, {
      onDidChangeCodeLenses: changed.event,
      provideCodeLenses: (document) => lensesOf(sessions, document),
    }),
    sessions.onDidHappen(({ event }) => {
      if (event.type === 'run.finished') changed.fire();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('weft')) changed.fire();
    }),
  );
}

/** None where the plan or the prices cannot be read, which is told elsewhere, and of a plan that is in no folder of the window. */
async function lensesOf(sessions: Sessions, document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
  const money = moneySet();
  if (!money.ok || !vscode.workspace.isTrusted) return [];
  const session = await sessionOfPlan(sessions, document.uri);
  if (session?.ok !== true) return [];
  const project = await projectNow(session.value, sessions.closing);
  if (!project.ok) return [];
  const { roles } = project.value;
  const plan = readPlanDocument(document, roles);
  if (!plan.ok) return [];
  const runs = (await sessions.runs()).filter((view) => view.session.id === session.value.id && view.life !== 'running');
  const { model } = settingsOf(session.value.folder);
  const forecast = forecastOf(plan.value, { past: runs.map(({ state }) => state), roles, model, prices: money.value.prices });
  const said = forecastText(forecast);
  const { limits } = plan.value;
  const cap = leastOf(money.value.cap, budgetWith(limits?.budgetUsd, limits?.budgetTokens));
  const isMore = (forecast.usd?.low ?? 0) > (cap.usd ?? Number.POSITIVE_INFINITY);
  const budget = `${isMore ? 'more than the budget' : 'budget'}: ${budgetText(cap)}`;
  const title = `$(${isMore ? 'warning' : 'credit-card'}) ${said === undefined ? 'Cost not known yet' : `As past runs tell: ${said}`} — ${budget}`;
  const command = { title, command: 'workbench.action.openSettings', arguments: ['weft.budget'] };
  return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), command)];
}
