/** Tells the radar of running agents when the person changes what those agents change, too. */
import * as vscode from 'vscode';
import type { Sessions } from '../session';
import { pathOf } from './place';

export function registerRadarWatch(sessions: Sessions): vscode.Disposable {
  const touched = async (uri: vscode.Uri) => {
    if (uri.scheme !== 'file') return;
    for (const { place, live: runs } of await sessions.atWork()) {
      const path = pathOf(place, uri.fsPath);
      for (const { live } of runs.values()) {
        const isTheirs = [...live.state.drafts.values()].some((draft) => draft.changes.some((change) => change.path === path));
        if (isTheirs) live.stir();
      }
    }
  };
  // VS Code watches the workspace anyway: this only has it tell.
  const watcher = vscode.workspace.createFileSystemWatcher('**/*');
  return vscode.Disposable.from(
    watcher,
    watcher.onDidChange((uri) => void touched(uri)),
    watcher.onDidCreate((uri) => void touched(uri)),
    watcher.onDidDelete((uri) => void touched(uri)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => void touched(document.uri)),
  );
}
