/** What a stream has to have said before it is handed on, and what it may not hide afterwards. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SilenceError, steady } from '../../../src/model/gate/steady';
import { handTime, settled } from '../../support/handTime';
import { asking, heldModel } from '../../support/heldModel';

const START = 'event: message_start\ndata: {"type":"message_start","message":{}}\n\n';
const PING = 'event: ping\ndata: {"type": "ping"}\n\n';
const BLOCK = 'event: content_block_start\ndata: {"type":"content_block_start","index":0}\n\n';
const DELTA = 'event: content_block_delta\ndata: {"type":"content_block_delta","text":"event: message_stop"}\n\n';
const STOP = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';

/** A stream that the test writes, piece by piece, through a steady model. */
function rig(body: object = { stream: true }, type = 'text/event-stream; charset=utf-8') {
  const time = handTime();
  const held = heldModel();
  const leave = new AbortController();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
  });
  const state = { answer: 'none' };
  const answer = steady({ silentMs: 5000, time })(held.model)(asking({}, body, leave.signal));
  answer.then(
    (response) => {
      state.answer = String(response.status);
    },
    (thrown: unknown) => {
      state.answer = String(thrown);
    },
  );
  return {
    time,
    held,
    leave,
    answer,
    state,
    begin: async () => {
      (await held.nth(1)).answer(new Response(stream, { headers: { 'content-type': type } }));
      await settled();
    },
    say: async (text: string) => {
      controller?.enqueue(Buffer.from(text));
      await settled();
    },
    end: () => controller?.close(),
    lose: () => controller?.error(new Error('Lost.')),
  };
}

