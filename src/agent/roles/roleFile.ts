/** A role's file: Markdown with front matter, as Weft, Claude Code and GitHub write it. Pure. */
import { type Document, isCollection, isMap, LineCounter, parseDocument, visit } from 'yaml';
import * as z from 'zod';
import { type RoleDefinition, type RoleProblem, type RoleSource, roleNameSchema } from '../../domain/role';
import { meaningOf } from './toolNames';

/** Who reads such files at home: what is strange to us may be at home there. */
export type Dialect = 'weft' | 'claude' | 'github';

export interface RoleFile {
  /** For a person; a workspace path, or the name of a file of Weft's own. */
  readonly path: string;
  readonly text: string;
  readonly dialect: Dialect;
  readonly source: RoleSource;
}

export interface ReadRole {
  /** Undefined where the file is none, or broken. */
  readonly role: RoleDefinition | undefined;
  readonly problems: readonly RoleProblem[];
}

/** More than that would crowd out what the agent is there for. */
export const MAX_ROLE_CHARACTERS = 40_000;

const FRONT_MATTER = /^\ufeff?---[ \t]*\r?\n(?:([\s\S]*?)\r?\n)?---[ \t]*(?:\r?\n|$)([\s\S]*)$/;

const listSchema = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .transform((all) => all.map((one) => one.trim()).filter((one) => one !== ''));
const fieldsSchema = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  keywords: listSchema.optional(),
  tools: listSchema.nullish(),
  disallowedTools: listSchema.optional(),
  model: z.union([z.string(), z.array(z.string())]).optional(),
  pool: z.string().optional(),
  plans: z.boolean().optional(),
});
type Fields = z.infer<typeof fieldsSchema>;

const OWN_FIELDS = ['name', 'description', 'keywords', 'tools', 'model', 'pool'];
/** Of Weft's own files alone. */
const OUR_FIELDS = ['plans'];

/** What Claude Code calls its models, as the API does. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/\bsonnet\b/i, 'claude-sonnet-5-5'],
  [/\bopus\b/i, 'claude-opus-5'],
  [/\bhaiku\b/i, 'claude-haiku-4-5'],
];

/** Reads a role. A file that cannot be used has one error, which says where and what to do; what is merely not known here is noted and left out. */
export function readRoleFile(file: RoleFile): ReadRole {
  const { path, text, dialect } = file;
  const problems: RoleProblem[] = [];
  const note = (line: number, message: string) => problems.push({ kind: 'note', path, line, message });
  const broken = (line: number, message: string): ReadRole => ({ role: undefined, problems: [{ kind: 'error', path, line, message }] });
  if (text.length > MAX_ROLE_CHARACTERS)
    return broken(1, `is longer than ${MAX_ROLE_CHARACTERS.toLocaleString('en')} characters: shorten it`);
  const [, head = '', body] = FRONT_MATTER.exec(text) ?? [];
  if (body === undefined) {
    if (dialect === 'weft') return broken(1, 'has no front matter: begin it with lines “---”, “description: …” and “---”');
    // A README, say.
    return { role: undefined, problems: [{ kind: 'aside', path, line: 1, message: 'has no front matter, and so is no role' }] };
  }
  const found = dialect === 'weft' ? strictFields(head) : (looseFields(head) ?? strictFields(head));
  if ('message' in found) return broken(found.line, found.message);
  const { fields, lineOf, unknown } = found;
  if (dialect === 'weft')
    for (const key of unknown.filter((one) => file.source.kind === 'file' || !OUR_FIELDS.includes(one)))
      note(lineOf(key), `has a field “${key}”, which a role does not have: use ${OWN_FIELDS.join(', ')}`);
  const name = nameOf(fields, path, dialect);
  const valid = roleNameSchema.safeParse(name);
  if (!valid.success)
    return broken(
      lineOf('name'),
      `has the name “${name.slice(0, 80)}”, which ${valid.error.issues[0]?.message ?? 'is none'}: give it another`,
    );
  const pool = fields.pool === undefined ? undefined : roleNameSchema.safeParse(fields.pool.trim());
  if (pool?.success === false)
    return broken(lineOf('pool'), `has the pool “${fields.pool}”, which ${pool.error.issues[0]?.message ?? 'is none'}: give it another`);
  const instructions = body.trim();
  if (instructions === '')
    return broken(lineAfter(text, body), 'has no instructions: write below its front matter what such an agent is to do');
  if (dialect === 'weft' && fields.description === undefined)
    return broken(1, 'has no description: add a line “description: …” that says what it is for');
  const tools = toolsOf(fields, (one) => note(lineOf('tools'), `names the tool “${one}”, which there is not here: it is left out`));
  const model = modelOf(fields.model, dialect);
  if (model === null)
    note(lineOf('model'), `names the model “${[fields.model].flat().join(', ')}”, which is not known here: the run’s is used`);
  const { description = '', keywords = [] } = fields;
  const role: RoleDefinition = {
    name,
    description: shortened(description),
    keywords,
    ...(pool === undefined ? {} : { pool: pool.data }),
    // Of a workspace's roles none is the engine's own.
    ...(fields.plans === false && file.source.kind === 'builtIn' ? { forPlans: false as const } : {}),
    instructions,
    tools,
    source: file.source,
    model: model ?? undefined,
  };
  return { role, problems };
}

interface Found {
  readonly fields: Fields;
  /** In the file, counted from 1; 1 for what is not there. */
  readonly lineOf: (key: string) => number;
  readonly unknown: readonly string[];
}

/** Line 1 of the file is the mark above the front matter. */
const ABOVE = 1;

