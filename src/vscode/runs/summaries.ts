/** What came of a run, as one answer: a Markdown document that follows the run. */
import * as vscode from 'vscode';
import { failureText, never } from '../../domain/failure';
import { readSynthesis } from '../../engine/synthesis/read';
import type { Next } from '../../engine/synthesis/synthesis';
import { synthesisText } from '../../engine/synthesis/text';
import { addressOf, readAddress } from '../address';
import { COMMANDS, SUMMARY_SCHEME } from '../names';
import type { Sessions } from '../session';
import { runTarget } from '../targets';
import { durationText, escaped } from './wording';

const MARKDOWN = 'vscode.markdown-language-features';

/** Steps and turns of agents are not worth writing all of it anew. */
const QUIET = new Set(['task.step', 'task.turn']);

export function registerSummaries(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  return vscode.Disposable.from(
    changed,
    vscode.workspace.registerTextDocumentContentProvider(SUMMARY_SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) => contentOf(sessions, uri),
    }),
    vscode.commands.registerCommand(COMMANDS.showSummary, (row: unknown) => show(sessions, row)),
    sessions.onDidHappen(({ event, state }) => {
      if (!QUIET.has(event.type)) changed.fire(summaryUri(state.start.run));
    }),
  );
}

function summaryUri(run: string): vscode.Uri {
  return addressOf(SUMMARY_SCHEME, 'Summary of run.md', { run });
}

async function show(sessions: Sessions, row: unknown): Promise<void> {
  const options = { wanted: () => true, title: 'Weft: Show Summary of Run', none: 'There are no runs of this folder yet.', takeOnly: true };
  const view = await runTarget(sessions, row, options);
  if (view === undefined) return;
  const uri = summaryUri(view.state.start.run);
  // The preview comes with an extension of VS Code's own, which can be switched off.
  if (vscode.extensions.getExtension(MARKDOWN) !== undefined) await vscode.commands.executeCommand('markdown.showPreview', uri);
  else await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
}

async function contentOf(sessions: Sessions, uri: vscode.Uri): Promise<string> {
  const address = readAddress(uri);
  const view = address && (await sessions.find(address.run));
  if (view === undefined) return 'This run is not there any more.\n';
  const synthesis = readSynthesis(view.session.repo.stateDir, view.state, Date.now());
  if (!synthesis.ok) return `${escaped(failureText(synthesis.failure))}\n`;
  return synthesisText(synthesis.value, { quoted: escaped, duration: durationText, way });
}

/** The command that does it. */
function way(next: Next): string {
  switch (next.kind) {
    case 'answer':
      return '';
    case 'budget':
      return '(_Raise Budget…_)';
    case 'resume':
      return '(_Resume Run_)';
    case 'decide':
      return '(_Open Conflict_ on its row)';
    case 'held':
      return '(_Land Draft_, _Rework Task_ or _Discard Draft…_ on its row)';
    case 'retry':
      return '(_Retry Task_ on its row)';
    case 'arbitrate':
      return '(_Ask an Arbiter_ or _Open Conflict_ on its row of the earlier run)';
    case 'rest':
      return '(_Plan the Rest_)';
    case 'findings':
      return '';
    case 'handOver':
      return '(_Show Changes of Task_ on the rows, then _Create Branch from Run…_)';
    default:
      return never(next);
  }
}
