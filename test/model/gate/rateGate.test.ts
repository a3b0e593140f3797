/** The gate: who goes when, what is tried again, and what is seen of it. The test holds the answers and the time. */
import assert from 'node:assert/strict';
import type { ModelFetch } from '../../../src/model/fetch';
import { type GateOptions, rateGate, type Waiting } from '../../../src/model/gate/rateGate';
import { SilenceError } from '../../../src/model/gate/steady';
import { errorResponse } from '../../../src/model/messages';
import { handTime, settled } from '../../support/handTime';
import { asking, type HeldRequest, heldModel } from '../../support/heldModel';

/** A gate on a model that the test holds, in time that the test lets pass. */
function gated(options: Partial<GateOptions> = {}) {
  const time = handTime();
  const held = heldModel();
  const notes: string[] = [];
  const onWaiting = (waiting: Waiting) => notes.push(noteOf(waiting));
  const gate = rateGate({ atOnce: 2, time, onWaiting, ...options });
  const model = gate(held.model);
  const answers: string[] = [];
  const ask = (run: string, task: string, signal?: AbortSignal) => {
    const name = `${run}/${task}`;
    const settling = model(asking({ run, task }, { max_tokens: 1 }, signal)).then(
      async (response) => answers.push(`${name} ${response.status} ${await response.text()}`),
      (thrown: unknown) => answers.push(`${name} ${thrown instanceof Error ? thrown.name : thrown}`),
    );
    return settling;
  };
  /** Who has been let through, in order. */
  const through = () => held.all.map(({ about }) => `${about.run}/${about.task}`);
  return { time, held, gate, notes, answers, ask, through };
}

function noteOf(waiting: Waiting): string {
  const who = `${waiting.about.run}/${waiting.about.task}`;
  return waiting.kind === 'over' ? `${who} over` : `${who} ${waiting.why}${waiting.ms === undefined ? '' : ` ${waiting.ms}`}`;
}

const fine = () => new Response('fine');
const refused = (status: number, headers: Record<string, string> = {}) => errorResponse(status, 'x', 'Because.', headers);

function answerAll(requests: readonly HeldRequest[], response: () => Response): void {
  for (const request of requests) request.answer(response());
}

