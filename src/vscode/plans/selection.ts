/** What a person selects for a run: text, lines of an editor, files and folders of the explorer. */
import * as vscode from 'vscode';
import type { Selected } from '../../plan/context';
import { notify } from '../messages';
import { ALL_FOLDERS, type Session } from '../session';
import { folderPathOf, pathOf } from '../workspace/place';

/** Longer files are named, not quoted: agents read them by themselves. */
const MAX_QUOTED_BYTES = 200_000;

/** Asks for what is to be done; undefined where the person changed their mind. */
export async function askGoal(options: { required: boolean; about?: string }): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: options.about === undefined ? 'Weft: Dispatch' : `Weft: Dispatch ${options.about}`,
    prompt: options.required ? 'What should the agents do?' : 'What should the agents do with it? Leave it empty to have them find out.',
    placeHolder: 'Add search to the catalogue, with tests, and describe it in the README',
    ignoreFocusOut: true,
    validateInput: (text) => (options.required && text.trim() === '' ? 'Say what the agents should do.' : undefined),
  });
}

/** The folders to work in: the one of a resource, else the only one, else what the person picks: one, or all of them together. */
export async function chooseFolders(uri: vscode.Uri | undefined): Promise<readonly vscode.WorkspaceFolder[] | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const owner = uri === undefined ? undefined : vscode.workspace.getWorkspaceFolder(uri);
  if (owner !== undefined) return [owner];
  if (folders.length > 1) return pickFolders(folders);
  if (folders[0] !== undefined) return folders;
  const open = { title: 'Open Folder', act: () => vscode.commands.executeCommand('workbench.action.files.openFolder') };
  await notify('error', 'Weft: No folder is open, and agents work in a folder.', [open]);
  return undefined;
}

async function pickFolders(all: readonly vscode.WorkspaceFolder[]): Promise<readonly vscode.WorkspaceFolder[] | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const here = active === undefined ? undefined : vscode.workspace.getWorkspaceFolder(active);
  // What the person is at work in comes first.
  const sorted = [...all].sort((a, b) => Number(b === here) - Number(a === here));
  const items = sorted.map((folder) => ({
    label: folder.name,
    description: folder.uri.fsPath,
    iconPath: vscode.ThemeIcon.Folder,
    folders: [folder],
  }));
  const every = { label: ALL_FOLDERS, description: 'one run that spans them', iconPath: new vscode.ThemeIcon('root-folder'), folders: all };
  const picked = await vscode.window.showQuickPick([...items, every], {
    title: 'Weft: Dispatch',
    placeHolder: 'The folder that the agents work in',
    matchOnDescription: true,
  });
  return picked?.folders;
}

/** The selected lines of an editor, whole lines; the whole file where nothing is selected. */
export function selectedLines(session: Session, editor: vscode.TextEditor): Selected | undefined {
  const { document, selection } = editor;
  const path = pathOf(session.place, document.uri.fsPath);
  if (path === undefined) return undefined;
  if (selection.isEmpty) return { kind: 'file', path, text: document.getText() };
  // A selection that ends before the first character of a line does not mean that line.
  const last = selection.end.character === 0 && selection.end.line > selection.start.line ? selection.end.line - 1 : selection.end.line;
  const text = document.getText(new vscode.Range(selection.start.line, 0, last, document.lineAt(last).text.length));
  return { kind: 'lines', path, startLine: selection.start.line + 1, endLine: last + 1, text };
}

/** Files with their text, folders by name. */
export async function selectedFiles(session: Session, uris: readonly vscode.Uri[]): Promise<Selected[]> {
  const selected: Selected[] = [];
  for (const uri of uris) {
    // The explorer's empty space stands for the whole folder.
    const path = folderPathOf(session.place, uri.fsPath);
    const stat = path === undefined ? undefined : await statOf(uri);
    if (path === undefined || stat === undefined) continue;
    if ((stat.type & vscode.FileType.Directory) !== 0) selected.push({ kind: 'folder', path });
    else selected.push({ kind: 'file', path, text: stat.size > MAX_QUOTED_BYTES ? null : await liveText(uri) });
  }
  return selected;
}

/** Undefined where nothing is there any more. */
async function statOf(uri: vscode.Uri): Promise<vscode.FileStat | undefined> {
  return vscode.workspace.fs.stat(uri).then(
    (found) => found,
    () => undefined,
  );
}

/** A file's text as the person sees it; null where it has none. */
async function liveText(uri: vscode.Uri): Promise<string | null> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) return open.getText();
  const bytes = await vscode.workspace.fs.readFile(uri);
  return bytes.includes(0) ? null : vscode.workspace.decode(bytes, { uri });
}
