/** What a request asks: its body, read once for all the parts of the pipeline, which each send it on as a request of their own. */
import * as z from 'zod';

/** As much as parts look at. A server may take requests that lack it. */
const contentSchema = z.looseObject({
  model: z.string().optional().catch(undefined),
  max_tokens: z.number().optional().catch(undefined),
  stream: z.boolean().optional().catch(undefined),
});

export interface Asked {
  readonly bytes: Uint8Array;
  /** The body as JSON; empty where it is none. */
  readonly content: z.infer<typeof contentSchema>;
}

/** By request: whoever reads the body takes it away from all others. It holds nothing that outlives its request. */
const read = new WeakMap<Request, Promise<Asked>>();

/** What a request asks. From then on it is sent on by {@link onward}, for its body is gone. */
export function askedOf(request: Request): Promise<Asked> {
  const known = read.get(request);
  if (known !== undefined) return known;
  const asked = request.arrayBuffer().then((buffer) => parsed(new Uint8Array(buffer)));
  read.set(request, asked);
  return asked;
}

/** By signal, the newest request that it ends. */
const followers = new WeakMap<AbortSignal, Request>();

/**
 * Holds a request as long as the signal that ends it: Node drops the link between them when the request is collected, and a part that only hands
 * a request on does not hold it. Nobody would hear then that it was aborted, and it would be waited for, and paid.
 */
export function heldBy(signal: AbortSignal, request: Request): Request {
  followers.set(signal, request);
  return request;
}

/** The same request, to be sent on: with the signal that ends it, and other headers or another body where they are given. */
export function onward(
  request: Request,
  asked: Asked,
  { signal, headers, content }: { signal?: AbortSignal; headers?: Readonly<Record<string, string>>; content?: Asked['content'] } = {},
): Request {
  const now = content === undefined ? asked : { bytes: new TextEncoder().encode(JSON.stringify(content)), content };
  const ends = signal ?? request.signal;
  const init = { method: request.method, headers: request.headers, body: now.bytes, signal: ends };
  const sent = heldBy(ends, new Request(request.url, init));
  for (const [name, value] of Object.entries(headers ?? {})) sent.headers.set(name, value);
  read.set(sent, Promise.resolve(now));
  return sent;
}

function parsed(bytes: Uint8Array): Asked {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder().decode(bytes));
  } catch (thrown) {
    // What is no JSON is for the server to refuse.
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  const content = contentSchema.safeParse(data);
  return { bytes, content: content.success ? content.data : {} };
}
