/** What a person is told where the model does not answer; the SDK in between is the real one. */
import assert from 'node:assert/strict';
import { modelClient } from '../../src/agent/client';
import { modelFailure } from '../../src/agent/modelFailure';
import { anthropicModel } from '../../src/model/anthropic';
import type { ModelFetch } from '../../src/model/fetch';
import { errorResponse } from '../../src/model/messages';
import { serveModel } from '../support/modelServer';
import { playing, run } from './agentRun';

const KEY = 'sk-ant-abcdefgh12345678';

/** Fails at once: the SDK obeys the header, so no test waits for its pauses. */
function refusing(status: number, type: string, message = 'Because.'): ModelFetch {
  return playing([{ error: { status, type, message, headers: { 'x-should-retry': 'false' } } }]);
}

async function failureOf(model: ModelFetch) {
  const { result, requests } = await run(model);
  assert.ok(!result.ok);
  return { failure: result.failure, requests: requests.length };
}

describe('a model that does not answer', () => {
  const cases: [number, string, string, RegExp, RegExp][] = [
    [401, 'authentication_error', 'auth', /^The API key was refused \(401\)\.$/, /Weft: Set API Key.*ANTHROPIC_API_KEY/],
    [403, 'permission_error', 'auth', /^The API key was refused \(403\)\.$/, /Weft: Set API Key/],
    [402, 'billing_error', 'auth', /^The model’s server wants to be paid \(402\): Because\.$/, /billing/],
    [
      404,
      'not_found_error',
      'refused',
      /^The model “scripted:test” is not known to the server \(404\): Because\.$/,
      /weft\.model \(or --model\)/,
    ],
    [400, 'invalid_request_error', 'refused', /^The model’s server refused the request \(400\): Because\.$/, /weft\.baseUrl/],
    [409, 'conflict_error', 'model', /^The model’s server did not take the request this time \(409\): Because\.$/, /try again/],
    [429, 'rate_limit_error', 'model', /^The model’s server has had too many requests \(429\): Because\.$/, /weft\.maxWorkers/],
    [500, 'api_error', 'model', /^The model’s server is overloaded, or has an error of its own \(500\): Because\.$/, /try again/],
    [529, 'overloaded_error', 'model', /^The model’s server is overloaded, or has an error of its own \(529\): Because\.$/, /try again/],
  ];
  for (const [status, type, kind, message, fix] of cases) {
    it(`answers ${status}`, async () => {
      const { failure, requests } = await failureOf(refusing(status, type));
      assert.equal(failure.kind, kind);
      assert.match(failure.message, message);
      assert.match(failure.fix, fix);
      assert.equal(requests, 1);
    });
  }

  it('answers 400 in mid-conversation: it is what was said, and another agent may do better', async () => {
    const calls = [{ tool: 'list_files', input: {} }];
    const { failure, requests } = await failureOf(
      playing([{ calls }, { error: { status: 400, type: 'invalid_request_error', message: 'Because.' } }]),
    );
    assert.deepEqual(failure, {
      kind: 'agent',
      message: 'The model’s server refused the request (400): Because.',
      fix: 'Retry the task. If that comes again, use another model.',
    });
    assert.equal(requests, 2);
  });

  it('answers 413, however short the conversation is made', async () => {
    const { failure } = await failureOf(refusing(413, 'request_too_large'));
    assert.deepEqual(failure, {
      kind: 'agent',
      message: 'The conversation became too long for the model, even when it was summed up.',
      fix: 'Split the task into smaller ones.',
    });
  });

  it('is asked again after 429 and 529, four times at most', async () => {
    const busy = (status: number, times?: number) => ({
      calls: [{ tool: 'finish', input: { summary: 'At last.' } }],
      error: { status, type: 'x', message: 'Busy.', headers: { 'retry-after-ms': '1' }, ...(times === undefined ? {} : { times }) },
    });
    for (const status of [429, 529]) {
      assert.deepEqual((await run(playing([busy(status, 4)]))).result, { ok: true, value: { summary: 'At last.' } });
      assert.equal((await failureOf(playing([busy(status)]))).requests, 5);
    }
  });

  it('says that what is asked is too long, where nothing can be made shorter', async () => {
    const message = 'prompt is too long: 208310 tokens > 200000 maximum';
    const thrown: unknown = await modelClient(async () => errorResponse(400, 'invalid_request_error', message))
      .messages.create({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
      .catch((error: unknown) => error);
    assert.deepEqual(modelFailure(thrown, 'm', new AbortController().signal), {
      kind: 'model',
      message: `What was asked is too long for the model “m”: ${message}.`,
      fix: 'Ask for less at once, select fewer files, or use another model.',
    });
  });

  it('says an error in mid-stream that is no passing one', async () => {
    const body = 'event: error\ndata: {"type":"error","error":{"type":"authentication_error","message":"Expired"}}\n\n';
    const { failure, requests } = await failureOf(async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
    assert.equal(failure.message, 'The API key was refused (401).');
    assert.equal(requests, 1);
  });

  it('cannot be reached: the server is named, with the cause', async () => {
    const server = await serveModel(playing([]));
    await server.close();
    const unreachable = anthropicModel({ baseUrl: server.url, key: KEY, fetch });
    const client = modelClient(unreachable).withOptions({ maxRetries: 0 });
    const thrown: unknown = await client.messages
      .create({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
      .catch((error: unknown) => error);
    const failure = modelFailure(thrown, 'm', new AbortController().signal);
    assert.equal(failure.kind, 'model');
    assert.match(failure.message, /^The model’s server cannot be reached\. No answer from http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*\.$/);
    assert.match(failure.fix, /weft\.baseUrl/);
  });

  it('answers what is no stream', async () => {
    const { failure } = await failureOf(async () => new Response('<html>Hello</html>', { headers: { 'content-type': 'text/html' } }));
    assert.equal(failure.kind, 'model');
    assert.match(failure.message, /^The answer of the model’s server broke off, or cannot be read: /);
  });

  it('never shows a key that the server repeats', async () => {
    for (const status of [400, 401, 404, 500]) {
      const { failure } = await failureOf(refusing(status, 'x', `Your key ${KEY} is bad; Bearer ${KEY} too`));
      assert.doesNotMatch(JSON.stringify(failure), /abcdefgh/);
    }
  });
});

describe('the client', () => {
  const VARIABLES = {
    ANTHROPIC_API_KEY: 'sk-ant-of-the-environment',
    ANTHROPIC_AUTH_TOKEN: 'token-of-the-environment',
    ANTHROPIC_BASE_URL: 'http://elsewhere.invalid',
    ANTHROPIC_CUSTOM_HEADERS: 'x-secret: of-the-environment\nanthropic-beta: of-the-environment-too',
    ANTHROPIC_LOG: 'debug',
  };
  // These alone: what other tests of the process set (a home of their own) must stay.
  const before = Object.keys(VARIABLES).map((name) => [name, process.env[name]] as const);
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it('takes nothing from the environment, and sends no key', async () => {
    Object.assign(process.env, VARIABLES);
    const sent: Request[] = [];
    const client = modelClient(async (request) => {
      sent.push(request);
      return Response.json({ type: 'message', content: [] });
    });
    await client.messages.create({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] });
    const [request] = sent;
    assert.equal(request?.url, 'https://api.anthropic.com/v1/messages');
    const names = [...(request?.headers.keys() ?? [])].filter((name) => !name.startsWith('x-stainless-'));
    assert.deepEqual(names, ['accept', 'anthropic-version', 'content-type', 'user-agent']);
  });
});
