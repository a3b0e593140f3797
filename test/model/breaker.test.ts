/** Breakers and fallbacks: which model is asked, when, and what is told of it. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import { type BreakerEvent, breaker } from '../../src/model/breaker';
import type { ModelFetch } from '../../src/model/fetch';
import { rateGate } from '../../src/model/gate/rateGate';
import { errorResponse } from '../../src/model/messages';
import { handTime, hastyTime, settled } from '../support/handTime';
import { asking, heldModel } from '../support/heldModel';

const bodySchema = z.object({ model: z.string() });

/** Models that answer, or fail, as the test last said; what was asked of which. */
function rig({ fallbacks = ['b', 'c'], openMs = 3_600_000, faults = 2 } = {}) {
  const time = handTime();
  const events: string[] = [];
  const asked: string[] = [];
  const does: Record<string, () => Response> = {};
  const model: ModelFetch = async (request) => {
    const { model: name } = bodySchema.parse(await request.json());
    asked.push(name);
    return (does[name] ?? (() => new Response(`${name} says`)))();
  };
  const part = breaker({ fallbacks, time, openMs, faults, onEvent: (event) => events.push(textOf(event)) });
  const ask = async (name = 'a') => {
    try {
      const response = await part(model)(asking({ task: 't' }, { model: name }));
      const after = response.headers.get('retry-after-ms');
      return `${response.status} ${await response.text()}${after === null ? '' : ` after ${after}`}`;
    } catch (thrown) {
      return String(thrown);
    }
  };
  return { time, part, events, asked, does, ask };
}

function textOf(event: BreakerEvent): string {
  switch (event.kind) {
    case 'open':
      return `${event.model} open: ${event.why}`;
    case 'fallback':
      return `${event.about.task}: ${event.by} for ${event.model}`;
    case 'refused':
      return `${event.about.task}: ${event.by} not for ${event.model}: ${event.why}`;
    default:
      return `${event.model} ${event.kind}`;
  }
}

const overloaded = () => errorResponse(529, 'overloaded_error', 'Overloaded.');
const OVERLOADED = '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded."}}';
const lost = () => {
  throw new Error('Lost.');
};

describe('the breaker', () => {
  it('opens after faults in a row, and then the first fallback that works answers', async () => {
    const { asked, events, does, ask } = rig();
    does['a'] = overloaded;
    does['b'] = lost;
    assert.deepEqual(
      [await ask(), await ask(), await ask(), await ask()],
      // The second fault opens it, and the fallback is asked at once; its own second one opens it as well.
      [OVERLOADED, 'Error: Lost.', '200 c says', '200 c says'],
    );
    assert.deepEqual(asked, ['a', 'a', 'b', 'b', 'c', 'c']);
    assert.deepEqual(events, ['a open: 529: Overloaded.', 'b open: Lost.', 't: c for a', 't: c for a']);
  });

  it('counts faults in a row only, and no limit, refusal or abort', async () => {
    const { asked, events, does, ask, part } = rig();
    const answers: (() => Response)[] = [overloaded, () => new Response('fine')];
    for (const status of [429, 400, 401, 404]) answers.push(overloaded, () => errorResponse(status, 'x', 'No.'));
    for (const answer of answers) {
      does['a'] = answer;
      await ask();
    }
    const held = heldModel();
    for (let n = 1; n <= 3; n += 1) {
      const leave = new AbortController();
      const request = part(held.model)(asking({}, { model: 'a' }, leave.signal));
      await held.nth(n);
      leave.abort();
      await assert.rejects(request, { name: 'AbortError' });
    }
    assert.deepEqual([new Set(asked), events], [new Set(['a']), []]);
  });

  it('tries the model again with one request after a while, and closes, or stays open', async () => {
    const { asked, events, does, ask, part } = rig({ openMs: 0, fallbacks: ['b'] });
    does['a'] = overloaded;
    assert.deepEqual([await ask(), await ask()], [OVERLOADED, '200 b says']);
    // While one request tries it, all others go to the fallback.
    const held = heldModel();
    const trying = part(held.model)(asking({}, { model: 'a' }));
    const probe = await held.nth(1);
    assert.equal(await ask(), '200 b says');
    probe.answer(overloaded());
    (await held.nth(2)).answer(new Response('b says'));
    assert.equal(await (await trying).text(), 'b says');
    does['a'] = () => new Response('a is back');
    assert.deepEqual([await ask(), await ask()], ['200 a is back', '200 a is back']);
    assert.deepEqual(asked, ['a', 'a', 'b', 'b', 'a', 'a']);
    assert.deepEqual(events, [
      'a open: 529: Overloaded.',
      't: b for a',
      'a half-open',
      't: b for a',
      'a open: 529: Overloaded.',
      'undefined: b for a',
      'a half-open',
      'a closed',
    ]);
  });

  it('stays open where the request that tries the model is aborted', async () => {
    const { events, does, ask, part } = rig({ openMs: 0, fallbacks: ['b'] });
    does['a'] = overloaded;
    await ask();
    await ask();
    const held = heldModel();
    const leave = new AbortController();
    const trying = part(held.model)(asking({}, { model: 'a' }, leave.signal));
    await held.nth(1);
    leave.abort();
    await assert.rejects(trying, { name: 'AbortError' });
    await ask();
    assert.deepEqual(events.slice(2), ['a half-open', 'a open: 529: Overloaded.', 'a half-open', 'a open: 529: Overloaded.', 't: b for a']);
  });

  it('passes over a fallback that refuses the request, and says the fault of the model where none is left', async () => {
    const { time, asked, events, does, ask } = rig();
    does['a'] = overloaded;
    does['b'] = () => errorResponse(404, 'not_found_error', 'No such model.');
    await ask();
    assert.equal(await ask(), '200 c says');
    does['c'] = () => errorResponse(429, 'rate_limit_error', 'Slowly.');
    assert.equal(await ask(), '429 {"type":"error","error":{"type":"rate_limit_error","message":"Slowly."}}');
    does['c'] = lost;
    assert.deepEqual([await ask(), await ask()], ['Error: Lost.', 'Error: Lost.']);
    await time.pass(600_000);
    assert.equal(await ask(), `${OVERLOADED} after 3000000`);
    assert.deepEqual(asked, ['a', 'a', 'b', 'c', 'b', 'c', 'b', 'c', 'b', 'c', 'b']);
    assert.equal(events[1], 't: b not for a: 404: No such model.');
  });

  it('says a rejection again as an answer, where there is no fallback', async () => {
    const { asked, does, ask } = rig({ fallbacks: [] });
    does['a'] = lost;
    assert.deepEqual([await ask(), await ask()], ['Error: Lost.', 'Error: Lost.']);
    assert.equal(await ask(), '502 {"type":"error","error":{"type":"no_answer_error","message":"Lost."}} after 3600000');
    assert.deepEqual(asked, ['a', 'a']);
  });

  it('goes behind the gate, and no request is lost to a server that fails for a while', async () => {
    const time = hastyTime();
    let asked = 0;
    const { part } = rig({ fallbacks: [], openMs: 0 });
    const failing: ModelFetch = async () => {
      asked += 1;
      await settled();
      return asked <= 7 ? overloaded() : new Response('fine');
    };
    const model = rateGate({ atOnce: 50, time, onWaiting: () => undefined })(part(failing));
    const answers = await Promise.all(Array.from({ length: 5 }, async () => (await model(asking({}, { model: 'a' }))).text()));
    assert.deepEqual(answers, ['fine', 'fine', 'fine', 'fine', 'fine']);
  });
});
