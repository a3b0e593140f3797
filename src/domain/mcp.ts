/** Servers of the Model Context Protocol, as files and settings define them: what is started or asked, with what, and what has to be filled in. Pure. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { fail, ok, type Result } from './failure';

const texts = z.record(z.string(), z.string());

/** What a person said to definitions, by {@link consentKey}. */
export const consentsSchema = z.record(z.string(), z.boolean());
/** The inputs that a person gave: they themselves are kept as secrets. */
export const inputNamesSchema = z.array(z.string());

/** Fields that others know, and Weft does not, are left alone. */
const stdioSchema = z.looseObject({
  type: z.literal('stdio').optional(),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  // Numbers and truth values are common in hand-written files.
  env: z.record(z.string(), z.union([z.string(), z.number().transform(String), z.boolean().transform(String), z.null()])).default({}),
  envFile: z.string().optional(),
  cwd: z.string().optional(),
});
const httpSchema = z.looseObject({
  type: z.enum(['http', 'streamable-http']).optional(),
  url: z.string().min(1),
  headers: texts.default({}),
});
const inputSchema = z.looseObject({
  id: z.string().min(1),
  description: z.string().default(''),
  password: z.boolean().default(false),
  default: z.string().optional(),
  options: z.array(z.union([z.string(), z.looseObject({ value: z.string() }).transform(({ value }) => value)])).default([]),
});

/** What the person is asked for. */
export type McpInput = Readonly<Pick<z.infer<typeof inputSchema>, 'id' | 'description' | 'password' | 'options'>> & {
  readonly default: string | undefined;
};

