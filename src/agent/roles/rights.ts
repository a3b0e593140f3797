/** What a role's agents may use of the tools that all agents of a run are told of. Pure. */
import { type AgentRole, TOOL_KINDS, type ToolKind } from '../../domain/role';
import type { Tool } from '../tools/tool';

/** As much of a tool as says what kind it is. */
type Kinded = Pick<Tool, 'name' | 'writes'>;

const MCP = 'mcp__';

/** Undefined for what every role may: reading, asking, finishing. */
function kindOf({ name, writes }: Kinded): ToolKind | undefined {
  if (name === 'run' || name === 'spawn') return name;
  if (name.startsWith(MCP)) return 'mcp';
  return writes ? 'edit' : undefined;
}

/** Why a role's agent may not use a tool, and what to do instead; undefined where it may. Agents share a list of tools, and with it a cached prefix: what is not theirs is refused at the call. */
export function refusal({ name: role, tools }: AgentRole, tool: Kinded): string | undefined {
  const kind = kindOf(tool);
  if (tools === null || kind === undefined) return undefined;
  const has = (one: string) => tools.includes(one);
  // Whoever may not change files may not have it done either.
  const may =
    kind === 'spawn' ? has('spawn') && has('edit') : has(kind) || (kind === 'mcp' && tools.some((one) => matches(one, tool.name)));
  return may
    ? undefined
    : `As ${role} you ${DOES_NOT[kind]}: ${tool.name} is not yours. Do your task without it, and say in your summary what it would have been for.`;
}

const DOES_NOT: Readonly<Record<ToolKind, string>> = {
  edit: 'change no files',
  run: 'run no commands',
  spawn: 'have no others do your work',
  mcp: 'do not use this tool of a server',
};

/** What is said of it beside the role's instructions, so that no call is wasted; undefined where the role may use everything. */
export function rightsText({ tools }: AgentRole): string | undefined {
  if (tools === null) return undefined;
  const missing = TOOL_KINDS.filter((kind) => kind !== 'mcp' && !tools.includes(kind)).map((kind) => DOES_NOT[kind]);
  const servers = tools.filter((one) => one.includes('/'));
  const mcp = tools.includes('mcp')
    ? []
    : [servers.length === 0 ? 'use no tools of servers (mcp__…)' : `use of the tools of servers only ${servers.join(', ')}`];
  const all = [...missing, ...mcp];
  return all.length === 0 ? undefined : `In this role you ${all.join(', ')}. Calls of such tools are refused.`;
}

/** `github/*` and the tool `mcp__github__create_issue`. */
function matches(pattern: string, name: string): boolean {
  const [server = '', one = ''] = pattern.split('/');
  if (one === '') return false;
  const prefix = `${MCP}${plain(server)}__`;
  return one === '*' ? name.startsWith(prefix) : name === prefix + plain(one);
}

/** As names of tools are made for the model. */
function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_');
}
