/** What all that sends agents to work has in common: a trusted workspace, a session, and the start of a run. */
import * as vscode from 'vscode';
import { budgetWith, leastOf } from '../../domain/budget';
import { fail, type Result } from '../../domain/failure';
import type { Plan } from '../../domain/plan';
import { modelsOfPlan } from '../../domain/planModels';
import type { Usage } from '../../domain/usage';
import { limitsOf } from '../../engine/schedule/limits';
import type { Retry } from '../../engine/steering/kept';
import { projectForRun } from '../agents/project';
import { type AgentPorts, runAgents } from '../agents/runAgents';
import { saysTrusted, showFailure, withProgress } from '../messages';
import { moneySet } from '../models/money';
import { tellUnpriced } from '../models/unpriced';
import { usableSettings } from '../models/withoutKey';
import { VIEWS } from '../names';
import { runLimits } from '../runs/limits';
import type { DrivenRun, Session } from '../session';
import { chooseFolders } from './selection';

const DISPATCH_UNTRUSTED = 'Agents read its files, send them to a model and change them, so nothing is dispatched until you trust it.';

export interface Ports extends AgentPorts {
  /** What planning cost, by the plan document's address, until its run starts. */
  readonly planning: Map<string, Usage>;
  /** The addresses of plan documents whose runs go on. */
  readonly running: Set<string>;
  /** The problems of roles that were told. */
  readonly toldRoles: Set<string>;
}

export function dispatchPorts(agents: AgentPorts): Ports {
  return { ...agents, planning: new Map(), running: new Set(), toldRoles: new Set() };
}

/** A command that sends agents to work: only in a workspace that is trusted, and what fails is shown. */
export function dispatching(id: string, act: (...args: unknown[]) => Promise<Result<void>>): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: unknown[]) => {
    if (!saysTrusted(DISPATCH_UNTRUSTED)) return;
    const done = await act(...args);
    if (!done.ok) await showFailure(done.failure);
  });
}

/** The session of a resource's folder; without one, of the folders that the person picks. */
export async function sessionFor(ports: Ports, uri: vscode.Uri | undefined): Promise<Result<Session>> {
  const folders = await chooseFolders(uri);
  return folders === undefined ? fail('cancelled', 'No folder.') : ports.sessions.ofAll(folders);
}

/** Takes the snapshot and sends the agents to work. */
export async function startRun(ports: Ports, session: Session, plan: Plan, planning: Usage, retry?: Retry): Promise<Result<DrivenRun>> {
  const settings = await usableSettings(ports.context, session.folder);
  const agents = await runAgents(ports, session, settings);
  if (!agents.ok) return agents;
  const project = await projectForRun(session, ports.toldRoles, ports.sessions.closing);
  if (!project.ok) return project;
  const set = runLimits(session.folder, project.value.roles);
  if (!set.ok) return set;
  const money = moneySet();
  if (!money.ok) return money;
  const cap = leastOf(money.value.cap, budgetWith(plan.limits?.budgetUsd, plan.limits?.budgetTokens));
  const limits = { ...limitsOf(plan, set.value), undecided: 'wait' as const };
  const { model, attempts, onStale, conflicts } = settings;
  const request = {
    plan,
    model,
    planning,
    limits,
    attempts,
    onStale,
    conflicts,
    lessons: settings.lessons !== 'off',
    cap,
    ...(retry && { retry }),
  };
  const started = await withProgress('Weft: taking a snapshot', (signal) => ports.sessions.start(session, request, agents.value, signal));
  if (!started.ok) return started;
  const asked = [model, ...modelsOfPlan(plan, project.value.roles), ...money.value.fallbacks];
  void tellUnpriced(ports.context.globalState, asked, { cap, prices: money.value.prices });
  // Shown beside whoever types: the keyboard stays where it is.
  void vscode.commands.executeCommand(`${VIEWS.runs}.focus`, { preserveFocus: true });
  void started.value.ended.then((ended) => (ended.ok ? undefined : showFailure(ended.failure)));
  return started;
}
