/** The model over HTTP: what reaches the server, what comes back, and where the key never goes. */
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { anthropicModel } from '../../src/model/anthropic';
import type { ModelFetch } from '../../src/model/fetch';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { type ModelServer, serveModel } from '../support/modelServer';

const KEY = 'sk-secret-0123456789';
const QUESTION = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Task: a' } as const] };

describe('the model over HTTP', () => {
  const servers: ModelServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  async function serve(model: ModelFetch): Promise<string> {
    const server = await serveModel(model);
    servers.push(server);
    return server.url;
  }

  /** The SDK, with a placeholder for a key, on a model that sends on to `baseUrl`. */
  function clientOf(baseUrl: string, { keyless = false } = {}): Anthropic {
    const model = anthropicModel({ baseUrl, key: keyless ? undefined : KEY, fetch: (request) => fetch(request) });
    return new Anthropic({
      apiKey: 'placeholder',
      baseURL: 'http://weft.invalid',
      maxRetries: 0,
      fetch: (url, init) => model(new Request(url, init)),
    });
  }

  it('sends the request on with the key, and never the placeholder', async () => {
    const scripted = scriptedModel(scenarioSchema.parse({ otherwise: [{ say: 'Hello.' }] }), { paceMs: 0, wait: async () => undefined });
    const seen: unknown[] = [];
    const url = await serve(async (request) => {
      const { pathname, search } = new URL(request.url);
      const header = (name: string) => request.headers.get(name);
      seen.push([pathname + search, header('authorization'), header('x-api-key'), header('content-type'), await request.clone().json()]);
      return scripted(request);
    });
    const answer = await clientOf(`${url}/proxy`).messages.create(QUESTION, { query: { beta: 'true' } });
    assert.deepEqual(answer.content, [{ type: 'text', text: 'Hello.', citations: null }]);
    await clientOf(url, { keyless: true }).messages.create(QUESTION);
    assert.deepEqual(seen, [
      ['/proxy/v1/messages?beta=true', `Bearer ${KEY}`, KEY, 'application/json', QUESTION],
      ['/v1/messages', null, null, 'application/json', QUESTION],
    ]);
  });

  it('sends Anthropic what its own client sends', async () => {
    const sent: Request[] = [];
    const model = anthropicModel({
      baseUrl: 'https://api.anthropic.com',
      key: KEY,
      fetch: async (request) => {
        sent.push(request);
        return new Response(null, { status: 204 });
      },
    });
    await model(new Request('http://weft.invalid/v1/messages', { method: 'POST', body: '{}', headers: { 'x-api-key': 'placeholder' } }));
    assert.deepEqual(
      sent.map((request) => [request.url, request.headers.get('authorization'), request.headers.get('x-api-key')]),
      [['https://api.anthropic.com/v1/messages', `Bearer ${KEY}`, null]],
    );
  });

  it('lets a stream through as it comes, and closes the connection when the client aborts', async () => {
    const gone = promise<void>();
    const url = await serve(async (request) => {
      request.signal.addEventListener('abort', () => gone.resolve());
      const start = { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', content: [], usage: {} } };
      // One event, and then silence.
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(`event: message_start\ndata: ${JSON.stringify(start)}\n\n`)),
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      );
    });
    const stream = clientOf(url).messages.stream(QUESTION);
    const failed = assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
    const begun = promise<string>();
    stream.on('streamEvent', (event) => begun.resolve(event.type));
    assert.equal(await begun.promise, 'message_start');
    stream.abort();
    await failed;
    await gone.promise;
  });

  it('hands on errors, without a key that the server repeats', async () => {
    const url = await serve(async () =>
      Response.json({ type: 'error', error: { type: 'authentication_error', message: `no such key: ${KEY}` } }, { status: 401 }),
    );
    await assert.rejects(clientOf(url).messages.create(QUESTION), (thrown: unknown) => {
      assert.ok(thrown instanceof Anthropic.AuthenticationError);
      assert.equal(thrown.apiMessage, 'no such key: (key)');
      return true;
    });
  });

  it('follows no redirect', async () => {
    let reached = 0;
    const elsewhere = await serve(async () => {
      reached += 1;
      return new Response();
    });
    for (const status of [301, 307, 308]) {
      const url = await serve(async () => new Response(null, { status, headers: { location: `${elsewhere}/v1/messages?key=${KEY}` } }));
      await assert.rejects(clientOf(url).messages.create(QUESTION), (thrown: unknown) => {
        assert.ok(thrown instanceof Anthropic.BadRequestError);
        const to = `${elsewhere}/v1/messages?key=(key)`;
        assert.equal(
          thrown.apiMessage,
          `${url} redirects to ${to}, and Weft sends no key after a redirect. Set the base URL to where the server is.`,
        );
        return true;
      });
    }
    assert.equal(reached, 0);
  });

  it('names the server that cannot be reached, and why', async () => {
    const server = await serveModel(async () => new Response());
    await server.close();
    await assert.rejects(clientOf(server.url).messages.create(QUESTION), (thrown: unknown) => {
      assert.ok(thrown instanceof Anthropic.APIConnectionError && thrown.cause instanceof Error);
      const address = server.url.replace('http://', '');
      assert.equal(thrown.cause.message, `No answer from ${server.url}: connect ECONNREFUSED ${address}.`);
      return true;
    });
  });

  it('keeps the key out of what a failing fetch says', async () => {
    const model = anthropicModel({
      baseUrl: 'http://weft.invalid',
      key: KEY,
      fetch: async (request) => {
        throw new TypeError('fetch failed', { cause: new Error(`bad header ${request.headers.get('authorization')}`) });
      },
    });
    await assert.rejects(model(new Request('http://x.invalid/v1/messages', { method: 'POST', body: '{}' })), {
      message: 'No answer from http://weft.invalid: bad header Bearer (key).',
    });
  });
});

function promise<T>() {
  let resolve: (value: T) => void = () => undefined;
  const settled = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise: settled, resolve };
}
