/** The servers of a workspace that agents may use: which tools they have, and calling these. */
import { homedir } from 'node:os';
import { fail, failureText, ok } from '../../domain/failure';
import type { McpServer } from '../../domain/mcp';
import type { Executor, McpTool } from '../acts/acts';
import { Connection, TIMEOUTS, type Timeouts } from './connection';
import { answerOf } from './content';
import { inputSchemaOf } from './toolSchema';

/** Every tool is in every request: more than these are left out. */
const MAX_TOOLS = 128;
const MAX_DESCRIPTION = 2_000;

/** A server with everything filled in, which the person lets Weft start or ask. */
export interface NamedServer {
  readonly name: string;
  readonly server: McpServer;
  /** What was filled in, and is never repeated. */
  readonly secrets: readonly string[];
}

export interface ServersOptions {
  /** Where they are started. */
  readonly folder: string;
  readonly id: () => string;
  readonly timeouts?: Timeouts;
}

export interface OpenServers {
  readonly tools: readonly McpTool[];
  /** What cannot be used, and why: sentences for a person. */
  readonly problems: readonly string[];
  readonly call: Executor<'mcp'>;
  /** Resolves when nothing of them is left. */
  close(): Promise<void>;
}

/** Starts, or reaches, all of them at once, and asks for their tools; those that fail are told among the problems. */
export async function openServers(servers: readonly NamedServer[], options: ServersOptions, signal: AbortSignal): Promise<OpenServers> {
  const { folder, id, timeouts = TIMEOUTS } = options;
  const connections = new Map<string, Connection>();
  for (const { name, server, secrets } of servers)
    connections.set(name, new Connection({ name, server: atHome(server), secrets, folder, mark: `mcp-${id()}`, timeouts }));
  const looks = await Promise.all([...connections.values()].map((connection) => toolsOf(connection, signal)));
  const tools = looks.flatMap((look) => look.tools);
  const problems = looks.flatMap((look) => look.problems);
  if (tools.length > MAX_TOOLS)
    problems.push(
      `The servers have ${tools.length} tools together, of which agents get the first ${MAX_TOOLS}. Disable servers that are not needed.`,
    );
  return {
    tools: tools.slice(0, MAX_TOOLS),
    problems,
    call: async ({ server, tool, input }, context, until) => {
      const connection = connections.get(server);
      if (connection === undefined) return fail('input', `There is no server “${server}”.`, 'Use one of the tools that you have.');
      context.step(`Asking ${server}: ${tool}`);
      const called = await connection.call({ tool, input }, (text) => context.step(`${server}: ${text}`), until);
      return called.ok ? ok(answerOf(called.value)) : called;
    },
    close: async () => {
      await Promise.all([...connections.values()].map((connection) => connection.close()));
    },
  };
}

/** `~` is a shell's, and there is none. */
function atHome(server: McpServer): McpServer {
  if (server.kind === 'http') return server;
  const home = (text: string) => text.replace(/^~(?=[\\/])/, homedir());
  return { ...server, command: home(server.command), cwd: server.cwd === undefined ? undefined : home(server.cwd) };
}

async function toolsOf(connection: Connection, signal: AbortSignal): Promise<{ tools: McpTool[]; problems: string[] }> {
  const listed = await connection.tools(signal);
  const server = connection.name;
  if (!listed.ok) return { tools: [], problems: [failureText({ ...listed.failure, fix: '' })] };
  const tools: McpTool[] = [];
  const problems: string[] = [];
  for (const { name, description = '', title, inputSchema, annotations } of listed.value) {
    if (tools.some(({ tool }) => tool === name)) continue;
    const schema = inputSchemaOf(inputSchema);
    if (!schema.ok) {
      problems.push(`The tool “${name.slice(0, 100)}” of the server “${server}” is left out: its input ${schema.failure.message}.`);
      continue;
    }
    const said = description.trim() === '' ? (title ?? annotations?.title ?? '') : description;
    // What it says of itself is believed only where it says that it does no harm anywhere: by default a tool may.
    const asks = !(annotations?.readOnlyHint === true && annotations.openWorldHint === false);
    tools.push({ server, tool: name, description: said.slice(0, MAX_DESCRIPTION), inputSchema: schema.value, asks });
  }
  return { tools, problems };
}
