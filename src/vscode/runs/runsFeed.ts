/** The runs of this window's folders as they stand, read once for all views and not more often than they can be seen to change. */
import * as vscode from 'vscode';
import type { RunView, Sessions } from '../session';

/** Events come in bursts: views read after this many milliseconds, and once for all of them. */
const BURST_MS = 80;

export interface RunsFeed extends vscode.Disposable {
  readonly onDidChange: vscode.Event<void>;
  /** Newest first; waits for the first reading. */
  runs(): Promise<readonly RunView[]>;
}

/** Nothing is read in an untrusted workspace: git itself would run what such a repository configures. */
export function runsFeed(sessions: Sessions): RunsFeed {
  const changed = new vscode.EventEmitter<void>();
  let reading = read(sessions);
  let timer: NodeJS.Timeout | undefined;
  const refresh = () => {
    timer ??= setTimeout(async () => {
      // Cleared first: what changes while this reads must be read again.
      timer = undefined;
      const again = () => read(sessions);
      reading = reading.then(again, again);
      await reading.finally(() => changed.fire());
    }, BURST_MS);
  };
  const listening = [
    sessions.onDidChange(refresh),
    vscode.workspace.onDidChangeWorkspaceFolders(refresh),
    vscode.workspace.onDidGrantWorkspaceTrust(refresh),
  ];
  return {
    onDidChange: changed.event,
    runs: () => reading,
    dispose: () => {
      clearTimeout(timer);
      changed.dispose();
      for (const one of listening) one.dispose();
    },
  };
}

async function read(sessions: Sessions): Promise<readonly RunView[]> {
  return vscode.workspace.isTrusted ? sessions.runs() : [];
}
