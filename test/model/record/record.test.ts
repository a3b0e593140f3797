/** A run is recorded, and played again without its model: the same bytes, and nowhere a secret. */
import assert from 'node:assert/strict';
import { anthropicModel } from '../../../src/model/anthropic';
import type { ModelFetch } from '../../../src/model/fetch';
import { recorder } from '../../../src/model/record/recorder';
import { readRecording } from '../../../src/model/record/recording';
import { replayer } from '../../../src/model/record/replayer';
import { finish, playing, run } from '../../agent/agentRun';
import { cut, serveFaults } from '../../support/faultyServer';
import { asking } from '../../support/heldModel';
import { failed, valued } from '../../support/result';

const KEY = 'the-key-of-a-person';

/** A recorder, and what it has written. */
function recording(secrets: readonly string[] = []) {
  const written: string[] = [];
  const part = recorder({ write: (line) => written.push(line), secrets });
  return {
    part,
    text: () => written.join(''),
    lines: () => written.length,
    play: () => replayer(valued(readRecording(written.join(''), 'run.jsonl')), secrets),
  };
}

/** A model that gives a stream in these pieces. */
function saying(pieces: readonly (string | Buffer)[], headers: Record<string, string> = {}): ModelFetch {
  return async () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          for (const piece of pieces) controller.enqueue(Buffer.from(piece));
          controller.close();
        },
      }),
      { headers: { 'content-type': 'text/event-stream', ...headers } },
    );
}

async function piecesOf(response: Response): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece));
  return pieces;
}

