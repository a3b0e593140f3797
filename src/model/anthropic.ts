/** A model over HTTP: sends each request on to a server of the Messages API, with the key that only the host holds. */
import { thrownText } from '../domain/failure';
import { deleteOwnHeaders } from './about';
import type { ModelFetch } from './fetch';
import { errorResponse } from './messages';

export const ANTHROPIC_URL = 'https://api.anthropic.com';

export interface AnthropicOptions {
  /** Where the server is: http or https, without credentials, query, fragment, closing slash or `/v1`. */
  readonly baseUrl: string;
  /** Printable ASCII, or undefined for a server that wants none. */
  readonly key: string | undefined;
  /** What sends a request; `globalThis.fetch`, outside tests. */
  readonly fetch: ModelFetch;
}

/** Headers of the client that are not for the server: its placeholder for a key, and what belongs to one connection. */
const OWN_HEADERS = ['authorization', 'x-api-key', 'host', 'connection', 'content-length', 'transfer-encoding', 'cookie'];

/**
 * A model that a server answers. Streams pass as they come; aborting `request.signal` closes the connection.
 * Redirects are refused, with a 400 that says so: following one would hand the key to whoever it leads to.
 * Rejects, naming the server and the cause, where there is no answer. The key is in no message, whatever the server says.
 */
export function anthropicModel({ baseUrl, key, fetch }: AnthropicOptions): ModelFetch {
  // Node drops the link to the client's signal when a request is collected: a request lives as long as its answer.
  const asked = new WeakMap<object, readonly Request[]>();
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const sent = new Request(`${baseUrl}${pathname}${search}`, {
      method: request.method,
      headers: headersFor(request.headers, baseUrl, key),
      body: await bodyOf(request),
      signal: request.signal,
      redirect: 'manual',
    });
    let response: Response;
    try {
      response = await fetch(sent);
    } catch (thrown) {
      request.signal.throwIfAborted();
      throw new Error(withoutKey(`No answer from ${baseUrl}: ${causeText(thrown)}.`, key));
    }
    if (response.body !== null) asked.set(response.body, [request, sent]);
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) return redirected(response, baseUrl, key);
    return response.ok || key === undefined ? response : withoutKeyInBody(response, key);
  };
}

/** Whole, not as a stream: some servers refuse a body whose length they are not told. */
async function bodyOf(request: Request): Promise<ArrayBuffer | null> {
  return request.body === null ? null : await request.arrayBuffer();
}

/**
 * Anthropic gets exactly what its own client sends, which is `Authorization`. Of the other servers that speak the protocol
 * some read that header and some `x-api-key`, so they get both.
 */
function headersFor(from: Headers, baseUrl: string, key: string | undefined): Headers {
  const headers = new Headers(from);
  for (const name of OWN_HEADERS) headers.delete(name);
  deleteOwnHeaders(headers);
  if (key === undefined) return headers;
  headers.set('authorization', `Bearer ${key}`);
  if (baseUrl !== ANTHROPIC_URL) headers.set('x-api-key', key);
  return headers;
}

async function redirected(response: Response, baseUrl: string, key: string | undefined): Promise<Response> {
  await response.body?.cancel();
  const to = response.headers.get('location');
  const message = `${baseUrl} redirects${to === null ? '' : ` to ${to}`}, and Weft sends no key after a redirect. Set the base URL to where the server is.`;
  return errorResponse(400, 'invalid_request_error', withoutKey(message, key));
}

/** Some gateways repeat the key that they refuse. */
async function withoutKeyInBody(response: Response, key: string): Promise<Response> {
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  // The text is decoded, and may be shorter than what came.
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(withoutKey(await response.text(), key), { status, statusText, headers });
}

function withoutKey(text: string, key: string | undefined): string {
  return key === undefined ? text : text.replaceAll(key, '(key)');
}

/** What `fetch` says is only “fetch failed”; the reason is its cause, or, where several addresses were tried, the first of its causes. */
function causeText(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  return thrownText(cause instanceof AggregateError ? (cause.errors[0] ?? cause) : cause);
}
