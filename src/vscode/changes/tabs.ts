/** What the tabs of merge editors are about; their kind of tab is not in the stable API yet. */
import * as vscode from 'vscode';

/** What a merge editor's tab makes; undefined for every other tab. */
export function mergeOf(tab: vscode.Tab | undefined): vscode.Uri | undefined {
  const input: unknown = tab?.input;
  return typeof input === 'object' && input !== null && 'result' in input && input.result instanceof vscode.Uri ? input.result : undefined;
}