export type McpServer =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly envFile: string | undefined;
      readonly cwd: string | undefined;
    }
  | { readonly kind: 'http'; readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** How a file writes what is to be filled in: `${env:NAME}` and `${input:ID}`, or `${NAME:-otherwise}`. */
type Dialect = 'editor' | 'shell';

export interface McpDefinition {
  readonly name: string;
  /** File or setting that has it, for a person. */
  readonly source: string;
  /** Whether the person themselves wrote it, into their own settings: then it needs no consent. */
  readonly isOwn: boolean;
  readonly dialect: Dialect;
  /** As it is written, nothing filled in. */
  readonly server: McpServer;
  /** Those that it names. */
  readonly inputs: readonly McpInput[];
}

export interface ReadDefinitions {
  readonly definitions: readonly McpDefinition[];
  /** What cannot be used, and why: sentences for a person. */
  readonly problems: readonly string[];
}

export interface McpSource {
  readonly source: string;
  readonly isOwn: boolean;
}

/** Reads what `.vscode/mcp.json` (`servers`, `inputs`), `.mcp.json` (`mcpServers`) or a setting (the servers themselves) says. */
export function readDefinitions(data: unknown, { source, isOwn }: McpSource): ReadDefinitions {
  const { servers, inputs, dialect } = partsOf(data, isOwn);
  const parsedServers = z.record(z.string(), z.unknown()).safeParse(servers ?? {});
  if (!parsedServers.success) return { definitions: [], problems: [`${source} does not list servers by their names.`] };
  const known = z.array(z.unknown()).safeParse(inputs ?? []);
  const asked = (known.data ?? []).flatMap((one) => inputSchema.safeParse(one).data ?? []);
  const definitions: McpDefinition[] = [];
  const problems: string[] = [];
  for (const [name, raw] of Object.entries(parsedServers.data)) {
    const flags = z.looseObject({ disabled: z.boolean().optional() }).safeParse(raw);
    if (flags.data?.disabled === true) continue;
    const server = serverOf(raw);
    if (!server.ok) {
      problems.push(`The server “${name}” of ${source} cannot be used: ${server.failure.message}`);
      continue;
    }
    const text = JSON.stringify(server.value);
    const named = asked.filter(({ id }) => text.includes(`\${input:${id}}`));
    const its = named.map(({ id, description, password, options, default: otherwise }) => ({
      id,
      description,
      password,
      options,
      default: otherwise,
    }));
    definitions.push({ name, source, isOwn, dialect, server: server.value, inputs: its });
  }
  return { definitions, problems };
}

function partsOf(data: unknown, isOwn: boolean): { servers: unknown; inputs: unknown; dialect: Dialect } {
  const file = z
    .looseObject({ servers: z.unknown().optional(), mcpServers: z.unknown().optional(), inputs: z.unknown().optional() })
    .safeParse(data);
  if (isOwn || !file.success) return { servers: data, inputs: [], dialect: 'editor' };
  const { servers, mcpServers, inputs } = file.data;
  return servers === undefined && mcpServers !== undefined
    ? { servers: mcpServers, inputs: [], dialect: 'shell' }
    : { servers, inputs, dialect: 'editor' };
}

function serverOf(raw: unknown): Result<McpServer> {
  const kind = z.looseObject({ type: z.string().optional(), url: z.unknown().optional(), command: z.unknown().optional() }).safeParse(raw);
  if (!kind.success) return fail('input', 'it is no object.');
  if (kind.data.type === 'sse')
    return fail('input', 'its type “sse” is an old one, which Weft does not speak. Use “http” if the server knows it.');
  if (kind.data.url !== undefined && kind.data.command === undefined) {
    const http = httpSchema.safeParse(raw);
    return http.success ? ok({ kind: 'http', url: http.data.url, headers: http.data.headers }) : misfit(http.error);
  }
  const stdio = stdioSchema.safeParse(raw);
  if (!stdio.success) return misfit(stdio.error);
  const { command, args, env, envFile, cwd } = stdio.data;
  const set = Object.entries(env).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  return ok({ kind: 'stdio', command, args, env: Object.fromEntries(set), envFile, cwd });
}

function misfit({ issues }: z.ZodError): Result<never> {
  const [issue] = issues;
  return fail(
    'input',
    `${issue === undefined || issue.path.length === 0 ? 'it' : issue.path.map(String).join('.')}: ${issue?.message ?? ''}.`,
  );
}

/** What a consent is bound to: this definition, word for word, in this folder. */
export function consentKey({ name, source, server }: McpDefinition, folder: string): string {
  return createHash('sha256')
    .update(JSON.stringify([folder, source, name, server]))
    .digest('hex');
}

/** What a server is, in one line for the person who is asked whether it may start: nothing in it is hidden, or acts on a screen. */
export function definitionText({ server }: McpDefinition): string {
  const plain = (text: string) =>
    text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const quoted = (text: string) => (/^[\w@%+=:,./~^${}-]+$/.test(text) ? text : JSON.stringify(text));
  const named = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`);
  if (server.kind === 'http') return plain([server.url, ...named(server.headers)].join(' '));
  const where = server.cwd === undefined ? [] : [`(in ${server.cwd})`];
  const file = server.envFile === undefined ? [] : [`(with ${server.envFile})`];
  return plain([...named(server.env), quoted(server.command), ...server.args.map(quoted), ...where, ...file].join(' '));
}

/** Where what is to be filled in comes from. */
export interface Variables {
  readonly folder: string;
  readonly home: string;
  /** Between the parts of a path. */
  readonly separator: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By id. */
  readonly inputs: ReadonlyMap<string, string>;
}

/** The server with everything filled in; fails where something is missing, in words for a person. */
export function filledIn({ name, source, server, dialect }: McpDefinition, variables: Variables): Result<McpServer> {
  const missing: string[] = [];
  const fill = (text: string) =>
    text.replace(/\$\{([^{}]*)\}/g, (whole, inside: string) => {
      const value = filling(inside, dialect, variables);
      if (value === undefined) missing.push(whole);
      return value ?? '';
    });
  const all = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fill(value)]));
  const filled: McpServer =
    server.kind === 'http'
      ? { kind: 'http', url: fill(server.url), headers: all(server.headers) }
      : {
          kind: 'stdio',
          command: fill(server.command),
          args: server.args.map(fill),
          env: all(server.env),
          envFile: server.envFile === undefined ? undefined : fill(server.envFile),
          cwd: server.cwd === undefined ? undefined : fill(server.cwd),
        };
  if (missing.length === 0) return ok(filled);
  return fail(
    'input',
    `The server “${name}” of ${source} needs ${[...new Set(missing)].join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not set.`,
    'Set it in the environment that Weft was started with, or give the value when you are asked for it.',
  );
}

function filling(inside: string, dialect: Dialect, { folder, home, separator, env, inputs }: Variables): string | undefined {
  if (dialect === 'shell') {
    const [, variable = '', otherwise] = /^([^:]*)(?::-(.*))?$/s.exec(inside) ?? [];
    return env[variable] ?? otherwise;
  }
  if (inside.startsWith('env:')) return env[inside.slice('env:'.length)];
  if (inside.startsWith('input:')) return inputs.get(inside.slice('input:'.length));
  switch (inside) {
    case 'workspaceFolder':
      return folder;
    case 'workspaceFolderBasename':
      return folder.split(/[\\/]/).at(-1);
    case 'userHome':
      return home;
    case 'pathSeparator':
    case '/':
      return separator;
    default:
      return undefined;
  }
}
