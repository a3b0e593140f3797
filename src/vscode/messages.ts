/** Failures as VS Code shows them, each with the button that does what it tells. */
import * as vscode from 'vscode';
import { type Failure, failureText } from '../domain/failure';
import { COMMANDS } from './names';

/** A cancellation is no news to whoever cancelled. */
export async function showFailure(failure: Failure): Promise<void> {
  if (failure.kind === 'cancelled') return;
  const setKey = 'Set API Key';
  const chosen = await vscode.window.showErrorMessage(`Weft: ${failureText(failure)}`, ...(failure.kind === 'auth' ? [setKey] : []));
  if (chosen === setKey) await vscode.commands.executeCommand(COMMANDS.setApiKey);
}

/** Runs `work` under a progress notification that can be cancelled. */
export function withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_progress, token) => {
      const stop = new AbortController();
      const listening = token.onCancellationRequested(() => stop.abort());
      try {
        return await work(stop.signal);
      } finally {
        listening.dispose();
      }
    },
  );
}
