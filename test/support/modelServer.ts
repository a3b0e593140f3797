/** Serves a model over real HTTP on the loopback address, so that tests cross the same wires as a run does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ModelFetch } from '../../src/model/fetch';

export interface ModelServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Ends the connections that are open, and the server. */
  readonly close: () => Promise<void>;
}

/** Headers that describe the bytes of another connection. */
const HOP_HEADERS = ['content-encoding', 'content-length', 'transfer-encoding', 'connection'];

/**
 * Serves a model until it is closed. A client that goes away aborts the request's signal; a stream waits for a client that
 * reads slowly; a model that rejects closes the connection without an answer.
 */
export async function serveModel(model: ModelFetch): Promise<ModelServer> {
  const server = createServer((incoming, outgoing) => {
    answer(model, incoming, outgoing).catch((thrown: unknown) =>
      outgoing.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(model: ModelFetch, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  outgoing.on('error', () => gone.abort());
  const request = await requestOf(incoming, gone.signal);
  const response = await model(request);
  const headers = new Headers(response.headers);
  for (const name of HOP_HEADERS) headers.delete(name);
  outgoing.writeHead(response.status, Object.fromEntries(headers));
  outgoing.flushHeaders();
  if (response.body !== null) {
    for await (const chunk of response.body) {
      if (!outgoing.write(chunk)) await once(outgoing, 'drain', { signal: gone.signal });
    }
  }
  outgoing.end();
  // Asked again at the end, so that the request outlives the stream: Node unlinks the signal of one that is collected.
  if (request.signal.aborted) outgoing.destroy();
}

async function requestOf(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headersDistinct)) for (const one of value ?? []) headers.append(name, one);
  const method = incoming.method ?? 'GET';
  const body = method === 'GET' || method === 'HEAD' ? null : Buffer.concat(parts);
  return new Request(`http://${incoming.headers.host}${incoming.url}`, { method, headers, body, signal });
}
