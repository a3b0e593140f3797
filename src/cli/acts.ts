/** What agents of a run from the command line may ask of their host: commands, and tools of the folder's MCP servers, where the person lets them. */
import type { Approvals } from '../domain/approvals';
import { systemClock } from '../domain/clock';
import { definitionText, type McpInput } from '../domain/mcp';
import type { ActPorts } from '../engine/acts/acts';
import { commandExecutor } from '../engine/acts/commands';
import { findDefinitions, prepareServers } from '../engine/mcp/definitions';
import type { OpenServers } from '../engine/mcp/servers';
import type { FolderPool } from '../repo/commands/folderPool';
import type { Agents } from './agents';
import type { CliPorts } from './run';

export interface Allowed {
  readonly approvals: Approvals;
  /** Names of servers that may be started, or asked. */
  readonly servers: readonly string[];
}

/** `agents`: end the servers with themselves. */
export async function actsFor(
  { approvals, servers: names }: Allowed,
  ports: CliPorts,
  { agents, folders }: { readonly agents: Agents; readonly folders: FolderPool },
): Promise<{ readonly acts: ActPorts; readonly agents: Agents }> {
  const command = commandExecutor(ports.repo, folders);
  const servers = await serversOf(names, ports);
  const acts = { approvals: () => approvals, command };
  if (servers === undefined) return { acts, agents };
  const mcp = { tools: () => servers.tools, call: servers.call };
  const close = async () => {
    await Promise.all([agents.close(), servers.close()]);
  };
  return { acts: { ...acts, mcp }, agents: { ...agents, close } };
}

/** What the folder names, the person has to let in by name: it may be a stranger's. */
async function serversOf(names: readonly string[], { repo, output, signal }: CliPorts): Promise<OpenServers | undefined> {
  const roots = typeof repo.root === 'string' ? [repo.root] : repo.root.map(({ folder }) => folder);
  const [folder = process.cwd()] = roots;
  const { definitions, problems } = await findDefinitions(roots, undefined);
  for (const problem of problems) output.warn(problem);
  for (const name of names)
    if (!definitions.some((one) => one.name === name))
      output.warn(`There is no MCP server “${name}” in .vscode/mcp.json or .mcp.json, so --allow-mcp ${name} means nothing.`);
  const prepared = await prepareServers(definitions, {
    folder,
    env: process.env,
    consent: async (definition) => {
      if (names.includes(definition.name)) return true;
      output.warn(
        `Agents do not use the MCP server “${definition.name}” of ${definition.source} (${definitionText(definition)}): it needs --allow-mcp ${definition.name}.`,
      );
      return false;
    },
    input: async (input) => process.env[variableOf(input)],
  });
  for (const problem of prepared.problems) output.warn(problem);
  if (prepared.servers.length === 0) return undefined;
  const { openServers } = await import('../engine/mcp/bundledMcp.js');
  const opened = await openServers(prepared.servers, { folder, id: () => systemClock.id() }, signal);
  for (const problem of opened.problems) output.warn(problem);
  return opened;
}

/** Nobody is asked here: what is to be given stands in the environment. */
function variableOf({ id }: McpInput): string {
  return `WEFT_INPUT_${id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}
