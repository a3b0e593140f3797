/** What the pipeline in front of a model costs, and what it saves: over real HTTP, by the real SDK, through the gateway. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { modelClient } from '../../src/agent/client';
import { anthropicModel } from '../../src/model/anthropic';
import { accounts } from '../../src/model/budget/accounts';
import type { ModelFetch } from '../../src/model/fetch';
import { openGateway } from '../../src/model/gateway/gateway';
import { gatewayModel } from '../../src/model/gateway/gatewayModel';
import { runPipeline, sharedPipeline } from '../../src/model/pipeline';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { systemTime } from '../../src/model/time';
import { atMost, median, type Row } from './row';
import { inTurns, must } from './timing';

const SERIES = 8;
const REQUESTS = 15;
const AGENTS = 50;
const AT_ONCE = 5;
/** How long each answer takes in the bench of the gate. */
const ANSWER_MS = 1000;

/** A conversation of an agent that has been at work for a while: some 60 KB. */
const HISTORY = 'const value = compute(input, { retries: 3 });\n'.repeat(1300);
const PREFIX = 'You are an agent of a run, and this is what all of them are told. '.repeat(200);

function request(task: string, own = '') {
  return {
    model: 'claude-sonnet-5-5',
    max_tokens: 1000,
    system: [{ type: 'text' as const, text: PREFIX, cache_control: { type: 'ephemeral' as const } }],
    messages: [{ role: 'user' as const, content: `Task: ${task}\n${own}` }],
  };
}

/** A server of the Messages API that a scripted model answers, each answer `answerMs` after it was asked for. */
async function serve(answerMs: number): Promise<{ url: string; most: () => number; close: () => Promise<void> }> {
  const model = scriptedModel(scenarioSchema.parse({ otherwise: [{ thinkMs: answerMs, say: 'Done. '.repeat(40) }] }), {
    paceMs: 0,
    wait: (ms, signal) => (ms === 0 ? Promise.resolve() : pause(ms, undefined, { signal }).catch(() => undefined)),
  });
  let now = 0;
  let most = 0;
  const server = createServer((incoming, outgoing) => {
    now += 1;
    most = Math.max(most, now);
    const answer = async () => {
      const body = await buffer(incoming);
      const response = await model(new Request('http://weft.invalid/v1/messages', { method: 'POST', body }));
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      for await (const chunk of response.body ?? []) outgoing.write(chunk);
      // Before whoever asked can know that it is over.
      now -= 1;
      outgoing.end();
    };
    answer().catch((thrown: unknown) => outgoing.destroy(thrown instanceof Error ? thrown : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    most: () => most,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The whole of it, in front of that model. */
function pipelined(model: ModelFetch, atOnce: number): ModelFetch {
  const all = accounts(() => undefined);
  const cap = { usd: 1e6, tokens: 1e12 };
  must(all.open('bench', { label: 'the run', cap, parent: undefined, isKept: false }));
  const ignore = () => undefined;
  const shared = sharedPipeline({ time: systemTime, atOnce, fallbacks: [], onWaiting: ignore, onBreaker: ignore });
  return runPipeline({ accounts: all, prices: {}, fallbacks: [], record: undefined })(shared(model));
}

export async function measurePipeline(say: (line: string) => void): Promise<Row[]> {
  return [await measureOverhead(say), ...(await measureGate(say)), await measureCache(say)];
}

/**
 * A request through SDK, gateway and all parts, beside one that the SDK sends to the server itself. Taken as processor time: worker, host and
 * server are one process here, and one request at a time waits for nothing else, so that on a quiet machine it is the time that passes.
 */
async function measureOverhead(say: (line: string) => void): Promise<Row> {
  say(`${SERIES * REQUESTS} requests with and without the pipeline`);
  const server = await serve(0);
  const source = anthropicModel({ baseUrl: server.url, key: undefined, fetch });
  const gateway = must(await openGateway({ model: pipelined(source, 50), run: 'bench' }));
  const worker = gatewayModel(gateway.address, gateway.token);
  const cost = async (model: ModelFetch) => {
    const before = process.cpuUsage();
    await modelClient(model, { task: 'a' }).messages.stream(request('a', HISTORY)).finalMessage();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const medians: number[] = [];
  for (let series = 0; series <= SERIES; series += 1) {
    const added: number[] = [];
    for (let count = 0; count < REQUESTS; count += 1) {
      const bare = await cost(source);
      added.push((await cost(worker)) - bare);
    }
    // The first series only warms up.
    if (series > 0) medians.push(median(added));
  }
  await gateway.close();
  await server.close();
  return { name: 'pipeline: what it adds to a request, at the median', unit: 'ms', samples: medians, reference: null, limit: atMost(3) };
}

/** Fifty agents with a turn each, where only five requests may go at once. */
async function measureGate(say: (line: string) => void): Promise<Row[]> {
  say(`${AGENTS} agents behind a gate for ${AT_ONCE}`);
  const server = await serve(ANSWER_MS);
  const gateway = must(
    await openGateway({ model: pipelined(anthropicModel({ baseUrl: server.url, key: undefined, fetch }), AT_ONCE), run: 'bench' }),
  );
  const worker = gatewayModel(gateway.address, gateway.token);
  // What it takes at best: nothing but the server, as many at once as may be.
  const bare = anthropicModel({ baseUrl: server.url, key: undefined, fetch });
  const took = await inTurns(2, {
    bare: () => Promise.all(Array.from({ length: AT_ONCE }, () => turns(bare, 'bare', AGENTS / AT_ONCE))),
    gated: () => Promise.all(Array.from({ length: AGENTS }, (_, at) => turns(worker, `task${at}`, 1))),
  });
  await gateway.close();
  await server.close();
  if (server.most() > AT_ONCE) throw new Error(`${server.most()} requests were on their way at once.`);
  return [
    {
      name: `${AGENTS} agents on a gate for ${AT_ONCE}, a turn of ${ANSWER_MS / 1000} s each`,
      unit: 'ms',
      samples: took.gated,
      reference: { name: `as many turns on ${AT_ONCE} clients alone`, samples: took.bare, ratio: 'over' },
      limit: atMost(1.1),
    },
  ];
}

async function turns(model: ModelFetch, task: string, count: number): Promise<void> {
  const client = modelClient(model, { task });
  for (let turn = 0; turn < count; turn += 1) await client.messages.stream(request(task, String(turn))).finalMessage();
}

/** What fifty agents that begin at once pay for their prompts, beside what they would with the shared prefix paid once. */
async function measureCache(say: (line: string) => void): Promise<Row> {
  say(`${AGENTS} agents with a shared prefix`);
  const server = await serve(ANSWER_MS);
  const model = pipelined(anthropicModel({ baseUrl: server.url, key: undefined, fetch }), AGENTS);
  const ask = async (at: number) =>
    (
      await modelClient(model, {})
        .messages.stream(request('a', `Number ${100 + at}.`))
        .finalMessage()
    ).usage;
  const all = await Promise.all(Array.from({ length: AGENTS }, (_, at) => ask(at)));
  const later = await ask(AGENTS);
  await server.close();
  const uncached = all.reduce((sum, usage) => sum + usage.input_tokens + (usage.cache_creation_input_tokens ?? 0), 0);
  const once = (later.cache_read_input_tokens ?? 0) + AGENTS * (later.input_tokens + (later.cache_creation_input_tokens ?? 0));
  return {
    name: `uncached input of ${AGENTS} agents that begin at once`,
    unit: 'tokens',
    samples: [uncached],
    reference: { name: 'their prefix once, and what each has of its own', samples: [once], ratio: 'over' },
    limit: atMost(1),
  };
}
