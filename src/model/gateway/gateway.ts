/** The way from worker processes to the model: a server on the loopback address that answers whoever has the run's token. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { aboutOf, deleteOwnHeaders, setAbout } from '../about';
import type { ModelFetch } from '../fetch';
import { errorResponse, noAnswer } from '../messages';

/** The only address that is ever bound. */
const LOOPBACK = '127.0.0.1';
export const TOKEN_HEADER = 'x-weft-token';
/** The Messages API itself takes 32 MB. */
const MAX_BODY_BYTES = 48 * 1024 * 1024;

/** Headers that describe the bytes of one connection: those of the other one differ. */
const HOP_HEADERS = [
  'connection',
  'content-encoding',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

export interface GatewayOptions {
  /** What answers: the pipeline, which alone has the key. */
  readonly model: ModelFetch;
  /** The run whose workers it serves. Their requests are of this run, whatever they say. */
  readonly run: string;
  /** Largest request; larger ones get a 413. */
  readonly maxBodyBytes?: number;
}

export interface Gateway {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** Whoever has it may ask, and spend. Hand it to a worker by a pipe: what stands in arguments or the environment, its commands can read. */
  readonly token: string;
  /** Aborts the requests in flight, and ends the server. */
  close(): Promise<void>;
}

/**
 * Opens a gateway on a free port, with a new token. It answers POST `/v1/messages`; streams pass as they come, and wait for a worker
 * that reads slowly; a worker that goes away aborts its request. A stream that breaks off does so for the worker as well; where the model
 * rejects, the worker gets {@link noAnswer}.
 * Without the token, or by another name than its address, everything gets an empty 401: nothing is read of it, nothing said.
 * Fails where no port can be had.
 */
export async function openGateway({ model, run, maxBodyBytes = MAX_BODY_BYTES }: GatewayOptions): Promise<Result<Gateway>> {
  const token = randomBytes(32).toString('base64url');
  let host = '';
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    if (incoming.headers.host !== host || !isToken(incoming.headers[TOKEN_HEADER], token)) {
      outgoing.writeHead(401, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    answer({ model, run, maxBodyBytes }, incoming, outgoing).catch((thrown: unknown) =>
      outgoing.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
  };
  // A connection that is open and idle stays so: one that the server closed just then would cost a worker its request.
  const server = createServer({ keepAliveTimeout: 0 }, serve);
  server.on('checkContinue', serve);
  // What is no HTTP has no token either.
  server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'));
  try {
    server.listen({ host: LOOPBACK, port: 0, exclusive: true });
    await once(server, 'listening');
  } catch (thrown) {
    return fail(
      'model',
      `No port of ${LOOPBACK} could be opened for the agents’ processes: ${thrownText(thrown)}.`,
      'See what keeps programs from listening on this machine, then try again.',
    );
  }
  host = `${LOOPBACK}:${portOf(server)}`;
  return ok({
    address: `http://${host}`,
    token,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A server that listens on a port has one.');
  return address.port;
}

/** By hashes, so that neither the length nor how much is right shows in the time that it takes. */
function isToken(given: string | string[] | undefined, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(hash(given), hash(token));
}

type Served = Required<GatewayOptions>;

async function answer({ model, run, maxBodyBytes }: Served, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  outgoing.on('error', () => gone.abort());
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
  if (incoming.method !== 'POST' || url.pathname !== '/v1/messages') {
    const message = `The gateway answers POST /v1/messages, not ${incoming.method} ${url.pathname}.`;
    return send(errorResponse(404, 'not_found_error', message), outgoing, gone.signal);
  }
  const body = await bodyOf(incoming, outgoing, maxBodyBytes);
  if (body === undefined) {
    const message = `The request is larger than ${maxBodyBytes.toLocaleString('en')} bytes.`;
    return send(errorResponse(413, 'request_too_large', message, { connection: 'close' }), outgoing, gone.signal);
  }
  // Held until the answer is through: Node drops the link to the signal when a request is collected.
  const request = new Request(url, { method: 'POST', headers: headersOf(incoming, run), body, signal: gone.signal });
  let response: Response;
  try {
    response = await model(request);
  } catch (thrown) {
    response = noAnswer(thrownText(thrown));
  }
  await send(response, outgoing, gone.signal);
  if (request.signal.aborted) outgoing.destroy();
}

/** Undefined where it is too large; no more of it is kept than is allowed. */
async function bodyOf(incoming: IncomingMessage, outgoing: ServerResponse, most: number): Promise<Buffer | undefined> {
  if (Number(incoming.headers['content-length'] ?? 0) > most) return undefined;
  if (incoming.headers.expect !== undefined) outgoing.writeContinue();
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming.iterator({ destroyOnReturn: false })) {
    size += part.length;
    if (size > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function headersOf(incoming: IncomingMessage, run: string): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) for (const value of values ?? []) headers.append(name, value);
  for (const name of [...HOP_HEADERS, 'expect', TOKEN_HEADER]) headers.delete(name);
  const about = aboutOf(new Request(`http://${LOOPBACK}`, { headers }));
  deleteOwnHeaders(headers);
  setAbout(headers, { ...about, run });
  return headers;
}

/** Rejects where the answer breaks off or the worker is gone; the worker's connection is then to be closed. */
async function send(response: Response, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  const headers = new Headers(response.headers);
  const closing = headers.get('connection') === 'close';
  for (const name of HOP_HEADERS) headers.delete(name);
  if (closing) headers.set('connection', 'close');
  outgoing.writeHead(response.status, Object.fromEntries(headers));
  outgoing.flushHeaders();
  if (response.body !== null) {
    for await (const chunk of response.body) {
      if (!outgoing.write(chunk)) await once(outgoing, 'drain', { signal: gone });
    }
  }
  outgoing.end();
}
