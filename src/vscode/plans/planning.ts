/** Planning: what was selected, or said, becomes a plan that the person reviews. */
import * as vscode from 'vscode';
import { notAllowed } from '../../domain/commands';
import { fail, ok, type Result } from '../../domain/failure';
import { problemsText } from '../../domain/plan';
import { addUsage, NO_USAGE, type Usage } from '../../domain/usage';
import { planningModel } from '../../model/runModel';
import { planningText, type Selected } from '../../plan/context';
import { type Ground, groundOf } from '../../plan/ground';
import type { Planned } from '../../plan/planner';
import { approvalsOf } from '../agents/approvals';
import { notify, withProgress } from '../messages';
import { modelOf, settingsOf } from '../models/model';
import { moneySet } from '../models/money';
import { usableSettings } from '../models/withoutKey';
import { shortened } from '../runs/wording';
import type { Session } from '../session';
import { openPlan } from './planDocument';
import { type Ports, startRun } from './starting';

/** Longer commands are cut in a notification; the plan has all of them. */
const COMMAND_LENGTH = 60;

/** Plans what was selected, and shows the plan for review; runs it at once only where the person set that, and it is as it should be. */
export async function planAndRun(ports: Ports, session: Session, selected: readonly Selected[]): Promise<Result<void>> {
  const { plan: approval } = approvalsOf(session.folder).verdicts;
  if (approval === 'deny')
    return fail(
      'denied',
      'Your settings let no plan run that a model made.',
      'Write a plan file (*.weft.json), or change weft.approvals.plan.',
    );
  const planned = await planFor(ports, session, (ground) => planningText(selected, ground));
  if (!planned.ok) return planned;
  const { plan, usage, problems } = planned.value;
  const unread = notAllowed(plan, settingsOf(session.folder).allowedCommands);
  if (approval === 'allow' && unread.length === 0 && problems.length === 0) {
    const started = await startRun(ports, session, plan, usage);
    return started.ok ? ok() : started;
  }
  const shown = await showPlanned(ports, session, planned.value);
  if (shown.ok && approval === 'allow' && problems.length === 0) void tellUnread(unread);
  return shown;
}

/** Has the model plan what a request says, of the workspace as it is. */
export async function planFor(ports: Ports, session: Session, request: (ground: Ground) => string): Promise<Result<Planned>> {
  const settings = await usableSettings(ports.context, session.folder);
  const money = moneySet();
  if (!money.ok) return money;
  const model = await modelOf(ports, settings);
  if (!model.ok) return model;
  return withProgress('Weft: planning', async (signal, report) => {
    const ground = await groundOf(session.repo, session.workspace, signal, session.project);
    if (!ground.ok) return ground;
    const { makePlan } = await import('../../engine/agents/bundledAgents.js');
    const asked = { model: planningModel(model.value, money.value.cap), modelName: settings.model, signal };
    return makePlan({ request: request(ground.value), ground: ground.value, ...asked, report: (step) => report(step ?? 'Thinking') });
  });
}

/** Opens a plan for review, and says what is left to be mended in it. */
export async function showPlanned(ports: Ports, session: Session, { plan, usage, problems }: Planned): Promise<Result<void>> {
  const document = await openPlan(session, plan);
  if (!document.ok) return document;
  addPlanning(ports, document.value.uri, usage);
  if (problems.length > 0)
    void notify('warning', `Weft: the model’s plan is not right yet. Mend it before you run it: ${problemsText(problems)}.`);
  return ok();
}

/** What a plan cost is its run's to pay: that of its first version, and of all revisions. */
export function addPlanning({ planning }: Ports, uri: vscode.Uri, usage: Usage): void {
  const key = uri.toString();
  planning.set(key, addUsage(planning.get(key) ?? NO_USAGE, usage));
}

/** What a model wrote runs as a command only where the person has read it, or allowed it by a rule. */
async function tellUnread(commands: readonly string[]): Promise<void> {
  const what = commands.map((command) => `“${shortened(command, COMMAND_LENGTH)}”`).join(', ');
  const rule = {
    title: 'Allow Commands…',
    act: () => vscode.commands.executeCommand('workbench.action.openSettings', 'weft.commands.allow'),
  };
  await notify('information', `Weft: this plan wants to run ${what}, which no rule of yours allows. Read it, then run it.`, [rule]);
}
