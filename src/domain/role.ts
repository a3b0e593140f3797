/** Roles: what kinds of agents there are, as the plan, the scheduler and the agents know them. */
import * as z from 'zod';

/** The roles that Weft brings along; their files are in `media/roles`. */
export const BUILT_IN_ROLES = ['coder', 'debugger', 'security', 'database', 'tester', 'reviewer', 'docs', 'researcher'] as const;

/** Who does a task for which no other role speaks. */
export const DEFAULT_ROLE = 'coder';

/** The name of a role; which there are says the catalogue. */
export type Role = string;

/** Breakers are known by `role@model`, and pools on the command line by `ROLE=N`: neither character is in a name. */
export const roleNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be small letters, digits, “-” or “_”, at most 64, and begin with a letter or digit');

/** What an agent may be given beside reading, asking and finishing, which all have: by kinds, or single tools of MCP servers (`server/tool`). */
export const TOOL_KINDS = ['edit', 'run', 'spawn', 'diagnostics', 'mcp'] as const;
export type ToolKind = (typeof TOOL_KINDS)[number];

/** Where a role's file is: one of Weft's own, or one of the workspace's, by its path. */
export type RoleSource = { readonly kind: 'builtIn' } | { readonly kind: 'file'; readonly path: string };

/** As much of a role as it takes to choose one. */
export interface RoleHead {
  readonly name: Role;
  /** What it is for, in a sentence. */
  readonly description: string;
  /** Words by which a task is found to be its. */
  readonly keywords: readonly string[];
  /** Under which name `weft.pools` counts it, where not its own. */
  readonly pool?: string | undefined;
}

export interface RoleDefinition extends RoleHead {
  /** What its agents are told, after what all agents are. */
  readonly instructions: string;
  /** What its agents may use; null for all that there is. A kind, or `server/tool`, where the tool may be `*`. It never adds to what the run allows. */
  readonly tools: readonly string[] | null;
  /** The model of its tasks that name none; undefined for that of the run. */
  readonly model: string | undefined;
  readonly source: RoleSource;
}

/** All roles that a run can have, each name once: Weft's own first, then those of the workspace. */
export type Catalogue = readonly RoleDefinition[];

/** The built-in roles by their names alone: what is known where no catalogue was read. */
export const BUILT_IN_HEADS: readonly RoleHead[] = BUILT_IN_ROLES.map((name) => ({ name, description: '', keywords: [] }));

/** The names under which `weft.pools` counts agents. */
export function poolNames(roles: readonly RoleHead[]): string[] {
  return [...new Set(roles.flatMap(({ name, pool }) => [name, pool ?? name]))];
}

/** Why a name is no role's; undefined where it is one's. */
export function unknownRole(name: Role, roles: readonly RoleHead[]): string | undefined {
  return roles.some((role) => role.name === name)
    ? undefined
    : `there is no role “${name}”: use one of ${roles.map((role) => role.name).join(', ')}`;
}
