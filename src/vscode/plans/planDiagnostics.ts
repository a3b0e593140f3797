/** Marks in open plans what their JSON schema cannot tell: circles, unknown and double ids, unknown roles, paths that lead out, too many tasks. */
import * as vscode from 'vscode';
import { PLANS } from './planDocument';
import type { PlanRoles } from './planRoles';
import { planMarks } from './planText';

/** A plan is checked when nobody has typed in it for this many milliseconds. */
const PAUSE_MS = 250;

export function registerPlanDiagnostics(roles: PlanRoles): vscode.Disposable {
  const problems = vscode.languages.createDiagnosticCollection('weft');
  const timers = new Map<string, NodeJS.Timeout>();
  const check = async (document: vscode.TextDocument) => {
    const known = await roles.of(document.uri);
    if (document.isClosed) return;
    problems.set(
      document.uri,
      planMarks(document.getText(), known).map(({ offset, length, message }) => {
        const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
        const diagnostic = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
        diagnostic.source = 'Weft';
        return diagnostic;
      }),
    );
  };
  const soon = (document: vscode.TextDocument, ms: number) => {
    if (vscode.languages.match(PLANS, document) === 0) return;
    const key = document.uri.toString();
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key);
        void check(document);
      }, ms),
    );
  };
  for (const document of vscode.workspace.textDocuments) soon(document, 0);
  return vscode.Disposable.from(
    problems,
    roles.onDidChange(() => {
      for (const document of vscode.workspace.textDocuments) soon(document, PAUSE_MS);
    }),
    vscode.workspace.onDidOpenTextDocument((document) => soon(document, 0)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => soon(document, PAUSE_MS)),
    vscode.workspace.onDidCloseTextDocument((document) => problems.delete(document.uri)),
    new vscode.Disposable(() => {
      for (const timer of timers.values()) clearTimeout(timer);
    }),
  );
}
