/** Faults of real servers, over real HTTP, met by the real agent behind the gate: no task is lost for any of them. */
import assert from 'node:assert/strict';
import { anthropicModel } from '../../../src/model/anthropic';
import type { ModelFetch, Part } from '../../../src/model/fetch';
import { rateGate, type Waiting } from '../../../src/model/gate/rateGate';
import { steady } from '../../../src/model/gate/steady';
import { openGateway } from '../../../src/model/gateway/gateway';
import { gatewayModel } from '../../../src/model/gateway/gatewayModel';
import { systemTime, type Time } from '../../../src/model/time';
import { watched } from '../../../src/model/watched';
import { finish, playing, run } from '../../agent/agentRun';
import {
  cut,
  errorEvent,
  type Fault,
  type FaultyServer,
  refusal,
  reset,
  type Said,
  serveFaults,
  silence,
} from '../../support/faultyServer';
import { hastyTime } from '../../support/handTime';
import { valued } from '../../support/result';

const TURNS = [{ say: 'I look around. '.repeat(20), calls: [{ tool: 'list_files', input: {} }] }, { calls: [finish('All of it.')] }];

/**
 * Time in which a stream has been silent for too long as soon as the server says nothing more, and at no other time; where it has said something
 * that is to be handed on, as soon as that was.
 */
function silenceTime(): { readonly time: Time; readonly silent: (after: Said) => void; readonly heard: Part } {
  let elapsed = 0;
  /** Of the newest answer: whether anything of it was handed on, and whether its silence waits for that. */
  let isHeard = false;
  let isDue = false;
  const waits = new Set<() => void>();
  const pass = () => {
    elapsed += 60_000;
    for (const over of waits) over();
  };
  const wait: Time['wait'] = (_ms, signal) =>
    new Promise((resolve) => {
      const over = () => {
        waits.delete(over);
        resolve();
      };
      waits.add(over);
      signal.addEventListener('abort', over, { once: true });
    });
  return {
    time: { ...systemTime, elapsed: () => elapsed, wait },
    silent: (after) => {
      // Its reader is to ask for more first: silence is what comes to somebody who listens.
      if (after !== 'half') pass();
      else if (isHeard) setImmediate(pass);
      else isDue = true;
    },
    heard: (model) => async (request) => {
      isHeard = false;
      const chunk = () => {
        isHeard = true;
        if (isDue) setImmediate(pass);
        isDue = false;
      };
      return watched(await model(request), request, { chunk, end: () => undefined });
    },
  };
}

describe('faults of a server, behind the gate', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  async function rig(
    faults: readonly Fault[],
  ): Promise<{ server: FaultyServer; model: ModelFetch; waits: string[]; waited: readonly number[] }> {
    const silences = silenceTime();
    const server = await serveFaults(faults, playing(TURNS), silences.silent);
    open.push(server);
    const time = hastyTime();
    const waits: string[] = [];
    const onWaiting = (waiting: Waiting) => {
      if (waiting.kind === 'waits') waits.push(waiting.why);
    };
    const gate = rateGate({ atOnce: 5, time, onWaiting });
    const watch = steady({ silentMs: 60_000, time: silences.time });
    const model = silences.heard(gate(watch(anthropicModel({ baseUrl: server.url, key: 'the-key', fetch }))));
    return { server, model, waits, waited: time.waited };
  }

  const hidden: [string, Fault, string, number][] = [
    ['429 with retry-after', refusal(429, 'rate_limit_error', { 'retry-after': '20' }), 'limit', 20_000],
    ['429 without it', refusal(429, 'rate_limit_error'), 'limit', 1000],
    ['529', refusal(529, 'overloaded_error'), 'overloaded', 1000],
    ['500', refusal(500, 'api_error'), 'error', 1000],
    ['a connection that is reset', reset, 'lost', 1000],
    ['no answer at all', silence, 'silent', 1000],
    ['a stream that falls silent before it says anything', cut('start', 'silence'), 'silent', 1000],
    ['a stream that breaks off before it says anything', cut('start', 'break'), 'lost', 1000],
    ['a stream that ends before it says anything', cut('start', 'end'), 'lost', 1000],
    ['an overloaded server that says so in its stream', errorEvent('overloaded_error', 'start'), 'overloaded', 1000],
  ];
  for (const [what, fault, why, pause] of hidden) {
    it(`hides ${what} from the agent`, async () => {
      const { server, model, waits, waited } = await rig([fault]);
      const { result, requests } = await run(model);
      assert.deepEqual(result, { ok: true, value: { summary: 'All of it.' } });
      assert.deepEqual([requests.length, server.asked, waits, waited], [2, 3, [why], [pause]]);
    });
  }

  const seen: [string, Fault][] = [
    ['falls silent', cut('half', 'silence')],
    ['breaks off', cut('half', 'break')],
    ['ends as if that were all', cut('half', 'end')],
    ['reports that the server is overloaded', errorEvent('overloaded_error', 'half')],
    ['reports that there is a limit', errorEvent('rate_limit_error', 'half')],
  ];
  for (const [what, fault] of seen) {
    it(`shows the agent a stream that ${what} after it has begun, and the agent asks for the turn again`, async () => {
      const { server, model } = await rig([fault]);
      const { result, requests } = await run(model);
      assert.deepEqual(result, { ok: true, value: { summary: 'All of it.' } });
      assert.deepEqual([requests.length, server.asked], [3, 3]);
      assert.deepEqual(requests[1], requests[0]);
    });
  }

  it('does all this for a worker behind the gateway as well', async () => {
    const { server, model } = await rig([refusal(529, 'overloaded_error'), cut('start', 'break'), cut('half', 'break'), reset]);
    const gateway = valued(await openGateway({ model, run: 'run-1' }));
    open.push(gateway);
    const { result, requests } = await run(gatewayModel(gateway.address, gateway.token));
    assert.deepEqual(result, { ok: true, value: { summary: 'All of it.' } });
    assert.deepEqual([requests.length, server.asked], [3, 6]);
  });

  it('tells in the end what the matter is, without the SDK trying all of it again', async () => {
    const refused = await rig(Array.from({ length: 20 }, () => refusal(500, 'api_error')));
    const first = await run(refused.model);
    assert.deepEqual(first.result, {
      ok: false,
      failure: {
        kind: 'model',
        message: 'The model’s server is overloaded, or has an error of its own (500): Because.',
        fix: 'Wait a little and try again.',
      },
    });
    assert.deepEqual([refused.server.asked, refused.waited], [7, [1000, 2000, 4000, 8000, 16_000, 30_000]]);
    const gone = await rig([]);
    await gone.server.close();
    open.pop();
    const second = await run(gone.model);
    const address = gone.server.url.replace('http://', '');
    assert.deepEqual(second.result, {
      ok: false,
      failure: {
        kind: 'model',
        message: `The model’s server cannot be reached. No answer from ${gone.server.url}: connect ECONNREFUSED ${address}.`,
        fix: 'Check weft.baseUrl (or ANTHROPIC_BASE_URL) and your network, and that the server runs.',
      },
    });
    // Nothing was ever heard of it: it is not waited for as long as one that was there.
    assert.equal(gone.waited.length, 2);
  });
});
