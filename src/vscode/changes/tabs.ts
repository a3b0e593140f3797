/** The tabs of conflicts: what those of merge editors are about (their kind of tab is not in the stable API yet), and closing them. */
import * as vscode from 'vscode';
import { conflictFolder } from '../../repo/land/conflictFiles';
import type { RunView } from '../session';
import { saveWhole } from '../workspace/documents';
import { stateUri } from '../workspace/stateFiles';

/** VS Code's own: takes one side at each place of the active merge editor. */
const DECIDE_ALL = 'merge.acceptAllInput2';

/** What a merge editor's tab makes; undefined for every other tab. */
export function mergeOf(tab: vscode.Tab | undefined): vscode.Uri | undefined {
  const input: unknown = tab?.input;
  return typeof input === 'object' && input !== null && 'result' in input && input.result instanceof vscode.Uri ? input.result : undefined;
}

/** Whether no editor shows the conflict any more; where VS Code asks before it closes one, the person may think better of it. */
export async function closeConflict({ session, state }: RunView, task: string): Promise<boolean> {
  const folder = `${stateUri(session, conflictFolder(session.repo, state.start.run, task)).toString()}/`;
  const isOf = (uri: vscode.Uri | undefined) => uri?.toString().startsWith(folder) === true;
  // Not to be asked whether to leave places undecided in what is thrown away.
  if (isOf(mergeOf(vscode.window.tabGroups.activeTabGroup.activeTab))) await decideAll();
  for (const document of vscode.workspace.textDocuments) if (isOf(document.uri)) await saveWhole(document);
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.filter((tab) => isOf(shownBy(tab))));
  return tabs.length === 0 || (await vscode.window.tabGroups.close(tabs));
}

/** Decides all that is left in the active merge editor, of which nothing will be used. */
export async function decideAll(): Promise<void> {
  if ((await vscode.commands.getCommands(false)).includes(DECIDE_ALL)) await vscode.commands.executeCommand(DECIDE_ALL);
}

/** The document that a tab shows, or that its merge editor makes. */
export function shownBy(tab: vscode.Tab): vscode.Uri | undefined {
  return mergeOf(tab) ?? (tab.input instanceof vscode.TabInputText ? tab.input.uri : undefined);
}
