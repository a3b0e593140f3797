/** Where the extension begins: wires what Weft is made of to VS Code, one feature a line. */
import type { Event, ExtensionContext } from 'vscode';
import type { RunEvent } from '../domain/event';
import type { RunState } from '../domain/run';
import { Pool } from '../engine/agents/pool/pool';
import { SharedModels } from '../model/sharedModels';
import { systemTime } from '../model/time';
import { McpServers, registerMcp } from './agents/mcp';
import { registerRoleProblems } from './agents/roleProblems';
import { registerArbitration } from './changes/arbitration';
import { registerAttribution } from './changes/attribution';
import { registerBlobs } from './changes/blobs';
import { registerBranch } from './changes/branch';
import { registerCallOff } from './changes/callOff';
import { registerChanges } from './changes/changes';
import { registerConflictCard } from './changes/conflictCard';
import { registerConflicts } from './changes/conflicts';
import { registerConflictTabs } from './changes/conflictTabs';
import { registerLiveDrafts } from './changes/liveDrafts';
import { registerUndo } from './changes/undo';
import { registerInbox } from './inbox/inbox';
import { registerInboxNotices } from './inbox/inboxNotices';
import { registerInboxView } from './inbox/inboxView';
import { registerChooseModel } from './models/chooseModel';
import { registerApiKey } from './models/model';
import { registerDispatch } from './plans/dispatch';
import { registerPlanCompletion } from './plans/planCompletion';
import { registerPlanDiagnostics } from './plans/planDiagnostics';
import { registerPlanLens } from './plans/planDocument';
import { registerPlanForecast } from './plans/planForecast';
import { PlanRoles, registerPlanRouting } from './plans/planRoles';
import { registerProblemFixes } from './plans/problems';
import { registerRefining } from './plans/refining';
import { registerSample } from './plans/sample';
import { registerSources } from './plans/sources';
import { dispatchPorts } from './plans/starting';
import { registerAddTask } from './runs/addTask';
import { registerBudgets } from './runs/budgets';
import { registerCheckOutput } from './runs/checkOutput';
import { registerCommandOutput } from './runs/commandOutput';
import { registerContextKeys } from './runs/contextKeys';
import { registerLessons } from './runs/lessons';
import { registerLimits } from './runs/limits';
import { registerNotices } from './runs/notices';
import { registerResume } from './runs/resume';
import { runsFeed } from './runs/runsFeed';
import { registerRunsView } from './runs/runsView';
import { registerStatusBar } from './runs/statusBar';
import { registerSteering } from './runs/steering';
import { registerSummaries } from './runs/summaries';
import { registerTasks } from './runs/tasks';
import { registerTraces } from './runs/traces';
import { Sessions } from './session';
import { registerGoBack } from './snapshots/goBack';
import { registerPruning } from './snapshots/pruning';
import { registerSnapshots } from './snapshots/snapshots';
import { registerSnapshotsView } from './snapshots/snapshotsView';
import { registerRadarWatch } from './workspace/radarWatch';
import { registerStateFiles } from './workspace/stateFiles';

/** What other extensions get from Weft: everything that happens in the runs of this window. */
export interface WeftApi {
  readonly onDidHappen: Event<{ readonly event: RunEvent; readonly state: RunState }>;
}

/** Leaves what runs when the window closes; set while the extension is active. */
let shutDown: (() => Promise<void>) | undefined;

export function activate(context: ExtensionContext): WeftApi {
  const sessions = new Sessions(context);
  const planRoles = new PlanRoles(sessions);
  const feed = runsFeed(sessions);
  const servers = new McpServers(context);
  // Most windows never run an agent.
  let pool: Pool | undefined;
  let models: SharedModels | undefined;
  const agents = {
    context,
    sessions,
    servers,
    pool: () => (pool ??= new Pool({ entry: context.asAbsolutePath('dist/worker.js') })),
    models: () => (models ??= new SharedModels(systemTime)),
  };
  const dispatch = dispatchPorts(agents);
  // What is being landed comes to its end; the rest goes on when the folder is opened again.
  shutDown = () => sessions.leaveAll().finally(() => Promise.all([pool?.close(), servers.close()]).then(() => undefined));
  context.subscriptions.push(
    sessions,
    registerDispatch(dispatch),
    registerSources(dispatch),
    registerProblemFixes(),
    registerRefining(dispatch),
    registerResume(agents),
    registerTasks(sessions),
    registerSteering(sessions),
    registerAddTask(sessions),
    registerBudgets(sessions),
    registerLimits(sessions),
    registerConflicts(sessions),
    registerArbitration(dispatch),
    registerConflictCard(sessions),
    registerConflictTabs(sessions),
    registerGoBack(sessions),
    registerUndo(sessions),
    registerCallOff(sessions),
    registerAttribution(sessions),
    registerBranch(sessions),
    registerSnapshots(sessions),
    registerPruning(sessions),
    registerApiKey(context),
    registerMcp(servers),
    registerChooseModel(context),
    feed,
    registerInbox(sessions),
    registerInboxView(feed, sessions.clock),
    registerInboxNotices(sessions),
    registerRunsView(feed, sessions.clock),
    registerSnapshotsView(sessions, sessions.clock),
    registerStatusBar(feed),
    registerNotices(sessions),
    registerContextKeys(feed),
    registerSample(context, sessions),
    registerBlobs(sessions),
    registerLiveDrafts(sessions),
    registerRadarWatch(sessions),
    registerStateFiles(sessions),
    registerCheckOutput(sessions),
    registerCommandOutput(sessions),
    registerTraces(sessions),
    registerLessons(sessions),
    registerSummaries(sessions),
    registerChanges(),
    planRoles,
    registerRoleProblems(sessions, planRoles),
    // Of what stands over the same line, what was registered last comes first.
    registerPlanForecast(sessions),
    registerPlanLens(planRoles),
    registerPlanRouting(planRoles),
    registerPlanDiagnostics(planRoles),
    registerPlanCompletion(sessions, planRoles),
  );
  return { onDidHappen: sessions.onDidHappen };
}

export async function deactivate(): Promise<void> {
  await shutDown?.();
}
