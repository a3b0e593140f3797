/** A server of the Messages API with the faults of real ones: refusals, resets, silence, streams that break off. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ModelFetch } from '../../src/model/fetch';
import type { ModelServer } from './modelServer';

/** How much of an answer came before it fell silent. */
export type Said = 'nothing' | 'start' | 'half';

/** What happens to one request instead of its answer; `events` are those that the model streams for it, `silent` is called when nothing more comes. */
export type Fault = (outgoing: ServerResponse, events: () => Promise<string[]>, silent: (after: Said) => void) => Promise<void> | void;

/** An error, as the API answers it. */
export function refusal(status: number, type: string, headers: Readonly<Record<string, string>> = {}): Fault {
  return (outgoing) => {
    outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
    outgoing.end(JSON.stringify({ type: 'error', error: { type, message: 'Because.' } }));
  };
}

/** The connection is reset before anything was said. */
export const reset: Fault = (outgoing) => {
  outgoing.socket?.resetAndDestroy();
};

/** Nothing is ever said. */
export const silence: Fault = (_outgoing, _events, silent) => silent('nothing');

/** The first part of the stream, and then: nothing more (`silence`), a lost connection (`break`), or an end as if that were all (`end`). */
export function cut(part: 'start' | 'half', then: 'silence' | 'break' | 'end'): Fault {
  return async (outgoing, events, silent) => {
    const all = await events();
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    const said = all.slice(0, part === 'start' ? 1 : Math.ceil(all.length / 2)).join('');
    await new Promise((resolve) => outgoing.write(said, resolve));
    if (then === 'silence') silent(part);
    if (then === 'break') outgoing.destroy();
    if (then === 'end') outgoing.end();
  };
}

/** An error in the stream: instead of any content, or after half of it. */
export function errorEvent(type: string, after: 'start' | 'half'): Fault {
  return async (outgoing, events) => {
    const all = await events();
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    const said = all.slice(0, after === 'start' ? 1 : Math.ceil(all.length / 2)).join('');
    outgoing.end(`${said}event: error\ndata: {"type":"error","error":{"type":"${type}","message":"Because."}}\n\n`);
  };
}

export interface FaultyServer extends ModelServer {
  /** How many requests came. */
  readonly asked: number;
}

/** The first requests meet these faults, in order, or those whose bodies are asked for theirs; all others are answered by the model. */
export async function serveFaults(
  faults: readonly Fault[] | ((body: string) => Fault | undefined),
  model: ModelFetch,
  silent: (after: Said) => void = () => undefined,
): Promise<FaultyServer> {
  let asked = 0;
  const server = createServer((incoming, outgoing) => {
    const nth = asked;
    asked += 1;
    const faultOf = (body: Buffer) => (typeof faults === 'function' ? faults(body.toString()) : faults[nth]);
    answer(incoming, outgoing, { faultOf, model, silent }).catch((thrown: unknown) =>
      outgoing.destroy(thrown instanceof Error ? thrown : undefined),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { faultOf, model, silent }: { faultOf: (body: Buffer) => Fault | undefined; model: ModelFetch; silent: (after: Said) => void },
): Promise<void> {
  const body = await buffer(incoming);
  const ask = () => model(new Request(`http://weft.invalid${incoming.url}`, { method: 'POST', body }));
  const fault = faultOf(body);
  if (fault !== undefined) return fault(outgoing, async () => (await (await ask()).text()).split(/(?<=\n\n)/), silent);
  const response = await ask();
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  for await (const chunk of response.body ?? []) outgoing.write(chunk);
  outgoing.end();
}
