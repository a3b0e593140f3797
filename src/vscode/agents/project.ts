/** What runs of this window go by of their project: its roles, rules and lessons. */
import * as vscode from 'vscode';
import { ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { problemText, type RoleProblem } from '../../domain/role';
import type { Project } from '../../engine/project/project';
import { wholeTruth } from '../../repo/truth/truth';
import { notify } from '../messages';
import type { Session } from '../session';
import { uriOf } from '../workspace/place';

/** As the workspace is now, unsaved text included. */
export async function projectNow({ repo, workspace, project }: Session, signal: AbortSignal): Promise<Result<Project>> {
  const truth = await wholeTruth(repo, workspace, signal);
  return truth.ok ? project(truth.value.tree) : truth;
}

/** As {@link projectNow}; says which files of roles cannot be used, and are left out: of each problem once (`told`), for it stays in the Problems panel. */
export async function projectForRun(session: Session, told: Set<string>, signal: AbortSignal): Promise<Result<Project>> {
  const project = await projectNow(session, signal);
  if (!project.ok) return project;
  const keyOf = (problem: RoleProblem) => `${session.id} ${problemText(problem)}`;
  const broken = project.value.problems.filter((problem) => problem.kind === 'error' && !told.has(keyOf(problem)));
  for (const problem of broken) told.add(keyOf(problem));
  const [first] = broken;
  if (first === undefined) return ok(project.value);
  const rest = broken.length === 1 ? '' : ` And ${counted(broken.length - 1, 'other file')}.`;
  const show = {
    title: 'Show File',
    act: async () => {
      const at = new vscode.Range(first.line - 1, 0, first.line - 1, 0);
      await vscode.window.showTextDocument(uriOf(session.place, first.path), { selection: at });
    },
  };
  void notify('warning', `Weft: a role is left out. ${problemText(first)}${rest}`, [show]);
  return ok(project.value);
}
