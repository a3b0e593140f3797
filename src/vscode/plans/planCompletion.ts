/** Completes ids of tasks, roles, and files of the workspace in plans. */
import { posix } from 'node:path';
import * as vscode from 'vscode';
import { forPlans } from '../../domain/role';
import { listFiles } from '../../repo/truth/truth';
import type { Sessions } from '../session';
import { PLANS, sessionOfPlan } from './planDocument';
import type { PlanRoles } from './planRoles';
import { wantedAt } from './planText';

export function registerPlanCompletion(sessions: Sessions, roles: PlanRoles): vscode.Disposable {
  const provider: vscode.CompletionItemProvider = {
    provideCompletionItems: (document, position, token) => complete({ sessions, roles }, document, position, token),
  };
  return vscode.languages.registerCompletionItemProvider(PLANS, provider, '"', '/');
}

interface Known {
  readonly sessions: Sessions;
  readonly roles: PlanRoles;
}

async function complete(
  { sessions, roles }: Known,
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.CompletionItem[]> {
  const wanted = wantedAt(document.getText(), document.offsetAt(position));
  if (wanted === undefined) return [];
  const range = new vscode.Range(document.positionAt(wanted.offset), document.positionAt(wanted.offset + wanted.length));
  if (wanted.kind === 'ids') {
    return wanted.tasks.map(({ id, title }) => ({ ...item(id, range, vscode.CompletionItemKind.Reference), detail: title }));
  }
  if (wanted.kind === 'roles') {
    const known = forPlans(await roles.of(document.uri));
    return known.map(({ name, description }) => ({ ...item(name, range, vscode.CompletionItemKind.EnumMember), detail: description }));
  }
  const files = await filesFor(sessions, document.uri, token);
  const shown = files.map((file) => item(file, range, vscode.CompletionItemKind.File));
  if (!wanted.globs) return shown;
  const folders = [...new Set(files.map((file) => posix.dirname(file)))].filter((folder) => folder !== '.').sort();
  return [...folders.map((folder) => item(`${folder}/**`, range, vscode.CompletionItemKind.Folder)), ...shown];
}

/** Quotation marks are part of what is replaced, and so of what is matched. */
function item(text: string, range: vscode.Range, kind: vscode.CompletionItemKind): vscode.CompletionItem {
  const quoted = JSON.stringify(text);
  return { label: text, kind, range, insertText: quoted, filterText: quoted };
}

async function filesFor(sessions: Sessions, uri: vscode.Uri, token: vscode.CancellationToken): Promise<string[]> {
  if (!vscode.workspace.isTrusted) return [];
  const [first] = vscode.workspace.workspaceFolders ?? [];
  const session = (await sessionOfPlan(sessions, uri)) ?? (first === undefined ? undefined : await sessions.of(first));
  if (session === undefined || !session.ok || token.isCancellationRequested) return [];
  const stop = new AbortController();
  const listening = token.onCancellationRequested(() => stop.abort());
  const files = await listFiles(session.value.repo, session.value.workspace, stop.signal);
  listening.dispose();
  return files.ok ? files.value : [];
}
