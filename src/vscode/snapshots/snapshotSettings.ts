/** What VS Code's settings of a folder (without one: of the window) say of its snapshots, as they are now. */
import * as vscode from 'vscode';
import type { Include } from '../../domain/include';
import { includeOf, type Keeping, keepingOf, type Setting } from '../../domain/snapshotSettings';

export function includeIn(folder: vscode.WorkspaceFolder | undefined): Include {
  return includeOf(settingIn(folder));
}

export function keepingIn(folder: vscode.WorkspaceFolder | undefined): Keeping {
  return keepingOf(settingIn(folder));
}

function settingIn(folder: vscode.WorkspaceFolder | undefined): Setting {
  const section = vscode.workspace.getConfiguration('weft', folder?.uri);
  return (name) => section.get<unknown>(name);
}
