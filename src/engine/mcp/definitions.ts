/** Which servers of the Model Context Protocol a workspace has: read from its files and the person's settings, let through by the person, filled in. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { parseEnv } from 'node:util';
import { type ParseError, parse } from 'jsonc-parser';
import { fail, failureText, ok, type Result, thrownText } from '../../domain/failure';
import { filledIn, type McpDefinition, type McpInput, type McpServer, type ReadDefinitions, readDefinitions } from '../../domain/mcp';
import { isMissing } from '../../repo/files';
import type { NamedServer } from './servers';

/** VS Code's own file, and the one that other tools share. */
const FILES = ['.vscode/mcp.json', '.mcp.json'];

/** `own`: servers by name, as the person's own settings have them; a name that stands there means that server, whatever a file says. */
export async function findDefinitions(folders: readonly string[], own: unknown): Promise<ReadDefinitions> {
  const all = [readDefinitions(own, { source: 'your settings (weft.mcp.servers)', isOwn: true })];
  for (const folder of folders) for (const file of FILES) all.push(await readFileIn(folder, file));
  const definitions: McpDefinition[] = [];
  const problems = all.flatMap((one) => one.problems);
  for (const definition of all.flatMap((one) => one.definitions)) {
    const before = definitions.find(({ name }) => name === definition.name);
    if (before === undefined) definitions.push(definition);
    else if (JSON.stringify(before.server) !== JSON.stringify(definition.server))
      problems.push(`The server “${definition.name}” of ${definition.source} is not used: ${before.source} has another one of that name.`);
  }
  return { definitions, problems };
}

async function readFileIn(folder: string, name: string): Promise<ReadDefinitions> {
  const file = join(folder, name);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    return { definitions: [], problems: isMissing(thrown) ? [] : [`${file} cannot be read: ${thrownText(thrown)}.`] };
  }
  const errors: ParseError[] = [];
  const data: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || data === undefined) return { definitions: [], problems: [`${file} is not JSON.`] };
  return readDefinitions(data, { source: name, isOwn: false });
}

export interface Preparing {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the person lets a server that they did not define themselves be started, or asked. */
  readonly consent: (definition: McpDefinition) => Promise<boolean>;
  /** What the person gives for something that is to be filled in; undefined where they give nothing. */
  readonly input: (input: McpInput, definition: McpDefinition) => Promise<string | undefined>;
}

export interface Prepared {
  readonly servers: readonly NamedServer[];
  readonly problems: readonly string[];
}

/** Those that may be used, with everything filled in. Asks about one after the other. */
export async function prepareServers(definitions: readonly McpDefinition[], ports: Preparing): Promise<Prepared> {
  const servers: NamedServer[] = [];
  const problems: string[] = [];
  for (const definition of definitions) {
    if (!definition.isOwn && !(await ports.consent(definition))) continue;
    const ready = await prepared(definition, ports);
    if (ready.ok) servers.push(ready.value);
    else problems.push(failureText(ready.failure));
  }
  return { servers, problems };
}

async function prepared(definition: McpDefinition, { folder, env, input }: Preparing): Promise<Result<NamedServer>> {
  const inputs = new Map<string, string>();
  for (const one of definition.inputs) {
    const value = (await input(one, definition)) ?? one.default;
    if (value !== undefined) inputs.set(one.id, value);
  }
  const filled = filledIn(definition, { folder, home: homedir(), separator: sep, env, inputs });
  if (!filled.ok) return filled;
  const whole = await withEnvFile(definition, filled.value, folder);
  if (!whole.ok) return whole;
  const given = whole.value.kind === 'http' ? whole.value.headers : whole.value.env;
  if (whole.value.kind === 'http' && !isHttp(whole.value.url))
    return fail('input', `The server “${definition.name}” of ${definition.source} has no address of http or https.`, 'Mend its “url”.');
  return ok({ name: definition.name, server: whole.value, secrets: [...inputs.values(), ...Object.values(given)] });
}

/** What a server gets from a file that its definition names; what the definition says itself goes before. */
async function withEnvFile({ name, source }: McpDefinition, server: McpServer, folder: string): Promise<Result<McpServer>> {
  if (server.kind !== 'stdio' || server.envFile === undefined) return ok(server);
  try {
    const file = parseEnv(await readFile(resolve(folder, server.envFile), 'utf8'));
    const env = Object.fromEntries(Object.entries(file).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
    return ok({ ...server, env: { ...env, ...server.env } });
  } catch (thrown) {
    return fail('file', `The “envFile” of the server “${name}” of ${source} cannot be read: ${thrownText(thrown)}.`, 'Mend its path.');
  }
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
