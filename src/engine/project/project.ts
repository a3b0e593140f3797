/** What a run goes by of its project: its roles, its rules, and what earlier runs learned. */
import { createHash } from 'node:crypto';
import { type ProjectFacts, projectText, type RuleFile } from '../../agent/projectText';
import type { Result } from '../../domain/failure';
import { fittingLessons } from '../../domain/lessons';
import type { Plan } from '../../domain/plan';
import {
  type AgentRole,
  BUILT_IN_HEADS,
  type Catalogue,
  forPlans,
  type Role,
  type RoleFacts,
  type RoleHead,
  type RoleProblem,
} from '../../domain/role';

export interface Project {
  readonly roles: Catalogue;
  readonly rules: readonly RuleFile[];
  /** All that are kept; none where they are switched off. */
  readonly lessons: readonly string[];
  /** What is wrong with files of roles: those are not there, the others are. */
  readonly problems: readonly RoleProblem[];
}

/** Reads a project as a tree or a commit of the workspace has it. `lessons`: whether they are told, where a run has decided that; absent: as it is set by now. */
export type ProjectReader = (tree: string, lessons?: boolean) => Promise<Result<Project>>;

/** What the agents of one run are told of it. */
export interface Context {
  /** The roles that its tasks can have. */
  readonly heads: readonly RoleHead[];
  /** As its agents know it. */
  readonly role: (name: Role) => AgentRole;
  /** The same for all of them. */
  readonly text: string;
}

/** `project`: undefined where it was not read: its roles have their names then, and nothing else. Always the same for the same project and plan, also when the run is gone on with. */
export function contextOf(project: Project | undefined, plan: Plan): Context {
  const bare = (name: Role): AgentRole => ({ name, instructions: '', tools: null, source: { kind: 'builtIn' } });
  if (project === undefined) return { heads: BUILT_IN_HEADS, role: bare, text: '' };
  const facts: ProjectFacts = {
    rules: project.rules,
    roles: forPlans(project.roles),
    lessons: fittingLessons(project.lessons, topicOf(plan)),
  };
  const role = (name: Role): AgentRole => {
    const found = project.roles.find((one) => one.name === name);
    if (found === undefined) return bare(name);
    const { instructions, tools, source } = found;
    return { name, instructions, tools, source };
  };
  return { heads: project.roles, role, text: projectText(facts) };
}

function topicOf({ goal, tasks }: Plan): Parameters<typeof fittingLessons>[1] {
  return {
    text: [goal, ...tasks.flatMap(({ title, instructions }) => [title, instructions])].join(' '),
    paths: tasks.flatMap(({ writes, context }) => [...writes, ...context]),
    roles: [...new Set(tasks.map(({ role }) => role))],
  };
}

/** Claude's own names say nothing to other servers. */
const CLAUDE = 'claude-';

/** What a run's journal keeps of its project. `model`: the run's. */
export function projectFacts({ roles, rules }: Project, model: string): { readonly roles: RoleFacts; readonly rules?: string } {
  const facts = roles.map((role): [Role, RoleFacts[string]] => {
    const own = role.model?.startsWith(CLAUDE) === true && !model.startsWith(CLAUDE) ? undefined : role.model;
    return [
      role.name,
      {
        hash: hashOf([role.instructions, role.tools]),
        ...(own === undefined ? {} : { model: own }),
        ...(role.pool === undefined ? {} : { pool: role.pool }),
      },
    ];
  });
  return { roles: Object.fromEntries(facts), ...(rules.length === 0 ? {} : { rules: hashOf(rules) }) };
}

function hashOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
}
