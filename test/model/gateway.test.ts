/** The gateway over real HTTP: who gets in, what comes through, and what ends with what. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { modelClient } from '../../src/agent/client';
import { modelFailure } from '../../src/agent/modelFailure';
import { type About, aboutOf } from '../../src/model/about';
import { anthropicModel } from '../../src/model/anthropic';
import type { ModelFetch } from '../../src/model/fetch';
import { type Gateway, openGateway } from '../../src/model/gateway/gateway';
import { gatewayModel } from '../../src/model/gateway/gatewayModel';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { type ModelServer, serveModel } from '../support/modelServer';
import { NEVER, valued } from '../support/result';

const QUESTION = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Task: a' } as const] };
const PATH = '/v1/messages';

describe('the gateway', () => {
  const open: (Gateway | ModelServer)[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  async function gateway(model: ModelFetch, maxBodyBytes?: number): Promise<Gateway> {
    const opened = valued(await openGateway({ model, run: 'run-1', ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }) }));
    open.push(opened);
    return opened;
  }

  async function serve(model: ModelFetch): Promise<string> {
    const server = await serveModel(model);
    open.push(server);
    return server.url;
  }

  it('takes a worker’s request through the host’s model to the server, with who asks for the host and nothing of it for the server', async () => {
    const scripted = scriptedModel(scenarioSchema.parse({ otherwise: [{ say: 'Hello. 🧵' }] }), { paceMs: 0, wait: async () => undefined });
    const sent: string[][] = [];
    const url = await serve((request) => {
      sent.push([...request.headers].filter(([name]) => /^x-weft|authorization|x-api-key/.test(name)).flat());
      return scripted(request);
    });
    const server = anthropicModel({ baseUrl: url, key: 'the-key', fetch });
    const asked: [string, About][] = [];
    const { address, token } = await gateway((request) => {
      asked.push([new URL(request.url).search, aboutOf(request)]);
      assert.equal(request.headers.has('x-weft-token'), false);
      return server(request);
    });
    const about: About = { run: 'another run', task: 'köln', agent: 'arbiter' };
    const client = modelClient(gatewayModel(address, token), about);
    const streamed = await client.messages.stream(QUESTION).finalMessage();
    const whole = await client.messages.create(QUESTION, { query: { beta: 'true' } });
    assert.deepEqual(
      [streamed.content, whole.content],
      Array.from({ length: 2 }, () => [{ type: 'text', text: 'Hello. 🧵', citations: null }]),
    );
    // The run is the one that the gateway is of, whatever a worker says.
    const heard = { run: 'run-1', task: 'köln', agent: 'arbiter' };
    assert.deepEqual(asked, [
      ['', heard],
      ['?beta=true', heard],
    ]);
    assert.deepEqual(
      sent,
      Array.from({ length: 2 }, () => ['authorization', 'Bearer the-key', 'x-api-key', 'the-key']),
    );
  });

  it('says nothing to anybody without the token, or by another name', async () => {
    let asked = 0;
    const { address, token } = await gateway(async () => {
      asked += 1;
      return Response.json({});
    });
    const { host } = new URL(address);
    const withToken = { 'x-weft-token': token };
    const refused = [
      await ask(address, { method: 'POST', path: PATH, body: '{}' }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { authorization: `Bearer ${token}` } }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { 'x-weft-token': '' } }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { 'x-weft-token': `${token}x` } }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { 'x-weft-token': token.slice(0, -1) } }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { 'x-weft-token': [token, token] } }),
      await ask(address, { method: 'GET', path: '/' }),
      await ask(address, { method: 'OPTIONS', path: '*' }),
      await ask(address, { method: 'GET', path: '/', headers: { connection: 'upgrade', upgrade: 'websocket' } }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { expect: '100-continue' } }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { ...withToken, host: `localhost:${new URL(address).port}` } }),
      await ask(address, { method: 'POST', path: PATH, body: '{}', headers: { ...withToken, host: 'weft.example' } }),
    ];
    for (const answer of refused) {
      assert.deepEqual({ ...answer, headers: Object.keys(answer.headers).sort() }, NOTHING);
    }
    assert.equal(await raw(host, 'no http at all\r\n\r\n'), REFUSAL);
    assert.equal(await raw(host, `POST ${PATH} HTTP/1.1\r\nContent-Length: x\r\n\r\n`), REFUSAL);
    assert.equal(asked, 0);
    assert.equal((await ask(address, { method: 'POST', path: PATH, body: '{}', headers: withToken })).status, 200);
  });

  it('listens on the loopback address alone, and has another token each time', async () => {
    const model: ModelFetch = async () => new Response();
    const [one, other] = [await gateway(model), await gateway(model)];
    assert.match(one.address, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(one.token, /^[\w-]{43}$/);
    assert.notEqual(one.token, other.token);
    assert.equal(
      (await ask(one.address, { method: 'POST', path: PATH, body: '{}', headers: { 'x-weft-token': other.token } })).status,
      401,
    );
    const port = Number(new URL(one.address).port);
    const others = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).filter((each) => each.address !== '127.0.0.1'));
    const places = [...others.map((each) => (each.scopeid ? `${each.address}%${each.scopeid}` : each.address)), '127.0.0.2', '::1'];
    for (const place of places) {
      const socket = connect({ host: place, port });
      const [thrown] = await once(socket, 'error').catch((error: unknown) => [error]);
      assert.match(String(thrown), /ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH|EHOSTUNREACH|EINVAL/, place);
    }
  });

  it('has one thing that can be asked', async () => {
    let asked = 0;
    const { address, token } = await gateway(async () => {
      asked += 1;
      return new Response();
    });
    const headers = { 'x-weft-token': token };
    const statuses = [];
    for (const [method, path] of [
      ['GET', PATH],
      ['POST', '/v1/models'],
      ['POST', `${PATH}/batches`],
      ['POST', `/x${PATH}`],
    ] as const) {
      statuses.push((await ask(address, { method, path, headers })).status);
    }
    assert.deepEqual([statuses, asked], [[404, 404, 404, 404], 0]);
  });

  it('takes no request that is too large, whether its length is told or not', async () => {
    const sizes: number[] = [];
    const { address, token } = await gateway(async (request) => {
      sizes.push((await request.arrayBuffer()).byteLength);
      return Response.json({});
    }, 100_000);
    const post = (length: number, headers: Readonly<Record<string, string>> = {}) =>
      ask(address, { method: 'POST', path: PATH, body: 'x'.repeat(length), headers: { 'x-weft-token': token, ...headers } });
    assert.equal((await post(100_000)).status, 200);
    assert.equal((await post(100_000, { 'transfer-encoding': 'chunked' })).status, 200);
    assert.equal((await post(100_000, { expect: '100-continue' })).status, 200);
    for (const answer of [await post(100_001), await post(100_001, { 'transfer-encoding': 'chunked' })]) {
      assert.equal(answer.status, 413);
      const message = 'The request is larger than 100,000 bytes.';
      assert.deepEqual(JSON.parse(answer.body), { type: 'error', error: { type: 'request_too_large', message } });
    }
    assert.deepEqual(sizes, [100_000, 100_000, 100_000]);
  });

  it('lets a stream through as it comes, and aborts the request when the worker goes', async () => {
    const aborted = promise<void>();
    let held: ReadableStreamDefaultController<Uint8Array> | undefined;
    const { address, token } = await gateway(async (request) => {
      request.signal.addEventListener('abort', () => aborted.resolve());
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          held = controller;
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const leave = new AbortController();
    const request = new Request(`https://weft.invalid${PATH}`, { method: 'POST', body: '{}', signal: leave.signal });
    const response = await gatewayModel(address, token)(request);
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    const reader = response.body?.getReader();
    for (const word of ['one', 'two']) {
      held?.enqueue(Buffer.from(word));
      const read = await reader?.read();
      assert.equal(Buffer.from(read?.value ?? []).toString(), word);
    }
    leave.abort();
    await assert.rejects(async () => reader?.read());
    await aborted.promise;
  });

  it('is left by a worker at the very end of an answer, and nothing of it comes to nobody', async () => {
    const { address, token } = await gateway(async () => new Response('all of it'));
    const model = gatewayModel(address, token);
    for (let n = 0; n < 50; n += 1) {
      const leave = new AbortController();
      const response = await model(new Request(`https://weft.invalid${PATH}`, { method: 'POST', body: '{}', signal: leave.signal }));
      const reader = response.body?.getReader();
      await reader?.read();
      // An error that nobody listens to fails the test: Mocha sees it.
      leave.abort();
    }
    assert.equal((await model(new Request(`https://weft.invalid${PATH}`, { method: 'POST', body: '{}' }))).status, 200);
  });

  it('aborts a request that has no answer yet when the worker goes', async () => {
    const begun = promise<void>();
    const aborted = promise<void>();
    const { address, token } = await gateway(async (request) => {
      request.signal.addEventListener('abort', () => aborted.resolve());
      begun.resolve();
      return new Promise(() => undefined);
    });
    const leave = new AbortController();
    const request = new Request(`https://weft.invalid${PATH}`, { method: 'POST', body: '{}', signal: leave.signal });
    const asked = gatewayModel(address, token)(request);
    const failed = assert.rejects(asked, { name: 'AbortError' });
    await begun.promise;
    leave.abort();
    await failed;
    await aborted.promise;
  });

  it('takes no more from the model than a worker that reads slowly has room for', async () => {
    const MOST = 400;
    const chunk = Buffer.alloc(256 * 1024, 'x');
    let given = 0;
    const { address, token } = await gateway(async () => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          given += 1;
          if (given === MOST) controller.close();
          else controller.enqueue(chunk);
        },
      });
      return new Response(body);
    });
    const request = new Request(`https://weft.invalid${PATH}`, { method: 'POST', body: '{}' });
    const response = await gatewayModel(address, token)(request);
    let read = 0;
    for await (const part of response.body ?? []) {
      read += part.byteLength;
      assert.ok(given * chunk.length - read < (MOST / 2) * chunk.length, `${given} chunks were taken when ${read} bytes were read.`);
    }
    assert.equal(read, (MOST - 1) * chunk.length);
  });

  it('breaks off where the model does', async () => {
    const scripted = scriptedModel(scenarioSchema.parse({ otherwise: [{ say: 'x'.repeat(500), malformed: 'cut' }] }), {
      paceMs: 0,
      wait: async () => undefined,
    });
    const { address, token } = await gateway(scripted);
    const stream = modelClient(gatewayModel(address, token)).messages.stream(QUESTION);
    await assert.rejects(stream.finalMessage(), { message: 'aborted' });
  });

  it('tells a worker why the server cannot be reached', async () => {
    const server = await serveModel(async () => new Response());
    await server.close();
    const { address, token } = await gateway(anthropicModel({ baseUrl: server.url, key: 'the-key', fetch }));
    const thrown: unknown = await modelClient(gatewayModel(address, token))
      .messages.create(QUESTION)
      .catch((error: unknown) => error);
    const reached = server.url.replace('http://', '');
    assert.deepEqual(modelFailure(thrown, 'm', NEVER), {
      kind: 'model',
      message: `The model’s server cannot be reached. No answer from ${server.url}: connect ECONNREFUSED ${reached}.`,
      fix: 'Check weft.baseUrl (or ANTHROPIC_BASE_URL) and your network, and that the server runs.',
    });
  });

  it('aborts what is in flight when it is closed, and then nothing listens there', async () => {
    const begun = promise<void>();
    const aborted = promise<void>();
    const { address, token, close } = await gateway(async (request) => {
      request.signal.addEventListener('abort', () => aborted.resolve());
      begun.resolve();
      return new Promise(() => undefined);
    });
    const ask = () => gatewayModel(address, token)(new Request(`https://weft.invalid${PATH}`, { method: 'POST', body: '{}' }));
    const failed = assert.rejects(ask(), { message: 'Weft’s own gateway is gone: socket hang up.' });
    await begun.promise;
    open.pop();
    await close();
    await failed;
    await aborted.promise;
    await assert.rejects(ask(), { message: `Weft’s own gateway is gone: connect ECONNREFUSED ${address.replace('http://', '')}.` });
  });
});

/** What somebody gets who may not ask. */
const NOTHING = { status: 401, headers: ['connection', 'content-length', 'date'], body: '', continued: false };
const REFUSAL = 'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** By hand, for `fetch` sets some headers itself. */
async function ask(
  address: string,
  { method, path, body, headers = {} }: Asked,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string; continued: boolean }> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    let continued = false;
    const length = body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': body.length };
    const outgoing = httpRequest({ hostname, port, method, path, headers: { ...length, ...headers }, agent: false });
    outgoing.on('continue', () => {
      continued = true;
      outgoing.end(body);
    });
    // A server that has answered need not read the rest.
    outgoing.on('error', (thrown) => setImmediate(() => reject(thrown)));
    outgoing.on('response', (incoming) => {
      text(incoming).then((said) => resolve({ status: incoming.statusCode, headers: incoming.headers, body: said, continued }), reject);
    });
    if (headers['expect'] === undefined) outgoing.end(body);
    else outgoing.flushHeaders();
  });
}

async function raw(host: string, said: string): Promise<string> {
  const { hostname, port } = new URL(`http://${host}`);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(said);
  return text(socket);
}

function promise<T>() {
  let resolve: (value: T) => void = () => undefined;
  const settled = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise: settled, resolve };
}
