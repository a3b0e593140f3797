/** The worker's side of a gateway: a model that asks the host's, with the run's token. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ModelFetch } from '../fetch';
import { TOKEN_HEADER } from './gateway';

/**
 * A model that the gateway at `address` (`http://127.0.0.1:PORT`) answers. It rejects where the host
 * is gone. No `fetch`: that one gives up after five minutes, and a request may well be parked for longer. `agent` keeps the connections.
 */
export function gatewayModel(address: string, token: string, agent = new Agent({ keepAlive: true })): ModelFetch {
  const { hostname, port } = new URL(address);
  const heard = new WeakSet<Socket>();
  // A request that is aborted while its answer ends has its socket's error come when Node listens to it no more: that would end the process.
  const listenTo = (socket: Socket) => {
    if (!heard.has(socket)) socket.on('error', () => 'Whoever waits for the answer hears of it.');
    heard.add(socket);
  };
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    request.signal.throwIfAborted();
    const headers = { ...Object.fromEntries(request.headers), [TOKEN_HEADER]: token, 'content-length': body.length };
    const options = { agent, hostname, port, path: pathname + search, method: request.method, headers, signal: request.signal };
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(options, resolve)
        .on('socket', listenTo)
        .on('error', (thrown) => reject(request.signal.aborted ? thrown : new Error(`Weft’s own gateway is gone: ${thrown.message}.`)))
        .end(body);
    });
    return new Response(streamOf(incoming, request), { status: incoming.statusCode ?? 502, headers: headersOf(incoming) });
  };
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) for (const value of values ?? []) headers.append(name, value);
  return headers;
}

/** The body as it comes; the request is held until its end, for Node drops the link to the signal when a request is collected. */
function streamOf(incoming: IncomingMessage, request: Request): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Buffer> = incoming[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await chunks.next();
      request.signal.throwIfAborted();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel() {
      incoming.destroy();
    },
  });
}
