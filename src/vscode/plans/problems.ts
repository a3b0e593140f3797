/** Problems that editors show, for agents to fix: gathered, and offered at each of them as a quick fix. */
import * as vscode from 'vscode';
import type { Problem } from '../../plan/context';
import { COMMANDS } from '../names';
import type { Session } from '../session';
import { pathOf } from '../workspace/place';

/** What Weft itself says of plans. */
const OWN = 'Weft';

/** As VS Code counts them; a hint is nothing wrong. */
function severityOf(severity: vscode.DiagnosticSeverity): Problem['severity'] | undefined {
  switch (severity) {
    case vscode.DiagnosticSeverity.Error:
      return 'error';
    case vscode.DiagnosticSeverity.Warning:
      return 'warning';
    case vscode.DiagnosticSeverity.Information:
      return 'information';
    default:
      return undefined;
  }
}

/** Errors and warnings in files of a session: of one file, or at one place of it, whatever is said there, or of all. */
export function problemsOf(session: Session, at: { uri?: vscode.Uri; range?: vscode.Range | undefined }): Problem[] {
  const { uri, range } = at;
  const found = uri === undefined ? vscode.languages.getDiagnostics() : [[uri, vscode.languages.getDiagnostics(uri)] as const];
  return found.flatMap(([of, diagnostics]) => {
    const path = of.scheme === 'file' ? pathOf(session.place, of.fsPath) : undefined;
    if (path === undefined) return [];
    return diagnostics
      .filter((one) => isForAgents(one) && (range === undefined ? isUrgent(one) : one.range.intersection(range) !== undefined))
      .flatMap((one) => problemOf(path, one) ?? []);
  });
}

function isForAgents({ source, severity }: vscode.Diagnostic): boolean {
  return source !== OWN && severityOf(severity) !== undefined;
}

function isUrgent({ severity }: vscode.Diagnostic): boolean {
  return severity <= vscode.DiagnosticSeverity.Warning;
}

function problemOf(path: string, { range, severity, message, source = '', code }: vscode.Diagnostic): Problem | undefined {
  const known = severityOf(severity);
  const number = typeof code === 'object' ? code.value : code;
  return known && { path, line: range.start.line + 1, severity: known, source: [source, number ?? ''].join(' ').trim(), message };
}

/** Offers at each problem of a file of the workspace to have agents fix it. */
export function registerProblemFixes(): vscode.Disposable {
  const kind = vscode.CodeActionKind.QuickFix;
  const provider: vscode.CodeActionProvider = {
    provideCodeActions: ({ uri }, _range, { diagnostics, only }) => {
      const [first, ...more] = diagnostics.filter(isForAgents);
      if (first === undefined || vscode.workspace.getWorkspaceFolder(uri) === undefined) return [];
      if (only !== undefined && !only.contains(kind)) return [];
      const range = more.reduce((all, one) => all.union(one.range), first.range);
      const title = 'Fix with Weft Agents';
      const action = new vscode.CodeAction(title, kind);
      action.diagnostics = [first, ...more];
      action.command = { title, command: COMMANDS.fixProblems, arguments: [uri, range] };
      return [action];
    },
  };
  return vscode.languages.registerCodeActionsProvider({ scheme: 'file' }, provider, { providedCodeActionKinds: [kind] });
}
