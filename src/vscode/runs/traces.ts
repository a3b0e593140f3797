/** What happened in a run, task by task, as read-only documents; and, where the person wants that, as telemetry of theirs. */
import * as vscode from 'vscode';
import { failureText, type Result } from '../../domain/failure';
import { readTraces, type Traces } from '../../engine/trace/read';
import { sendIfAsked } from '../../engine/trace/send';
import { runTraceLines, taskTraceLines } from '../../engine/trace/text';
import { addressOf, type RunAddress, readAddress } from '../address';
import { showFailure } from '../messages';
import { settingsOf } from '../models/model';
import { COMMANDS, TRACE_SCHEME } from '../names';
import type { RunView, Sessions } from '../session';
import { runTarget, taskTarget } from '../targets';
import { durationText } from './wording';

export function registerTraces(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  return vscode.Disposable.from(
    changed,
    vscode.workspace.registerTextDocumentContentProvider(TRACE_SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) => contentOf(sessions, uri),
    }),
    vscode.commands.registerCommand(COMMANDS.showTrace, (row: unknown) => showRun(sessions, row)),
    vscode.commands.registerCommand(COMMANDS.showTaskTrace, (row: unknown) => showTask(sessions, row)),
    sessions.onDidHappen(({ session, event, state }) => {
      const { run } = state.start;
      for (const { uri } of vscode.workspace.textDocuments) {
        if (uri.scheme === TRACE_SCHEME && readAddress(uri)?.run === run && follows(event.type)) changed.fire(uri);
      }
      if (event.type !== 'run.finished') return;
      const { otlpEndpoint } = settingsOf(session.folder);
      void sendIfAsked(session.repo.stateDir, run, otlpEndpoint).then((sent) => (sent.ok ? undefined : showFailure(sent.failure)));
    }),
  );
}

/** What an agent does within a turn is not worth drawing all of it anew. */
function follows(type: string): boolean {
  return type !== 'task.step' && type !== 'task.turn';
}

async function showRun(sessions: Sessions, row: unknown): Promise<void> {
  const options = { wanted: () => true, title: 'Weft: Show Trace of Run', none: 'There are no runs of this folder yet.', takeOnly: true };
  const view = await runTarget(sessions, row, options);
  if (view !== undefined) await show({ run: view.state.start.run }, 'Trace of run');
}

async function showTask(sessions: Sessions, row: unknown): Promise<void> {
  const options = { wanted: () => true, title: 'Weft: Show Trace of Task', none: 'There are no runs of this folder yet.' };
  const target = await taskTarget(sessions, row, options);
  if (target === undefined) return;
  const { id } = target.task.task;
  await show({ run: target.view.state.start.run, task: id }, `Trace of ${id}`);
}

async function show(of: RunAddress, name: string): Promise<void> {
  const uri = addressOf(TRACE_SCHEME, `${name}.log`, of);
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
}

async function contentOf(sessions: Sessions, uri: vscode.Uri): Promise<string> {
  const address = readAddress(uri);
  const view = address && (await sessions.find(address.run));
  if (address === undefined || view === undefined) return 'This run is not there any more.\n';
  const traces = tracesOf(view);
  return traces.ok ? `${linesOf(traces.value, address.task).join('\n')}\n` : `${failureText(traces.failure)}\n`;
}

function tracesOf({ session, state }: RunView): Result<Traces> {
  return readTraces(session.repo.stateDir, state.start.run, durationText);
}

function linesOf(traces: Traces, wanted: string | undefined): string[] {
  if (wanted === undefined) return runTraceLines(traces, durationText);
  const task = traces.tasks.find(({ task: id }) => id === wanted);
  return task === undefined ? ['This task is not there any more.'] : taskTraceLines(task, traces.timeline.from, durationText);
}
