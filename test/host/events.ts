/** What the extension tells while it works, as events that tests wait for. */
import * as vscode from 'vscode';
import type { RunEvent } from '../../src/domain/event';
import type { RunState } from '../../src/domain/run';
import type { WeftApi } from '../../src/vscode/extension';

interface Heard {
  readonly event: RunEvent;
  readonly state: RunState;
}

export interface Hearing extends vscode.Disposable {
  /** The `count`-th event of a type since the hearing began, as soon as there is one. */
  next(type: RunEvent['type'], count?: number): Promise<Heard>;
  /** A document that is open, and of which this is true. */
  document(wanted: (document: vscode.TextDocument) => boolean): Promise<vscode.TextDocument>;
  /** A tab that opens, or is open. */
  tab(wanted: (tab: vscode.Tab) => boolean): Promise<vscode.Tab>;
}

/** Hears what happens in runs from now on. */
export async function heard(): Promise<Hearing> {
  const extension = vscode.extensions.getExtension<WeftApi>('weft.weft');
  if (extension === undefined) throw new Error('VS Code does not know the extension.');
  const api = await extension.activate();
  const all: Heard[] = [];
  const waiting = new Set<() => void>();
  const listening = api.onDidHappen(({ event, state }) => {
    all.push({ event, state });
    for (const look of waiting) look();
  });
  return {
    next: (type, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const found = all.filter((one) => one.event.type === type)[count - 1];
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    tab: (wanted) =>
      new Promise((resolve) => {
        const look = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs).find(wanted);
        const opening = vscode.window.tabGroups.onDidChangeTabs(() => {
          const found = look();
          if (found === undefined) return;
          opening.dispose();
          resolve(found);
        });
        const open = look();
        if (open !== undefined) {
          opening.dispose();
          resolve(open);
        }
      }),
    document: (wanted) =>
      new Promise((resolve) => {
        const look = () => vscode.workspace.textDocuments.find(wanted);
        const found = look();
        if (found !== undefined) {
          resolve(found);
          return;
        }
        const changing = vscode.Disposable.from(
          vscode.workspace.onDidChangeTextDocument(tell),
          vscode.workspace.onDidOpenTextDocument(tell),
        );
        function tell() {
          const now = look();
          if (now === undefined) return;
          changing.dispose();
          resolve(now);
        }
      }),
    dispose: () => listening.dispose(),
  };
}

/** Sets a setting of Weft's for the whole window. */
export async function setting(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration('weft').update(name, value, vscode.ConfigurationTarget.Global);
}
