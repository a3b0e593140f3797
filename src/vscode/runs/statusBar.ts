/** The status bar's item: there while runs of this window are at work, or wait for a decision. */
import * as vscode from 'vscode';
import { budgetText, isLimited } from '../../domain/budget';
import { addSpent, budgetOf, isOutOfBudget, NOTHING_SPENT, spentIn, spentText } from '../../domain/cost';
import { counted } from '../../domain/figures';
import { ownTasks, waitsForPerson } from '../../domain/run';
import { waitingIn } from '../../domain/waiting';
import { isPaused } from '../../engine/schedule/pausing';
import { VIEWS } from '../names';
import type { RunView } from '../session';
import type { RunsFeed } from './runsFeed';
import { costText, stageCounts } from './wording';

export function registerStatusBar(feed: RunsFeed): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('weft.runs', vscode.StatusBarAlignment.Left, 10);
  item.name = 'Weft';
  const update = async () => show(item, (await feed.runs()).filter(isOfThisWindow));
  return vscode.Disposable.from(
    item,
    feed.onDidChange(() => void update()),
  );
}

/** A run of another process, or of long ago, is in the tree, and needs nobody's eye here. */
function isOfThisWindow({ session, state }: RunView): boolean {
  return session.live.has(state.start.run) || state.driver.pid === process.pid;
}

function show(item: vscode.StatusBarItem, runs: readonly RunView[]): void {
  const live = runs.filter((run) => run.life === 'running');
  const atWork = live.filter((run) => !waitsForPerson(run.state));
  const waiting = runs.flatMap(({ state }) => waitingIn(state));
  const open = waiting.length;
  const conflicts = waiting.filter(({ kind }) => kind === 'conflict').length;
  const poor = live.filter(({ state }) => isOutOfBudget(state)).length;
  if (atWork.length === 0 && open === 0 && poor === 0) {
    item.hide();
    return;
  }
  const landed = live.reduce((sum, { state }) => sum + stageCounts(state).landed, 0);
  const tasks = live.reduce((sum, { state }) => sum + ownTasks(state).length, 0);
  const toDecide = open === conflicts ? counted(conflicts, 'conflict') : counted(open, 'decision');
  const isMoving = atWork.some(({ state }) => !isPaused(state));
  const cost = costText(live.map(({ state }) => spentIn(state)).reduce(addSpent, NOTHING_SPENT));
  const progress = `$(${isMoving ? 'sync~spin' : 'debug-pause'}) Weft ${landed}/${tasks}${cost === undefined ? '' : ` · ${cost}`}`;
  if (atWork.length === 0) item.text = `$(warning) Weft: ${open === 0 ? 'out of budget' : toDecide}`;
  else item.text = open === 0 ? progress : `${progress} $(warning) ${open}`;
  item.backgroundColor = open === 0 && poor === 0 ? undefined : new vscode.ThemeColor('statusBarItem.warningBackground');
  const lines = live.map(
    ({ state }) =>
      `${state.start.plan.goal}: ${isPaused(state) ? 'paused, ' : ''}${stageCounts(state).landed} of ${counted(ownTasks(state).length, 'task')} landed, ${spentText(spentIn(state))}${isLimited(budgetOf(state)) ? ` of ${budgetText(budgetOf(state))}` : ''}${isOutOfBudget(state) ? ', out of budget' : ''}`,
  );
  if (open > 0) lines.push(open === conflicts ? `${toDecide} to decide` : `${toDecide} to make`);
  item.command = `${open > conflicts ? VIEWS.inbox : VIEWS.runs}.focus`;
  item.tooltip = lines.join('\n');
  item.accessibilityInformation = { label: `Weft, ${lines.join(', ')}` };
  item.show();
}
