/** What the command line goes by of a project: its roles, rules and lessons. */
import { join } from 'node:path';
import { ok, type Result } from '../domain/failure';
import { problemText } from '../domain/role';
import type { Project, ProjectReader } from '../engine/project/project';
import type { Repository } from '../repo/repository';
import { wholeTruth } from '../repo/truth/truth';
import type { Workspace } from '../repo/workspace';
import type { Output } from './output';

interface Looking {
  readonly repo: Repository;
  readonly workspace: Workspace;
  readonly output: Pick<Output, 'warn'>;
  readonly signal: AbortSignal;
}

/** What earlier runs learned is told, where a run does not say otherwise. */
export async function projectOf(repo: Repository): Promise<ProjectReader> {
  const { projectReader } = await import('../engine/agents/bundledAgents.js');
  return projectReader(repo, { builtIn: join(__dirname, '..', 'media', 'roles'), lessons: () => true });
}

/** As the workspace is now. Says what is wrong with files of roles. */
export async function projectNow({ repo, workspace, output, signal }: Looking): Promise<Result<Project>> {
  const truth = await wholeTruth(repo, workspace, signal);
  if (!truth.ok) return truth;
  const project = await (await projectOf(repo))(truth.value.tree);
  if (!project.ok) return project;
  for (const problem of project.value.problems) if (problem.kind === 'error') output.warn(problemText(problem));
  return ok(project.value);
}
