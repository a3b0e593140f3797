/** The recording file: what a model answered to which request, as JSON lines. It has neither requests nor headers of theirs, and no secrets. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { redacted } from '../../domain/secrets';
import type { Asked } from '../asked';

const headSchema = z.strictObject({ kind: z.literal('recording'), version: z.literal(1) });

/** A piece of an answer, as it came: text, or bytes that are none by themselves. */
const pieceSchema = z.union([z.string(), z.strictObject({ base64: z.base64() })]);

/** What a request is known by: a hash of all of it, and of each of its parts, to say which one differs. */
const fingerprintSchema = z.strictObject({
  all: z.string(),
  parts: z.record(z.string(), z.string()),
});
export type Fingerprint = z.infer<typeof fingerprintSchema>;

const entrySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answer'),
    asked: fingerprintSchema,
    status: z.int().min(100).max(599),
    headers: z.record(z.string(), z.string()),
    pieces: z.array(pieceSchema),
    /** Whether it broke off after that. */
    isBroken: z.boolean(),
    /** Whether secrets were taken out: then it is not what came, byte for byte. */
    isRedacted: z.boolean(),
  }),
  /** There was no answer, and this is why. */
  z.strictObject({ kind: z.literal('none'), asked: fingerprintSchema, message: z.string() }),
]);
export type Entry = z.infer<typeof entrySchema>;

export const HEAD = `${JSON.stringify({ kind: 'recording', version: 1 } satisfies z.infer<typeof headSchema>)}\n`;

/**
 * Requests that say the same have the same. What the model is called does not count, so that a recording can be played under any name; nor does
 * the order of fields, nor what the secrets in it are.
 */
export function fingerprintOf({ content }: Asked, secrets: readonly string[]): Fingerprint {
  const { model: _, messages, ...rest } = content;
  const fields = Object.entries(rest).map(([name, value]): [string, string] => [name, hashOf(value, secrets)]);
  const said = (Array.isArray(messages) ? messages : [messages]).map((message: unknown, at): [string, string] => [
    `message ${at + 1}`,
    hashOf(message, secrets),
  ]);
  const parts = [...fields.sort(([a], [b]) => (a < b ? -1 : 1)), ...said];
  return { all: createHash('sha256').update(JSON.stringify(parts)).digest('hex'), parts: Object.fromEntries(parts) };
}

function hashOf(value: unknown, secrets: readonly string[]): string {
  const text = redacted(JSON.stringify(sorted(value)) ?? '', secrets);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  );
}

/** Reads a recording; `source` is the file, for the message. The last line may be cut off, by whatever ended the run. */
export function readRecording(text: string, source: string): Result<Entry[]> {
  const [head = '', ...lines] = text.split('\n');
  const cut = lines.pop() ?? '';
  if (!headSchema.safeParse(parsed(head)).success) {
    return fail('input', `${source} is not a recording that this version of Weft can play.`, 'Use a file that Weft has recorded.');
  }
  const entries: Entry[] = [];
  for (const [at, line] of lines.entries()) {
    const entry = entrySchema.safeParse(parsed(line));
    if (!entry.success) {
      const why = entry.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
      return fail('input', `Line ${at + 2} of ${source} is no answer that Weft has recorded: ${why}.`, 'Record the run again.');
    }
    entries.push(entry.data);
  }
  const last = entrySchema.safeParse(parsed(cut));
  return ok(last.success ? [...entries, last.data] : entries);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw new Error(`A line could not be read: ${thrownText(thrown)}`);
  }
}
