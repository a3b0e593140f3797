/** What a server says that its tools take, made into what the Messages API accepts: of one bad schema, a request fails for all agents. Pure. */
import * as z from 'zod';
import { fail, ok, type Result } from '../../domain/failure';

/** Characters of one schema as JSON, and how deep it may go. */
const MAX_LENGTH = 30_000;
const MAX_DEPTH = 20;

const typeName = z.enum(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']);
const count = z.int().min(0);
/** Keywords that have to be what they are; those that are left out here, servers of the API do not look at. */
const keywords = z.looseObject({
  type: z.union([typeName, z.array(typeName).min(1)]).optional(),
  required: z.array(z.string()).optional(),
  enum: z.array(z.unknown()).optional(),
  description: z.string().optional(),
  title: z.string().optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().positive().optional(),
  minLength: count.optional(),
  maxLength: count.optional(),
  minItems: count.optional(),
  maxItems: count.optional(),
  minProperties: count.optional(),
  maxProperties: count.optional(),
  uniqueItems: z.boolean().optional(),
  $ref: z.string().optional(),
});

/** Where schemas stand in a schema: alone, in a list, or by name. */
const ALONE = ['items', 'additionalProperties', 'contains', 'propertyNames', 'not', 'if', 'then', 'else', 'additionalItems'];
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const NAMED = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];

/** As the API wants the names of what a tool takes. */
const PROPERTY = /^[a-zA-Z0-9_.-]{1,64}$/;

/** The schema of a tool's input, of type object. Fails where no server of the API would take it; the message says why, without a subject. */
export function inputSchemaOf(raw: unknown): Result<Record<string, unknown>> {
  const parsed = z.record(z.string(), z.unknown()).safeParse(raw);
  if (!parsed.success) return fail('input', 'is no object');
  // These the API refuses at the top; what is left of the schema still says what there is.
  const { $schema: _, $id: __, anyOf: ___, oneOf: ____, allOf: _____, ...rest } = parsed.data;
  const schema = { ...rest, type: rest['type'] ?? 'object' };
  if (schema.type !== 'object') return fail('input', 'is of no object');
  if (JSON.stringify(schema).length > MAX_LENGTH) return fail('input', `is longer than ${MAX_LENGTH.toLocaleString('en')} characters`);
  const wrong = problemIn(schema, 'it', 0);
  if (wrong !== undefined) return fail('input', `cannot be used (${wrong})`);
  const odd = Object.keys(recordAt(schema, 'properties') ?? {}).find((name) => !PROPERTY.test(name));
  return odd === undefined
    ? ok(schema)
    : fail('input', `has a property ${JSON.stringify(odd.slice(0, 100))}, which is no name that a model may use`);
}

/** What is wrong in a schema; undefined where nothing is. */
function problemIn(schema: unknown, at: string, depth: number): string | undefined {
  if (typeof schema === 'boolean') return undefined;
  if (depth > MAX_DEPTH) return `it is more than ${MAX_DEPTH} deep`;
  const parsed = keywords.safeParse(schema);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${[at, ...(issue?.path.map(String) ?? [])].join('.')}: ${issue?.message ?? 'unknown'}`;
  }
  const inner: [string, unknown][] = [];
  for (const name of ALONE) {
    const one = parsed.data[name];
    // Before 2020, items could be a list.
    if (Array.isArray(one)) return `${at}.${name}: is a list`;
    if (one !== undefined) inner.push([name, one]);
  }
  for (const name of LISTS) {
    const list = parsed.data[name];
    if (list === undefined) continue;
    if (!Array.isArray(list) || list.length === 0) return `${at}.${name}: is no list of schemas`;
    for (const [index, one] of list.entries()) inner.push([`${name}.${index}`, one]);
  }
  for (const name of NAMED) {
    if (parsed.data[name] === undefined) continue;
    const record = recordAt(parsed.data, name);
    if (record === undefined) return `${at}.${name}: has no schemas by name`;
    for (const [key, one] of Object.entries(record)) inner.push([`${name}.${key}`, one]);
  }
  for (const [name, one] of inner) {
    const problem = problemIn(one, `${at}.${name}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function recordAt(schema: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> | undefined {
  return z.record(z.string(), z.unknown()).safeParse(schema[name]).data;
}