describe('a recording', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  it('plays a run of an agent again: the same turns, the same draft, without the model', async () => {
    const turns = [
      { say: 'I look. Ünïcode 🧵.', calls: [{ tool: 'write_file', input: { path: 'a.txt', content: 'one\n'.repeat(50) } }] },
      { calls: [finish('All of it.')] },
    ];
    // The first answer breaks off, and the agent asks again.
    const server = await serveFaults([cut('half', 'break')], playing(turns));
    open.push(server);
    const { part, play, text, lines } = recording([KEY]);
    const first = await run(part(anthropicModel({ baseUrl: server.url, key: KEY, fetch })));
    const again = await run(play());
    assert.deepEqual(first.result, { ok: true, value: { summary: 'All of it.' } });
    assert.deepEqual([again.result, again.requests, again.steps], [first.result, first.requests, first.steps]);
    assert.equal(lines(), 4);
    for (const secret of [KEY, 'authorization', 'x-api-key', 'user-agent', 'anthropic-version'])
      assert.ok(!text().includes(secret), secret);
    // Of the request there is no text.
    assert.ok(!text().includes('The one task'));
  });

  it('is the same byte for byte, piece for piece, with the headers that belong to it', async () => {
    const thread = Buffer.from('🧵');
    const pieces = [
      'event: a\n',
      Buffer.concat([Buffer.from('data: '), thread.subarray(0, 2)]),
      thread.subarray(2),
      '\r\n\r\n',
      Buffer.from([0, 255, 10]),
    ];
    const { part, play } = recording();
    const request = () => asking({}, { messages: ['x'] });
    const recorded = await part(saying(pieces, { 'retry-after': '1', 'set-cookie': 'session', 'request-id': 'req' }))(request());
    const came = await piecesOf(recorded);
    const played = await play()(request());
    assert.deepEqual(
      [played.status, [...played.headers]],
      [
        200,
        [
          ['content-type', 'text/event-stream'],
          ['retry-after', '1'],
        ],
      ],
    );
    assert.deepEqual(await piecesOf(played), came);
    assert.deepEqual(
      came,
      pieces.map((piece) => Buffer.from(piece)),
    );
  });

  it('knows a request by what it says: not by who asks, the name of the model, or the order of fields', async () => {
    const { part, play } = recording();
    await (
      await part(saying(['one']))(asking({ task: 'a' }, { model: 'm', messages: [{ role: 'user', content: 'x' }], system: 's' }))
    ).text();
    const same = asking({ task: 'b' }, { system: 's', messages: [{ content: 'x', role: 'user' }], model: 'other' });
    assert.equal(await (await play()(same)).text(), 'one');
    const other = asking({ task: 'b' }, { system: 'other', messages: [{ role: 'user', content: 'y' }], max_tokens: 1 });
    const lacking = await play()(other);
    assert.equal(lacking.status, 400);
    const message = 'The recording has no answer to a request of task “b”: the nearest one differs in max_tokens, system, message 1.';
    assert.deepEqual(await lacking.json(), { type: 'error', error: { type: 'invalid_request_error', message } });
  });

  it('gives the answers to a request that was sent again in their order, and then the last one', async () => {
    const { part, play } = recording();
    const answers: ModelFetch[] = [
      async () => {
        throw new Error('Lost.');
      },
      async () => new Response('busy', { status: 529, headers: { 'retry-after': '3' } }),
      saying(['fine']),
    ];
    for (const model of answers) await part(model)(asking({}, {})).then((response) => response.text(), String);
    const model = play();
    const played = [];
    for (let times = 0; times < 4; times += 1) {
      played.push(await model(asking({}, {})).then(async (response) => `${response.status} ${await response.text()}`, String));
    }
    assert.deepEqual(played, ['Error: Lost.', '529 busy', '200 fine', '200 fine']);
  });

  it('leaves out what nobody waited for', async () => {
    const { part, lines } = recording();
    const leave = new AbortController();
    const left = await part(saying(['one', 'two']))(asking({}, {}, leave.signal));
    await left.body?.cancel();
    const aborted = await part(saying(['one', 'two']))(asking({}, {}, leave.signal));
    leave.abort();
    await assert.rejects(
      part(async (request) => {
        request.signal.throwIfAborted();
        return new Response();
      })(asking({}, {}, leave.signal)),
    );
    await aborted.body?.cancel();
    assert.equal(lines(), 0);
  });

  it('has no secrets: known ones or others, in one piece or in many, in text, calls and errors', async () => {
    const token = `ghp_${'aB3dE6gH9k'.repeat(4)}`;
    const delta = (index: number, field: string, said: string) =>
      `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index, delta: { type: 'x', [field]: said } })}\n\n`;
    const inPieces = (index: number, field: string, said: string) =>
      (said.match(/[\s\S]{1,7}/g) ?? []).map((piece) => delta(index, field, piece));
    const texts = inPieces(0, 'text', `The key is ${KEY}; the token is ${token}. Done.`);
    const calls = inPieces(1, 'partial_json', JSON.stringify({ path: '.env', content: `A=1\nAPI_KEY=abc${'1'.repeat(20)}\n` }));
    const { part, text, play } = recording([KEY]);
    const ask = () => asking({}, { messages: [{ role: 'user', content: `My key is ${KEY}.` }] });
    // Blocks in turn: a secret is not found in what stands between.
    const mixed = texts.flatMap((one, at) => [one, ...(calls[at] === undefined ? [] : [calls[at]])]).concat(calls.slice(texts.length));
    await (await part(saying(mixed))(ask())).text();
    const fault = async () => {
      throw new Error(`No answer with ${KEY}`);
    };
    await assert.rejects(part(fault)(asking({}, { messages: 2 })));
    await (await part(async () => Response.json({ error: `bad key ${KEY}, ${token}` }))(asking({}, { messages: 3 }))).text();
    for (const secret of [KEY, token, '11111']) {
      assert.ok(!text().includes(secret), secret);
    }
    assert.deepEqual((text().match(/"isRedacted":true/g) ?? []).length, 2);
    const model = play();
    const streamed = await (await model(ask())).text();
    const said = (index: number, field: string) =>
      [...streamed.matchAll(/^data: (.*)$/gm)]
        .map(([, data = '']) => JSON.parse(data))
        .filter((event) => event.index === index)
        .map((event) => event.delta[field])
        .join('');
    assert.equal(said(0, 'text'), 'The key is (secret); the token is (secret). Done.');
    assert.deepEqual(JSON.parse(said(1, 'partial_json')), { path: '.env', content: 'A=1\nAPI_KEY=(secret)\n' });
    await assert.rejects(model(asking({}, { messages: 2 })), { message: 'No answer with (secret)' });
    assert.deepEqual(await (await model(asking({}, { messages: 3 }))).json(), { error: 'bad key (secret), (secret)' });
    // Another person, with another key, plays it as well.
    const theirs = replayer(valued(readRecording(text(), 'run.jsonl')), ['another-key-altogether']);
    const asked = asking({}, { messages: [{ role: 'user', content: 'My key is another-key-altogether.' }] });
    assert.equal(await (await theirs(asked)).text(), streamed);
  });

  it('is read up to where it was cut off, and says what cannot be read', async () => {
    const { part, text } = recording();
    for (const word of ['one', 'two']) await (await part(saying([word]))(asking({}, { word }))).text();
    const whole = valued(readRecording(text(), 'run.jsonl'));
    assert.equal(whole.length, 2);
    assert.deepEqual(valued(readRecording(text().slice(0, -20), 'run.jsonl')), whole.slice(0, 1));
    assert.deepEqual(valued(readRecording(text().slice(0, -1), 'run.jsonl')), whole);
    const fix = 'Use a file that Weft has recorded.';
    const none = { kind: 'input', message: 'run.jsonl is not a recording that this version of Weft can play.', fix };
    for (const wrong of ['', 'x', '{"kind":"recording","version":2}\n']) assert.deepEqual(failed(readRecording(wrong, 'run.jsonl')), none);
    const [head = '', one = ''] = text().split('\n');
    assert.equal(
      failed(readRecording(`${head}\n${one.replace('"status":200', '"status":"200"')}\n${one}\n`, 'run.jsonl')).message,
      'Line 2 of run.jsonl is no answer that Weft has recorded: status: Invalid input: expected number, received string.',
    );
  });
});