describe('the rate gate', () => {
  it('lets so many through at once, runs and tasks in turn', async () => {
    const { held, ask, through, notes } = gated();
    for (const task of ['a', 'a', 'a', 'a', 'b', 'c']) void ask('one', task);
    void ask('two', 'z');
    await settled();
    assert.deepEqual(through(), ['one/a', 'one/a']);
    assert.deepEqual(notes, ['one/a turn', 'one/a turn', 'one/b turn', 'one/c turn', 'two/z turn']);
    for (let n = 1; n <= 7; n += 1) {
      const next = await held.nth(n);
      next.answer(fine());
      await settled();
    }
    assert.deepEqual(through(), ['one/a', 'one/a', 'one/a', 'two/z', 'one/b', 'one/c', 'one/a']);
    assert.deepEqual(notes.slice(5), ['one/a over', 'two/z over', 'one/b over', 'one/c over', 'one/a over']);
  });

  it('holds a place until the answer is through, or nobody wants it', async () => {
    const { held, gate } = gated({ atOnce: 1 });
    const model = gate(held.model);
    const leave = new AbortController();
    const asked = [
      model(asking({ task: 'a' })),
      model(asking({ task: 'b' }, {}, leave.signal)),
      model(asking({ task: 'c' })),
      model(asking({})),
    ];
    (await held.nth(1)).answer(new Response('streamed'));
    const first = await asked[0];
    await settled();
    assert.equal(held.all.length, 1);
    assert.equal(await first?.text(), 'streamed');
    (await held.nth(2)).answer(new Response('streamed'));
    await asked[1];
    await settled();
    assert.equal(held.all.length, 2);
    leave.abort();
    (await held.nth(3)).answer(new Response('streamed'));
    const third = await asked[2];
    await settled();
    assert.equal(held.all.length, 3);
    await third?.body?.cancel();
    (await held.nth(4)).answer(new Response('streamed'));
    assert.equal(await (await asked[3])?.text(), 'streamed');
  });

  it('parks all of them for as long as a 429 says, and no task sees it', async () => {
    const { time, held, ask, through, notes, answers } = gated();
    const asked = ['a', 'b', 'c'].map((task) => ask('one', task));
    await settled();
    held.all[0]?.answer(refused(429, { 'retry-after': '12' }));
    await settled();
    held.all[1]?.answer(fine());
    await settled();
    assert.deepEqual(notes, ['one/c turn', 'one/c limit 12000', 'one/a limit 12000']);
    await time.pass(11_999);
    assert.deepEqual([through(), time.left], [['one/a', 'one/b'], [1]]);
    await time.pass(1);
    // The limit was shrunk to one.
    assert.deepEqual(through(), ['one/a', 'one/b', 'one/c']);
    held.all[2]?.answer(fine());
    (await held.nth(4)).answer(fine());
    await Promise.all(asked);
    assert.deepEqual(answers, ['one/b 200 fine', 'one/c 200 fine', 'one/a 200 fine']);
    assert.deepEqual(notes.slice(3), ['one/c over', 'one/a over']);
    assert.deepEqual(
      held.all.map(({ request }) => request.headers.get('x-stainless-retry-count')),
      [null, null, null, '1'],
    );
    assert.deepEqual(time.left, []);
  });

  it('halves how many go at once when they are too many, once for those that went together, and grows back one by one', async () => {
    const { time, held, ask } = gated({ atOnce: 8 });
    const asked = Array.from({ length: 60 }, (_, at) => ask('one', String(at)));
    /** Answers all that are on their way; how many there were. */
    let done = 0;
    const round = async (response: () => Response) => {
      await settled();
      const now = held.all.slice(done);
      done = held.all.length;
      answerAll(now, response);
      await settled();
      return now.length;
    };
    const limits = [await round(() => refused(429, { 'retry-after': '1' }))];
    await time.pass(1000);
    limits.push(await round(() => refused(529, { 'retry-after-ms': '5' })));
    await time.pass(5);
    while (done < 60 + 8 + 4) limits.push(await round(fine));
    await Promise.all(asked);
    assert.deepEqual(limits, [8, 4, 2, 2, 3, 4, 5, 6, 7, 7, 8, 8, 8]);
  });

  for (const [what, fault, why, pauses] of [
    ['a 429 that does not say how long', () => refused(429), 'limit', [1000, 2000]],
    ['a 529', () => refused(529), 'overloaded', [1000, 2000]],
    ['a 503 that says how long', () => refused(503, { 'retry-after': '7' }), 'overloaded', [7000, 7000]],
    ['a 500', () => refused(500), 'error', [1000, 2000]],
    ['a 429 that says at once', () => refused(429, { 'retry-after': '0' }), 'limit', [1, 2]],
    [
      'a 529 that says a time that is over',
      () => refused(529, { 'retry-after': 'Thu, 01 Jan 2026 00:00:00 GMT', date: 'Fri, 02 Jan 2026 00:00:00 GMT' }),
      'overloaded',
      [1, 2],
    ],
    ['a 425', () => refused(425), 'error', [1000, 2000]],
    ['a 408', () => refused(408), 'error', [1000, 2000]],
    ['what the server wants to be asked again', () => refused(400, { 'x-should-retry': 'true' }), 'error', [1000, 2000]],
    ['a lost connection', () => new Error('socket hang up'), 'lost', [1000, 2000]],
    ['silence', () => new SilenceError('Nothing came.'), 'silent', [1000, 2000]],
  ] as const) {
    it(`asks again after ${what}`, async () => {
      const { time, held, ask, notes, answers } = gated();
      const asked = ask('one', 'a');
      for (let n = 1; n <= 2; n += 1) {
        const request = await held.nth(n);
        const came = fault();
        if (came instanceof Error) request.fail(came);
        else request.answer(came);
        await settled();
        await time.pass(pauses[n - 1] ?? 0);
      }
      (await held.nth(3)).answer(fine());
      await asked;
      assert.deepEqual(answers, ['one/a 200 fine']);
      assert.deepEqual(notes, [`one/a ${why} ${pauses[0]}`, 'one/a over', `one/a ${why} ${pauses[1]}`, 'one/a over']);
    });
  }

  it('asks nothing again that would be refused again', async () => {
    for (const [status, headers] of [
      [400, {}],
      [401, {}],
      [404, {}],
      [413, {}],
      [429, { 'x-should-retry': 'false' }],
      [529, { 'x-should-retry': 'false' }],
    ] as const) {
      const { held, ask, answers, notes } = gated();
      const asked = ask('one', 'a');
      (await held.nth(1)).answer(refused(status, headers));
      await asked;
      assert.equal(answers.length, 1);
      assert.match(answers[0] ?? '', new RegExp(`^one/a ${status} .*Because`));
      assert.deepEqual([held.all.length, notes], [1, []]);
    }
  });

  it('holds up nobody else for a fault that is one request’s own', async () => {
    const { held, ask, answers } = gated({ atOnce: 1 });
    const asked = [ask('one', 'a'), ask('one', 'b')];
    (await held.nth(1)).answer(refused(500));
    (await held.nth(2)).answer(fine());
    await asked[1];
    assert.deepEqual(answers, ['one/b 200 fine']);
  });

  it('waits as the limits in the headers say, by the server’s clock', async () => {
    const { time, held, ask, notes } = gated();
    const date = 'Fri, 20 Nov 2026 10:00:00 GMT';
    const ends = (name: string, limit: string, remaining: string, reset: string) => ({
      [`anthropic-ratelimit-${name}-limit`]: limit,
      [`anthropic-ratelimit-${name}-remaining`]: remaining,
      [`anthropic-ratelimit-${name}-reset`]: reset,
    });
    const first = ask('one', 'a');
    const requests = ends('requests', '50', '0', '2026-11-20T10:01:00Z');
    (await held.nth(1)).answer(
      new Response('fine', { headers: { date, ...requests, ...ends('tokens', '9', '5', '2026-11-20T10:09:00Z') } }),
    );
    await first;
    const second = ask('one', 'b');
    await settled();
    // One of fifty is back after a fiftieth of the minute.
    assert.deepEqual(notes, ['one/b limit 1200']);
    await time.pass(1200);
    const tokens = ends('output-tokens', '8000', '0', '2026-11-20T10:00:30Z');
    (await held.nth(2)).answer(new Response('fine', { headers: { date, ...tokens } }));
    await second;
    void ask('one', 'c');
    await settled();
    assert.deepEqual(notes.slice(1), ['one/b over', 'one/c limit 3000']);
  });

  it('is left at once by a request that is aborted: in line, on its way, and between two tries', async () => {
    const { time, held, ask, answers, through } = gated({ atOnce: 1 });
    const leave = { onItsWay: new AbortController(), inLine: new AbortController(), between: new AbortController() };
    const asked = [ask('one', 'a', leave.onItsWay.signal), ask('one', 'b', leave.inLine.signal), ask('one', 'c', leave.between.signal)];
    const first = await held.nth(1);
    leave.inLine.abort();
    await asked[1];
    assert.equal(first.request.signal.aborted, false);
    leave.onItsWay.abort();
    await asked[0];
    assert.equal(first.request.signal.aborted, true);
    (await held.nth(2)).answer(refused(500));
    await settled();
    assert.deepEqual(time.left, [1000]);
    leave.between.abort();
    await asked[2];
    const parked = new AbortController();
    const last = ask('one', 'd', parked.signal);
    (await held.nth(3)).answer(refused(429, { 'retry-after': '60' }));
    await settled();
    assert.deepEqual(time.left, [60_000]);
    parked.abort();
    await last;
    assert.deepEqual(answers, ['one/b AbortError', 'one/a AbortError', 'one/c AbortError', 'one/d AbortError']);
    assert.deepEqual([through(), time.left], [['one/a', 'one/c', 'one/d'], []]);
    // What was aborted before it came is not sent.
    await ask('one', 'e', parked.signal);
    assert.deepEqual([answers.at(-1), held.all.length], ['one/e AbortError', 3]);
  });

  it('gives up in the end, with what came last, and says that the SDK should as well', async () => {
    const cases: [() => Response | Error, number, string][] = [
      [() => refused(500), 7, '500 {"type":"error","error":{"type":"x","message":"Because."}}'],
      // Nothing was ever heard of the server.
      [() => new Error('Lost.'), 3, '502 {"type":"error","error":{"type":"no_answer_error","message":"Lost."}}'],
      // A minute in half a minute’s steps.
      [() => refused(429, { 'retry-after': '29' }), 3, '429 {"type":"error","error":{"type":"x","message":"Because."}}'],
      [() => refused(529, { 'retry-after': '61' }), 1, '529 {"type":"error","error":{"type":"x","message":"Because."}}'],
    ];
    for (const [fault, tries, said] of cases) {
      const time = handTime();
      const notes: Waiting[] = [];
      let asked = 0;
      const failing: ModelFetch = async () => {
        asked += 1;
        const came = fault();
        if (came instanceof Error) throw came;
        return came;
      };
      const gate = rateGate({ atOnce: 1, time, onWaiting: (waiting) => notes.push(waiting), busyMs: 60_000 });
      const answer = gate(failing)(asking({}));
      await time.pass(120_000);
      const response = await answer;
      assert.deepEqual(
        [`${response.status} ${await response.text()}`, response.headers.get('x-should-retry'), asked],
        [said, 'false', tries],
      );
      assert.equal(notes.filter(({ kind }) => kind === 'over').length, tries - 1);
    }
  });

  it('waits longer for a server that it has heard of before', async () => {
    const time = handTime();
    let asked = 0;
    const going: ModelFetch = async () => {
      asked += 1;
      if (asked > 1) throw new Error('Lost.');
      return refused(401);
    };
    const gate = rateGate({ atOnce: 1, time, onWaiting: () => undefined });
    const first = await gate(going)(asking({}));
    assert.match(await first.text(), /Because/);
    const answer = gate(going)(asking({}));
    await time.pass(120_000);
    assert.deepEqual([(await answer).status, asked], [502, 1 + 7]);
  });

  it('is shared by all models that are put behind it', async () => {
    const { held, gate } = gated({ atOnce: 1 });
    const other = heldModel();
    const first = gate(held.model)(asking({}));
    const second = gate(other.model)(asking({}));
    const one = await held.nth(1);
    await settled();
    assert.equal(other.all.length, 0);
    one.answer(fine());
    await (await first).text();
    (await other.nth(1)).answer(fine());
    assert.equal(await (await second).text(), 'fine');
  });
});
