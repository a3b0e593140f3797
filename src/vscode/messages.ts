/** Failures as VS Code shows them, each with the button that does what it tells. */
import * as vscode from 'vscode';
import { type Failure, failureText, never } from '../domain/failure';
import { COMMANDS } from './names';
import { withoutLinks } from './runs/wording';

export interface Button extends vscode.MessageItem {
  readonly act: () => Thenable<unknown>;
}

/** A notification with more buttons is not read any more. */
export const MOST_BUTTONS = 3;

/** A notification, and what its buttons do. What agents and plans wrote may be part of the text: no link comes of it. */
export async function notify(severity: 'information' | 'warning' | 'error', text: string, buttons: readonly Button[] = []): Promise<void> {
  const chosen = await shown(severity, withoutLinks(text), buttons);
  await chosen?.act();
}

function shown(severity: 'information' | 'warning' | 'error', text: string, buttons: readonly Button[]): Thenable<Button | undefined> {
  switch (severity) {
    case 'information':
      return vscode.window.showInformationMessage(text, ...buttons);
    case 'warning':
      return vscode.window.showWarningMessage(text, ...buttons);
    case 'error':
      return vscode.window.showErrorMessage(text, ...buttons);
    default:
      return never(severity);
  }
}

/** A cancellation is no news to whoever cancelled. */
export async function showFailure(failure: Failure): Promise<void> {
  if (failure.kind === 'cancelled') return;
  const setKey = { title: 'Set API Key', act: () => vscode.commands.executeCommand(COMMANDS.setApiKey) };
  const choose = { title: 'Choose Model', act: () => vscode.commands.executeCommand(COMMANDS.chooseModel) };
  await notify('error', `Weft: ${failureText(failure)}`, failure.kind === 'auth' ? [setKey, choose] : []);
}

/** Whether the workspace is trusted; says, where it is not, that it is not, and what this means. */
export function saysTrusted(meaning = 'git can run programs that a folder names, so Weft does nothing here until you trust it.'): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = { title: 'Manage Workspace Trust', act: () => vscode.commands.executeCommand('workbench.trust.manage') };
  void notify('error', `Weft: This workspace is in Restricted Mode. ${meaning}`, [manage]);
  return false;
}

/** Runs `work` under a progress notification that can be cancelled, and that shows what it reports. */
export function withProgress<T>(title: string, work: (signal: AbortSignal, report: (step: string) => void) => Promise<T>): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: withoutLinks(title), cancellable: true },
    async (progress, token) => {
      const stop = new AbortController();
      const listening = token.onCancellationRequested(() => stop.abort());
      try {
        return await work(stop.signal, (step) => progress.report({ message: withoutLinks(step) }));
      } finally {
        listening.dispose();
      }
    },
  );
}
