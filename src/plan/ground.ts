/** What a plan stands on: the workspace as it is now, with unsaved text, as a draft to look at, and the commands that the project has. */
import { ok, type Result } from '../domain/failure';
import { BUILT_IN_HEADS, forPlans, type RoleHead } from '../domain/role';
import { Draft } from '../repo/draft/draft';
import type { Repository } from '../repo/repository';
import { wholeTruth } from '../repo/truth/truth';
import type { Workspace } from '../repo/workspace';
import { MANIFESTS, type ProjectCommands, projectCommands } from './projectChecks';

/** So many manifests are read at most, those nearest to the top first; and so many bytes of each. */
const MAX_MANIFESTS = 40;
const MAX_MANIFEST = 500_000;

export interface Ground {
  /** All files that are not ignored, sorted. */
  readonly files: readonly string[];
  /** The workspace, to be looked at and never to be changed. */
  readonly draft: Draft;
  readonly commands: ProjectCommands;
  /** The roles that a task can have. */
  readonly roles: readonly RoleHead[];
}

/** The roles that a tree of the workspace has. */
type RolesAt = (tree: string) => Promise<Result<{ readonly roles: readonly RoleHead[] }>>;

/** Reads the workspace as it is now. Leaves no ref: what is looked at is there for as long as planning takes. `rolesAt`: absent for Weft's own roles, by their names. */
export async function groundOf(repo: Repository, workspace: Workspace, signal: AbortSignal, rolesAt?: RolesAt): Promise<Result<Ground>> {
  const truth = await wholeTruth(repo, workspace, signal);
  if (!truth.ok) return truth;
  const found = (await rolesAt?.(truth.value.tree)) ?? ok({ roles: BUILT_IN_HEADS });
  if (!found.ok) return found;
  const roles = forPlans(found.value.roles);
  const draft = new Draft(repo, truth.value.tree);
  const files = await draft.list('');
  if (!files.ok) return files;
  const texts = new Map<string, string>();
  for (const path of manifestsAmong(files.value)) {
    const content = await draft.look(path);
    if (!content.ok) return content;
    const { bytes, mode } = content.value ?? {};
    if (bytes !== undefined && mode !== '120000' && bytes.length <= MAX_MANIFEST) texts.set(path, bytes.toString());
  }
  return ok({ files: files.value, draft, commands: projectCommands(files.value, texts), roles });
}

function manifestsAmong(files: readonly string[]): string[] {
  const depth = (path: string) => path.split('/').length;
  const found = files.filter((path) => MANIFESTS.includes(path.slice(path.lastIndexOf('/') + 1)));
  return found.sort((a, b) => depth(a) - depth(b)).slice(0, MAX_MANIFESTS);
}
