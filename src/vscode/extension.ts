/** Where the extension begins: wires what Weft is made of to VS Code, one feature a line. */
import type { Event, ExtensionContext } from 'vscode';
import type { RunEvent } from '../domain/event';
import type { RunState } from '../domain/run';
import { Pool } from '../engine/agents/pool/pool';
import { SharedModels } from '../model/sharedModels';
import { systemTime } from '../model/time';
import { registerAddTask } from './addTask';
import { registerAttribution } from './attribution';
import { registerBlobs } from './blobs';
import { registerBranch } from './branch';
import { registerBudgets } from './budgets';
import { registerCallOff } from './callOff';
import { registerChanges } from './changes';
import { registerCheckOutput } from './checkOutput';
import { registerChooseModel } from './chooseModel';
import { registerCommandOutput } from './commandOutput';
import { registerConflictCard } from './conflictCard';
import { registerConflicts } from './conflicts';
import { registerDispatch } from './dispatch';
import { registerGoBack } from './goBack';
import { registerInbox } from './inbox';
import { registerInboxNotices } from './inboxNotices';
import { registerInboxView } from './inboxView';
import { registerLessons } from './lessons';
import { registerLimits } from './limits';
import { registerLiveDrafts } from './liveDrafts';
import { McpServers, registerMcp } from './mcp';
import { registerApiKey } from './model';
import { registerConflictsKey, registerNotices } from './notices';
import { registerPlanCompletion } from './planCompletion';
import { registerPlanDiagnostics } from './planDiagnostics';
import { registerPlanLens } from './planDocument';
import { registerPlanForecast } from './planForecast';
import { PlanRoles, registerPlanRouting } from './planRoles';
import { registerProblemFixes } from './problems';
import { registerPruning } from './pruning';
import { registerRadarWatch } from './radarWatch';
import { registerRefining } from './refining';
import { registerResume } from './resume';
import { runsFeed } from './runsFeed';
import { registerRunsView } from './runsView';
import { registerSample } from './sample';
import { Sessions } from './session';
import { registerSnapshots } from './snapshots';
import { registerSnapshotsView } from './snapshotsView';
import { registerSources } from './sources';
import { dispatchPorts } from './starting';
import { registerStateFiles } from './stateFiles';
import { registerStatusBar } from './statusBar';
import { registerSteering } from './steering';
import { registerSummaries } from './summaries';
import { registerTasks } from './tasks';
import { registerTraces } from './traces';
import { registerUndo } from './undo';

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
  const pool = new Pool({ entry: context.asAbsolutePath('dist/worker.js') });
  const servers = new McpServers(context);
  const agents = { context, models: new SharedModels(systemTime), sessions, pool, servers };
  const dispatch = dispatchPorts(agents);
  // What is being landed comes to its end; the rest goes on when the folder is opened again.
  shutDown = () => sessions.leaveAll().finally(() => Promise.all([pool.close(), servers.close()]).then(() => undefined));
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
    registerConflictCard(sessions),
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
    registerConflictsKey(feed),
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
