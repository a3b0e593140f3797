/** What is wrong with files of roles, in the Problems panel: from when their folder is opened, until they are mended. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { never } from '../../domain/failure';
import type { RoleProblem } from '../../domain/role';
import type { PlanRoles } from '../plans/planRoles';
import type { Session, Sessions } from '../session';
import { uriOf } from '../workspace/place';
import { ROLE_PLACES } from './roleFolders';

export function registerRoleProblems(sessions: Sessions, roles: PlanRoles): vscode.Disposable {
  const shown = vscode.languages.createDiagnosticCollection('weft.roles');
  let round = 0;
  const look = async () => {
    const now = ++round;
    const found = await problemsOf(sessions, roles);
    // What was asked later is known better.
    if (now !== round || sessions.closing.aborted) return;
    const wrong = new Set(found.map(([uri]) => uri.toString()));
    for (const [uri] of shown) if (!wrong.has(uri.toString())) shown.delete(uri);
    shown.set(found);
  };
  void look();
  return vscode.Disposable.from(shown, roles.onDidChange(look));
}

async function problemsOf(sessions: Sessions, roles: PlanRoles): Promise<[vscode.Uri, vscode.Diagnostic[]][]> {
  if (!vscode.workspace.isTrusted) return [];
  const all: [vscode.Uri, vscode.Diagnostic[]][] = [];
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    // To read a project takes a look at all of its files: not where there is nothing to be found.
    if (folder.uri.scheme !== 'file' || !hasRoles(folder.uri)) continue;
    const session = await sessions.of(folder);
    if (session.ok) all.push(...marks(session.value, await roles.problems(session.value)));
  }
  return all;
}

function hasRoles(folder: vscode.Uri): boolean {
  return ROLE_PLACES.some((place) => existsSync(join(folder.fsPath, place, 'agents')));
}

function marks({ place }: Session, problems: readonly RoleProblem[]): [vscode.Uri, vscode.Diagnostic[]][] {
  return problems.flatMap((problem): [vscode.Uri, vscode.Diagnostic[]][] => {
    const severity = severityOf(problem);
    if (severity === undefined) return [];
    const line = problem.line - 1;
    const diagnostic = new vscode.Diagnostic(
      new vscode.Range(line, 0, line, Number.MAX_SAFE_INTEGER),
      `This role ${problem.message}.`,
      severity,
    );
    diagnostic.source = 'Weft';
    return [[uriOf(place, problem.path), [diagnostic]]];
  });
}

/** What other programs' files say beyond what Weft knows is no fault of theirs. */
function severityOf({ kind, path }: RoleProblem): vscode.DiagnosticSeverity | undefined {
  switch (kind) {
    case 'error':
      return vscode.DiagnosticSeverity.Error;
    case 'note':
      return path.startsWith('.weft/') ? vscode.DiagnosticSeverity.Warning : vscode.DiagnosticSeverity.Information;
    case 'aside':
      return undefined;
    default:
      return never(kind);
  }
}
