/** One end of the line between host and process: a JSON value a line, in both directions. */
import type { Readable, Writable } from 'node:stream';
import type * as z from 'zod';

/** A request of the Messages API takes 32 MB at most, and a conversation is the most that a message holds. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

const NEWLINE = 10;

export interface Wire<Heard> {
  readonly input: Readable;
  readonly output: Writable;
  /** What the other side may say. */
  readonly schema: z.ZodType<Heard>;
  readonly hear: (message: Heard) => void;
  /** Told once, with what is wrong, when the other side says something else; nothing is heard after that. */
  readonly refuse: (why: string) => void;
}

/** Listens, and gives back how to speak. Whoever has gone is spoken to in vain: that the input ends is what tells. */
export function openWire<Said extends object, Heard>({ input, output, schema, hear, refuse }: Wire<Heard>): (message: Said) => void {
  let parts: Buffer[] = [];
  let length = 0;
  let refused = false;
  const stop = (why: string) => {
    refused = true;
    parts = [];
    refuse(why);
  };
  input.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0 && !refused; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, at)]).toString();
      parts = [];
      length = 0;
      from = at + 1;
      const read = readLine(line, schema);
      if ('wrong' in read) stop(read.wrong);
      else hear(read.message);
    }
    if (refused) return;
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > MAX_LINE_BYTES) stop(`a line of more than ${MAX_LINE_BYTES.toLocaleString('en')} bytes`);
  });
  for (const stream of [input, output]) stream.on('error', () => undefined);
  return (message) => {
    if (output.writable) output.write(`${JSON.stringify(message)}\n`);
  };
}

/** Says where a message is wrong, and not what stands there: that may be anybody's file. */
function readLine<Heard>(line: string, schema: z.ZodType<Heard>): { readonly message: Heard } | { readonly wrong: string } {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    return { wrong: 'a line that is no JSON' };
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return { message: parsed.data };
  const [issue] = parsed.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? 'the message' : issue.path.map(String).join('.');
  return { wrong: `a message that Weft does not know (${at}: ${issue?.message ?? 'unknown'})` };
}