function strictFields(head: string): Found | { readonly line: number; readonly message: string } {
  const lines = new LineCounter();
  const document = parseDocument(head, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const said = error.message.replace(/\.?\s*$/, '');
    return {
      line: lines.linePos(error.pos[0]).line + ABOVE,
      message: `has front matter that is no YAML (${said}): mend this line, or put its text in quotes`,
    };
  }
  const lineAt = new Map<string, number>();
  if (isMap(document.contents))
    for (const { key } of document.contents.items)
      if (typeof key === 'object' && key !== null && 'value' in key && 'range' in key && Array.isArray(key.range))
        lineAt.set(String(key.value), lines.linePos(Number(key.range[0])).line + ABOVE);
  const lineOf = (key: string) => lineAt.get(key) ?? 1;
  const data = dataOf(document);
  if (data === undefined) return { line: 1, message: 'has front matter that is more than a list of fields: write lines like “name: …”' };
  const parsed = fieldsSchema.safeParse(data.fields);
  if (parsed.success) return { fields: parsed.data, lineOf, unknown: [...lineAt.keys()].filter((key) => !OWN_FIELDS.includes(key)) };
  const [issue] = parsed.error.issues;
  const key = String(issue?.path[0] ?? '');
  return key === ''
    ? { line: 1, message: 'has front matter that is no list of fields: write lines like “name: …”' }
    : {
        line: lineOf(key),
        message: `has no usable “${key}”: ${key === 'tools' || key === 'keywords' ? 'give a list of names' : 'give a text'}`,
      };
}

/** Undefined where it is made of what no role needs, and what takes for ever to read: lists as keys, and aliases of aliases. */
function dataOf(document: Document.Parsed): { readonly fields: unknown } | undefined {
  let isOdd = false;
  visit(document, {
    Alias: () => {
      isOdd = true;
      return visit.BREAK;
    },
    Pair: (_, { key }) => {
      if (!isCollection(key)) return undefined;
      isOdd = true;
      return visit.BREAK;
    },
  });
  return isOdd ? undefined : { fields: document.toJS() ?? {} };
}

/** Other programs take `description: Use it when: …` for a text, which YAML does not: as they do, line by line. Undefined where it is YAML. */
function looseFields(head: string): Found | undefined {
  if (parseDocument(head, { prettyErrors: false }).errors.length === 0) return undefined;
  const data: Record<string, string> = {};
  const lineAt = new Map<string, number>();
  for (const [at, line] of head.split(/\r?\n/).entries()) {
    const [, key, value = ''] = /^([A-Za-z][\w-]*):[ \t]*(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    data[key] = value
      .trim()
      .replace(/^(["'])(.*)\1$/s, '$2')
      .replace(/^\[(.*)\]$/s, '$1')
      .replaceAll(/(^|,)\s*["']([^"',]*)["']\s*(?=,|$)/g, '$1$2');
    lineAt.set(key, at + 1 + ABOVE);
  }
  const parsed = fieldsSchema.safeParse(data);
  return parsed.success ? { fields: parsed.data, lineOf: (key) => lineAt.get(key) ?? 1, unknown: [] } : undefined;
}

/** Other programs' names are often titles; without one, a file's name is its role's. */
function nameOf({ name }: Fields, path: string, dialect: Dialect): string {
  const file = (path.split('/').pop() ?? '').replace(/\.md$/i, '').replace(/\.(agent|chatmode)$/i, '');
  const said = name?.trim() || file;
  if (dialect === 'weft') return said;
  return said
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, 64);
}

function toolsOf({ tools, disallowedTools = [] }: Fields, onUnknown: (name: string) => void): readonly string[] | null {
  const meanings = (tools ?? ['*']).map((name) => ({ name, meaning: meaningOf(name) }));
  for (const { name, meaning } of meanings) if (meaning === undefined || meaning.kind === 'none') onUnknown(name);
  const refused = disallowedTools.flatMap((name) => named(meaningOf(name)));
  const isAll = meanings.some(({ meaning }) => meaning?.kind === 'all');
  if (isAll && refused.length === 0) return null;
  const given = isAll ? ['edit', 'run', 'spawn', 'mcp'] : meanings.flatMap(({ meaning }) => named(meaning));
  // What takes one tool of a kind away takes the kind: rather too little than too much.
  return [...new Set(given)].filter((name) => !refused.some((one) => one === name || (name === 'mcp' && one.includes('/'))));
}

function named(meaning: ReturnType<typeof meaningOf>): string[] {
  return meaning?.kind === 'tool' ? [meaning.name] : [];
}

/** Undefined for the run's; null where it names one that is not known here. */
function modelOf(said: Fields['model'], dialect: Dialect): string | undefined | null {
  const all = [said ?? []].flat().map((one) => one.trim());
  const [first] = all.filter((one) => one !== '' && one !== 'inherit');
  if (first === undefined) return undefined;
  if (dialect === 'weft') return first;
  for (const one of all) {
    if (/^claude-[a-z0-9.-]+$/.test(one)) return one;
    const family = FAMILIES.find(([pattern]) => pattern.test(one));
    if (family !== undefined) return family[1];
  }
  return null;
}

/** The first sentence or two: other programs' descriptions have whole conversations in them. */
function shortened(description: string): string {
  const line = description.replaceAll('\\n', '\n').split(/\n\s*\n|<example>|\bExamples?:/)[0] ?? '';
  const flat = line.replace(/\s+/g, ' ').trim();
  return flat.length <= 300 ? flat : `${flat.slice(0, 299)}…`;
}

function lineAfter(text: string, body: string): number {
  return text.slice(0, text.length - body.length).split('\n').length;
}
