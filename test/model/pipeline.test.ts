/** All parts together, as a run has them: worker, gateway, budget, recorder, warm-up, gate, breaker, and a server that fails. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { modelClient } from '../../src/agent/client';
import { anthropicModel } from '../../src/model/anthropic';
import type { BreakerEvent } from '../../src/model/breaker';
import { accounts, type BudgetEvent } from '../../src/model/budget/accounts';
import { accountId } from '../../src/model/budget/budget';
import type { ModelFetch } from '../../src/model/fetch';
import type { Waiting } from '../../src/model/gate/rateGate';
import { openGateway } from '../../src/model/gateway/gateway';
import { gatewayModel } from '../../src/model/gateway/gatewayModel';
import { runPipeline, sharedPipeline } from '../../src/model/pipeline';
import { readRecording } from '../../src/model/record/recording';
import { replayer } from '../../src/model/record/replayer';
import { finish, playing, run } from '../agent/agentRun';
import { cut, type Fault, refusal, serveFaults } from '../support/faultyServer';
import { hastyTime } from '../support/handTime';
import { valued } from '../support/result';

const KEY = 'the-key-of-a-person';
const TURNS = [
  { say: 'I look. '.repeat(30), calls: [{ tool: 'write_file', input: { path: 'a.txt', content: 'one\n' } }] },
  { calls: [finish('All of it.')] },
];

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  collect();
}

describe('the pipeline', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  async function rig({ faults, fallbacks = [], tokens }: { faults: readonly Fault[]; fallbacks?: readonly string[]; tokens?: number }) {
    const server = await serveFaults(faults, playing(TURNS));
    const told: string[] = [];
    const onWaiting = (waiting: Waiting) => {
      if (waiting.kind === 'waits') told.push(`${waiting.about.run} ${waiting.why}`);
    };
    const onBreaker = (event: BreakerEvent) =>
      told.push(event.kind === 'fallback' ? `${event.by} for ${event.model}` : `${event.model} ${event.kind}`);
    // Nothing is silent here; in hasty time, everything would be.
    const time = hastyTime();
    const patient = {
      ...time,
      wait: (ms: number, signal: AbortSignal) => (ms > 60_000 ? new Promise<void>(() => undefined) : time.wait(ms, signal)),
    };
    const shared = sharedPipeline({ time: patient, atOnce: 5, fallbacks, onWaiting, onBreaker });
    const all = accounts(({ kind, account }: BudgetEvent) => told.push(`${account} ${kind}`));
    valued(all.open(accountId('r'), { label: 'the run', cap: { usd: undefined, tokens }, parent: undefined, isKept: false }));
    const written: string[] = [];
    const own = runPipeline({ accounts: all, prices: {}, fallbacks, record: { write: (line) => written.push(line), secrets: [KEY] } });
    const model = own(shared(anthropicModel({ baseUrl: server.url, key: KEY, fetch })));
    const gateway = valued(await openGateway({ model, run: 'r' }));
    open.push(server, gateway);
    return { server, told, all, recorded: () => written.join(''), worker: gatewayModel(gateway.address, gateway.token) };
  }

  it('hears, through all of its parts, of an abort after everything that can be was collected', async () => {
    const ends: AbortSignal[] = [];
    let came: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => {
      came = resolve;
    });
    const server: ModelFetch = (request) => {
      ends.push(request.signal);
      // The first one warms the prefix up; the other is held.
      if (ends.length === 1) return Promise.resolve(new Response('{"usage":{}}', { headers: { 'content-type': 'application/json' } }));
      came();
      return new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)));
    };
    const time = { ...hastyTime(), wait: () => new Promise<void>(() => undefined) };
    const shared = sharedPipeline({ time, atOnce: 5, fallbacks: [], onWaiting: () => undefined, onBreaker: () => undefined });
    const all = accounts(() => undefined);
    const own = runPipeline({ accounts: all, prices: {}, fallbacks: [], record: undefined });
    const client = modelClient(own(shared(server)));
    const system = [{ type: 'text' as const, text: 'You are an agent.', cache_control: { type: 'ephemeral' as const } }];
    const ask = (signal: AbortSignal) =>
      client.messages.create({ model: 'm', max_tokens: 9, system, messages: [{ role: 'user', content: 'Go.' }] }, { signal });
    const leave = new AbortController();
    await ask(leave.signal);
    const asked = assert.rejects(ask(leave.signal), { name: 'APIUserAbortError' });
    await inside;
    for (let times = 0; times < 5; times += 1) {
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
    }
    leave.abort();
    await asked;
    assert.deepEqual(
      ends.map((signal) => signal.aborted),
      [false, true],
    );
  });

  it('takes an agent through faults and a fallback, counts what it cost, and can be played again', async () => {
    const busy = refusal(529, 'overloaded_error');
    const { server, told, all, recorded, worker } = await rig({
      faults: [
        refusal(429, 'rate_limit_error', { 'retry-after': '9' }),
        busy,
        busy,
        cut('start', 'break'),
        busy,
        busy,
        cut('half', 'break'),
      ],
      fallbacks: ['scripted:other'],
    });
    const { result, steps, requests } = await run(worker);
    assert.deepEqual(result, { ok: true, value: { summary: 'All of it.' } });
    assert.deepEqual(told, [
      'r limit',
      'r overloaded',
      'r overloaded',
      'r lost',
      'r overloaded',
      'scripted:test open',
      // It breaks off half-way, and the agent asks for the turn again.
      'scripted:other for scripted:test',
      'scripted:other for scripted:test',
      'scripted:other for scripted:test',
    ]);
    assert.deepEqual([server.asked, requests.length], [9, 3]);
    const spent = all.state(accountId('r'))?.spent;
    assert.ok(spent !== undefined && spent.tokens > 0 && spent.usd === 0 && spent.unpriced === 0);
    const again = await run(replayer(valued(readRecording(recorded(), 'run.jsonl'))));
    assert.deepEqual([again.result, again.steps, again.requests], [result, steps, requests]);
    assert.ok(!recorded().includes(KEY));
  });

  it('sends nothing that the budget of the run does not allow', async () => {
    const { server, told, worker } = await rig({ faults: [], tokens: 1000 });
    const { result } = await run(worker);
    assert.equal(result.ok ? 'ok' : result.failure.kind, 'budget');
    assert.deepEqual([server.asked, told], [0, ['r refused']]);
  });
});
