/** Where the extension begins: wires what Weft is made of to VS Code, one feature a line. */
import type { ExtensionContext } from 'vscode';
import { registerConflicts } from './conflicts';
import { registerDispatch } from './dispatch';
import { registerGoBack } from './goBack';
import { registerApiKey } from './model';
import { Sessions } from './session';
import { registerTasks } from './tasks';

/** Stops what runs when the window closes; set while the extension is active. */
let shutDown: (() => Promise<void>) | undefined;

export function activate(context: ExtensionContext): void {
  const sessions = new Sessions();
  shutDown = () => sessions.stopAll();
  context.subscriptions.push(
    sessions,
    registerDispatch(context, sessions),
    registerTasks(sessions),
    registerConflicts(sessions),
    registerGoBack(sessions),
    registerApiKey(context),
  );
}

export async function deactivate(): Promise<void> {
  await shutDown?.();
}
