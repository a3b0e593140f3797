/** The workspace folder of the suite, as tests set it up and look at it. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { Result } from '../../src/domain/failure';
import { openRepository, type Repository } from '../../src/repo/repository';
import type { Workspace } from '../../src/repo/workspace';
import { placeOf } from '../../src/vscode/workspace/place';
import { vscodeWorkspace } from '../../src/vscode/workspace/workspace';

export interface TestFolder {
  /** The session's. */
  readonly id: string;
  readonly folder: vscode.WorkspaceFolder;
  readonly repo: Repository;
  readonly workspace: Workspace;
  path(name: string): string;
  uri(name: string): vscode.Uri;
}

/** The value of a result; a failure fails the test with its text. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.failure.kind}: ${result.failure.message} ${result.failure.fix}`);
  return result.value;
}

/** Closes every editor without saving, and makes the folder hold just these files (git's own aside). */
export async function freshFolder(files: Readonly<Record<string, string | Buffer>>): Promise<TestFolder> {
  await closeAll();
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error('The suite has no workspace folder.');
  const root = folder.uri.fsPath;
  for (const name of readdirSync(root)) if (name !== '.git') rmSync(join(root, name), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  const repo = must(await openRepository(root));
  return {
    id: basename(repo.stateDir),
    folder,
    repo,
    workspace: vscodeWorkspace(placeOf([folder], repo)),
    path: (name) => join(root, name),
    uri: (name) => vscode.Uri.joinPath(folder.uri, name),
  };
}

/** Reverts and closes all editors, documents that no editor shows included. */
async function closeAll(): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    const ours = document.isUntitled || vscode.workspace.getWorkspaceFolder(document.uri) !== undefined;
    if (!ours || !document.isDirty || document.isClosed) continue;
    await vscode.window.showTextDocument(document, { preview: false });
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

/** Opens a file in an editor. */
export async function openFile(uri: vscode.Uri): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { preview: false });
  return document;
}

/** A file is made anew after so many milliseconds where VS Code has not told of it. */
const AGAIN_MS = 200;

/** Resolves when VS Code tells of what changes in a folder: it sets about that when the window opens, and on a busy machine takes its time. */
export async function watched({ folder }: TestFolder): Promise<void> {
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, 'watched-*'));
  let made = 0;
  const make = () => writeFileSync(join(folder.uri.fsPath, `watched-${++made}`), '');
  const again = setInterval(make, AGAIN_MS);
  await new Promise((resolve) => watcher.onDidCreate(resolve));
  clearInterval(again);
  watcher.dispose();
  for (; made > 0; made--) rmSync(join(folder.uri.fsPath, `watched-${made}`));
}

const TYPING_TRIES = 5;

/** Types text at the beginning of a line (counted from 0), as a person would; nothing is saved. */
export async function typeAt(document: vscode.TextDocument, line: number, text: string): Promise<void> {
  for (let tries = 0; tries < TYPING_TRIES; tries++) {
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(line, 0), text);
    // Refused where VS Code just read the file again, which an earlier test had open with other text: a person's key meets the new text.
    if (await vscode.workspace.applyEdit(edit)) return;
  }
  throw new Error('VS Code did not take the typed text.');
}