describe('a steady model', () => {
  it('hands a stream on when it has content, with all that came before', async () => {
    const { answer, state, begin, say, end } = rig();
    await begin();
    for (const part of [START.slice(0, 20), START.slice(20), ': a comment\n\n', PING, BLOCK.slice(0, -1)]) await say(part);
    assert.equal(state.answer, 'none');
    await say('\n');
    assert.equal(state.answer, '200');
    await say(DELTA + STOP);
    end();
    assert.equal(await (await answer).text(), `${START}: a comment\n\n${PING}${BLOCK}${DELTA}${STOP}`);
  });

  it('knows events that are not named, by their data, and lines that end as on Windows', async () => {
    const { answer, state, begin, say, end } = rig();
    const bare = (text: string) => text.replaceAll(/^event: .*\n/gm, '').replaceAll('\n', '\r\n');
    await begin();
    await say(bare(START + PING));
    assert.equal(state.answer, 'none');
    await say(bare(DELTA));
    assert.equal(state.answer, '200');
    await say(bare(STOP));
    end();
    assert.equal(await (await answer).text(), bare(START + PING + DELTA + STOP));
  });

  it('hands on what it does not know, and asks no end of it', async () => {
    for (const said of ['data: {"choices":[]}\n\n', `event: else\n\n`, 'event: error\ndata: no JSON\n\n']) {
      const { answer, begin, say, end } = rig();
      await begin();
      await say(said);
      end();
      assert.equal(await (await answer).text(), said);
    }
    const { answer, begin, say, end } = rig();
    const endless = 'x'.repeat(300 * 1024);
    await begin();
    await say(endless);
    end();
    assert.equal(await (await answer).text(), endless);
  });

  it('lets an answer without content pass', async () => {
    const { answer, begin, say, end } = rig();
    const empty = `${START}event: message_delta\ndata: {"type":"message_delta"}\n\n${STOP}`;
    await begin();
    await say(empty);
    end();
    assert.equal(await (await answer).text(), empty);
  });

  it('makes an error that comes instead of content an answer', async () => {
    const { answer, held, begin, say } = rig();
    await begin();
    await say(`${START}event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Later."}}\n\n`);
    const response = await answer;
    assert.deepEqual(
      [response.status, await response.json()],
      [529, { type: 'error', error: { type: 'overloaded_error', message: 'Later.' } }],
    );
    assert.equal((await held.nth(1)).request.signal.aborted, true);
  });

  it('rejects a stream that ends, breaks off or falls silent before it has content', async () => {
    const ended = rig();
    await ended.begin();
    await ended.say(START);
    ended.end();
    await assert.rejects(ended.answer, { message: 'The answer of the model broke off before it said anything.' });
    const lost = rig();
    await lost.begin();
    lost.lose();
    await assert.rejects(lost.answer, { message: 'Lost.' });
    const silent = rig();
    await silent.begin();
    await silent.say(START);
    await silent.time.pass(4999);
    await silent.say(PING);
    await silent.time.pass(4999);
    assert.equal(silent.state.answer, 'none');
    await silent.time.pass(1);
    await assert.rejects(silent.answer, new SilenceError('Nothing came from the model for 5 s.'));
    assert.equal((await silent.held.nth(1)).request.signal.aborted, true);
    const mute = rig();
    await mute.time.pass(5000);
    await assert.rejects(mute.answer, SilenceError);
    assert.equal((await mute.held.nth(1)).request.signal.aborted, true);
    for (const { time } of [ended, lost, silent, mute]) assert.deepEqual(time.left, []);
  });

  it('breaks a stream off that ends without its last event, or falls silent', async () => {
    const ended = rig();
    await ended.begin();
    await ended.say(START + BLOCK + DELTA);
    ended.end();
    await assert.rejects((await ended.answer).text(), { message: 'The answer of the model broke off.' });
    const silent = rig();
    await silent.begin();
    await silent.say(START + BLOCK);
    const text = (await silent.answer).text();
    const failed = assert.rejects(text, new SilenceError('Nothing came from the model for 5 s.'));
    await silent.time.pass(5000);
    await failed;
    assert.equal((await silent.held.nth(1)).request.signal.aborted, true);
  });

  it('breaks an answer off that does not end', async () => {
    const flood = 'x'.repeat(1024 * 1024);
    const streamed = rig();
    await streamed.begin();
    await streamed.say(START + BLOCK);
    const reading = assert.rejects((await streamed.answer).text(), /^Error: The answer of the model has more than 32 MB\.$/);
    const whole = rig({}, 'application/json');
    await whole.begin();
    for (let megabytes = 0; megabytes <= 32; megabytes += 1) for (const one of [streamed, whole]) await one.say(flood);
    await reading;
    assert.equal(whole.state.answer, 'Error: The answer of the model has more than 32 MB.');
    for (const { held } of [streamed, whole]) assert.equal((await held.nth(1)).request.signal.aborted, true);
  });

  it('does not take time for silence that passes while nobody reads', async () => {
    const { answer, time, begin, say, end } = rig();
    await begin();
    await say(START + BLOCK);
    const response = await answer;
    await time.pass(3_600_000);
    await say(STOP);
    end();
    assert.equal(await response.text(), START + BLOCK + STOP);
  });

  it('hands an answer that comes whole on when it is whole, and gives it more time', async () => {
    const { answer, state, time, begin, say, end } = rig({}, 'application/json');
    await time.pass(49_999);
    await begin();
    await say('{"half":');
    assert.equal(state.answer, 'none');
    await time.pass(49_999);
    await say('true}');
    end();
    assert.deepEqual(await (await answer).json(), { half: true });
    const silent = rig({}, 'application/json');
    await silent.time.pass(50_000);
    await assert.rejects(silent.answer, new SilenceError('Nothing came from the model for 50 s.'));
    const lost = rig({}, 'application/json');
    await lost.begin();
    await lost.say('{"half":');
    lost.lose();
    await assert.rejects(lost.answer, { message: 'Lost.' });
  });

  it('ends the request when it is aborted, or when its answer is left', async () => {
    const aborted = rig();
    await aborted.held.nth(1);
    aborted.leave.abort();
    await assert.rejects(aborted.answer, { name: 'AbortError' });
    const left = rig();
    await left.begin();
    await left.say(START + BLOCK);
    await (await left.answer).body?.cancel();
    assert.equal((await left.held.nth(1)).request.signal.aborted, true);
    assert.deepEqual([aborted.time.left, left.time.left], [[], []]);
  });

  it('hears of the abort though everything that can be was collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    assert.ok(typeof collect === 'function');
    const { answer, held, leave, begin, say } = rig();
    await begin();
    await say(START + BLOCK);
    const text = (await answer).text();
    for (let times = 0; times < 5; times += 1) {
      collect();
      await settled();
    }
    const failed = assert.rejects(text);
    leave.abort();
    assert.equal((await held.nth(1)).request.signal.aborted, true);
    await failed;
  });
});
