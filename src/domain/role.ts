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

/** What an agent may be given beside reading, asking and finishing, which all may: to change files, to run commands, to have others do parts, and the tools of servers. */
export const TOOL_KINDS = ['edit', 'run', 'spawn', 'mcp'] as const;
export type ToolKind = (typeof TOOL_KINDS)[number];

/** Where a role's file is: one of Weft's own, or one of the workspace's, by its path. */
const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('builtIn') }),
  z.strictObject({ kind: z.literal('file'), path: z.string() }),
]);
export type RoleSource = z.infer<typeof sourceSchema>;

/** As much of a role as it takes to choose one. */
export interface RoleHead {
  readonly name: Role;
  /** What it is for, in a sentence. */
  readonly description: string;
  /** Words by which a task is found to be its. */
  readonly keywords: readonly string[];
  /** `false`: the engine's own, which no plan and no agent can ask for. */
  readonly forPlans?: false | undefined;
  /** Under which name `weft.pools` counts it, where not its own. */
  readonly pool?: string | undefined;
}

/** As much of a role as its agent has to know. Data: it travels between processes. */
export const agentRoleSchema = z.strictObject({
  name: roleNameSchema,
  /** What its agents are told, after what all agents are. */
  instructions: z.string(),
  /** What its agents may use; null for all that there is. Else kinds, and tools of MCP servers as `server/tool`, where the tool may be `*`. It never adds to what the run allows. */
  tools: z.array(z.string()).readonly().nullable(),
  source: sourceSchema,
});
export type AgentRole = Readonly<z.infer<typeof agentRoleSchema>>;

export interface RoleDefinition extends RoleHead, AgentRole {
  /** The model of its tasks that name none; undefined for that of the run. */
  readonly model: string | undefined;
}

/** All roles that a run can have, each name once: Weft's own first, then those of the workspace. */
export type Catalogue = readonly RoleDefinition[];

/** The built-in roles by their names alone: what is known where no catalogue was read. */
export const BUILT_IN_HEADS: readonly RoleHead[] = BUILT_IN_ROLES.map((name) => ({ name, description: '', keywords: [] }));

/** Those that a plan can ask for. */
export function forPlans<One extends RoleHead>(roles: readonly One[]): One[] {
  return roles.filter((role) => role.forPlans !== false);
}

/** The names under which `weft.pools` counts agents. */
export function poolNames(roles: readonly RoleHead[]): string[] {
  return [...new Set(forPlans(roles).flatMap(({ name, pool }) => [name, pool ?? name]))];
}

/** Why a name is no role's; undefined where it is one's. */
export function unknownRole(name: Role, roles: readonly RoleHead[]): string | undefined {
  const known = forPlans(roles).map((role) => role.name);
  return known.includes(name) ? undefined : `there is no role “${name}”: use one of ${known.join(', ')}`;
}

/** What a run keeps of its roles. */
export const roleFactsSchema = z.record(
  z.string(),
  z.object({
    /** Of what its agents are told, and what they may use. */
    hash: z.string(),
    /** The model of its tasks that name none; absent for the run's. */
    model: z.string().optional(),
    /** Under which name its agents are counted; absent for its own. */
    pool: z.string().optional(),
  }),
);
export type RoleFacts = z.infer<typeof roleFactsSchema>;

interface Started {
  readonly model: string;
  readonly roles?: RoleFacts | undefined;
}

/** The model of a role's tasks that name none. */
export function modelOfRole({ model, roles }: Started, role: Role): string {
  return roles?.[role]?.model ?? model;
}

/** Under which name pools count a role's agents. */
export function poolOfRole({ roles }: Pick<Started, 'roles'>, role: Role): string {
  return roles?.[role]?.pool ?? role;
}

/** Something about a role's file: the role is not there for it (`error`), or is there without it (`note`); or the file was never meant as one (`aside`). */
export interface RoleProblem {
  readonly kind: 'error' | 'note' | 'aside';
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** What is wrong, and what to do about it. */
  readonly message: string;
}

/** `.weft/agents/x.md:3 has no …`, for a person. */
export function problemText({ path, line, message }: RoleProblem): string {
  return `${path}:${line} ${message}.`;
}
