/** Budgets over real HTTP: what is reserved, what is settled, and what the agent is told when it is over. */
import assert from 'node:assert/strict';
import { modelClient } from '../../../src/agent/client';
import { isOutOfBudget } from '../../../src/agent/modelFailure';
import { type About, setAbout } from '../../../src/model/about';
import { anthropicModel } from '../../../src/model/anthropic';
import type { AccountState } from '../../../src/model/budget/account';
import { accounts } from '../../../src/model/budget/accounts';
import { accountId, budget } from '../../../src/model/budget/budget';
import type { ModelFetch } from '../../../src/model/fetch';
import type { Turn } from '../../../src/model/scenario';
import { finish, playing, run } from '../../agent/agentRun';
import { cut, type Fault, serveFaults } from '../../support/faultyServer';
import { settled } from '../../support/handTime';
import { asking, heldModel } from '../../support/heldModel';
import { valued } from '../../support/result';

/** A dollar for each token of the input, and a thousand for each of the output. */
const PRICES = { dear: { input: 1e6, output: 1e9, cacheRead: 1e6, cacheWrite: 1e6 } };
const ABOUT: About = { run: 'r', task: 't' };
const QUESTION = { model: 'dear', max_tokens: 50, messages: [{ role: 'user', content: 'Task: one' } as const] };

describe('a budget', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  /** A task of a run on a server that plays these turns, after these faults. */
  async function rig({ turns = [], faults = [], usd, tokens }: { turns?: Turn[]; faults?: Fault[]; usd?: number; tokens?: number }) {
    const server = await serveFaults(faults, playing(turns));
    open.push(server);
    const all = accounts(() => undefined);
    const cap = { usd, tokens };
    valued(all.open(accountId('r'), { label: 'the run', cap: { usd: undefined, tokens: undefined }, parent: undefined, isKept: false }));
    valued(all.open(accountId('r', 't'), { label: 'task “t”', cap, parent: accountId('r'), isKept: false }));
    const part = budget({ accounts: all, prices: PRICES, fallbacks: [] });
    const model = part(anthropicModel({ baseUrl: server.url, key: 'the-key', fetch }));
    const state = (): AccountState => {
      const found = all.state(accountId('r', 't'));
      assert.ok(found !== undefined);
      return found;
    };
    return { server, all, part, model, client: modelClient(model, ABOUT), state };
  }

  it('settles what an answer says that it cost, streamed or whole', async () => {
    const { client, state } = await rig({ turns: [{ say: 'x'.repeat(400) }] });
    const whole = await client.messages.create(QUESTION);
    const once = state().spent;
    const { input_tokens: input, output_tokens: output } = whole.usage;
    assert.deepEqual(once, { usd: input + 1000 * output, tokens: input + output, unpriced: 0 });
    assert.ok(input > 10 && output > 100);
    const streamed = await client.messages.stream(QUESTION).finalMessage();
    assert.deepEqual(streamed.usage.output_tokens, output);
    assert.deepEqual(state(), {
      cap: { usd: undefined, tokens: undefined },
      spent: { usd: 2 * once.usd, tokens: 2 * once.tokens, unpriced: 0 },
      reserved: { usd: 0, tokens: 0 },
    });
  });

  it('settles the cache by its own prices', async () => {
    const { client, state } = await rig({ turns: [{ say: 'x' }] });
    const cached = { ...QUESTION, model: 'claude-sonnet-5-5', cache_control: { type: 'ephemeral' } as const };
    const { usage: wrote } = await client.messages.create(cached);
    const { usage: read } = await client.messages.create(cached);
    assert.deepEqual([wrote.cache_read_input_tokens, read.cache_creation_input_tokens], [0, 0]);
    const kept = wrote.cache_creation_input_tokens ?? 0;
    const expected = (kept * 2.5 + kept * 0.2 + (wrote.output_tokens + read.output_tokens) * 10) / 1e6;
    assert.ok(kept > 0 && Math.abs(state().spent.usd - expected) < 1e-12);
  });

  it('reserves the most that a request may cost: its text, what the model may write, the dearest model, and no cache', async () => {
    const held = heldModel();
    const all = accounts(() => undefined);
    valued(all.open('r', { label: 'the run', cap: { usd: undefined, tokens: undefined }, parent: undefined, isKept: false }));
    const reservedFor = async (body: object, fallbacks: readonly string[] = []) => {
      const leave = new AbortController();
      const asked = budget({ accounts: all, prices: PRICES, fallbacks })(held.model)(asking(ABOUT, body, leave.signal));
      const failed = assert.rejects(asked);
      await settled();
      const reserved = all.state('r')?.reserved;
      leave.abort();
      await failed;
      return reserved;
    };
    const body = { model: 'claude-opus-5', max_tokens: 1000, messages: [{ role: 'user', content: 'x'.repeat(1000) }] };
    const input = Math.ceil(JSON.stringify(body).length / 2);
    assert.deepEqual(await reservedFor(body), { usd: (input * 6.25 + 1000 * 25) / 1e6, tokens: input + 1000 });
    assert.deepEqual(await reservedFor(body, ['dear']), { usd: input + 1_000_000, tokens: input + 1000 });
    // Unknown is unknown, though another is known.
    assert.deepEqual(await reservedFor(body, ['unknown']), { usd: 0, tokens: input + 1000 });
    const image = { type: 'image', source: { type: 'base64', data: 'x'.repeat(1_000_000) } };
    const shown = await reservedFor({ ...body, messages: [{ role: 'user', content: [image, { type: 'tool_result', content: [image] }] }] });
    assert.ok(shown !== undefined && shown.tokens > 11_000 && shown.tokens < 11_200);
    assert.deepEqual(all.state('r')?.spent, { usd: 0, tokens: 0, unpriced: 0 });
  });

  it('counts what a stream has cost that broke off, and nothing for a request that was refused', async () => {
    const { client, state } = await rig({ turns: [{ say: 'x'.repeat(4000) }], faults: [cut('half', 'break')] });
    await assert.rejects(client.messages.stream(QUESTION).finalMessage());
    const { spent, reserved } = state();
    // Half of a thousand tokens, and the events around them.
    assert.ok(spent.tokens > 500 && spent.tokens < 1000, String(spent.tokens));
    assert.deepEqual(reserved, { usd: 0, tokens: 0 });
    const refusing = await rig({ turns: [{ error: { status: 400, type: 'x', message: 'No.' } }] });
    await assert.rejects(refusing.client.messages.create(QUESTION));
    await refusing.server.close();
    open.pop();
    await assert.rejects(refusing.client.messages.create(QUESTION, { maxRetries: 0 }));
    assert.deepEqual(refusing.state(), {
      cap: { usd: undefined, tokens: undefined },
      spent: { usd: 0, tokens: 0, unpriced: 0 },
      reserved: { usd: 0, tokens: 0 },
    });
  });

  it('estimates what a server does not tell', async () => {
    const { part, state } = await rig({});
    const [question, answer] = [
      { model: 'unknown', messages: 'x'.repeat(364) },
      { type: 'message', content: 'x'.repeat(374) },
    ];
    await (await part(async () => Response.json(answer))(asking(ABOUT, question))).text();
    const tokens = Math.ceil(JSON.stringify(question).length / 4) + Math.ceil(JSON.stringify(answer).length / 4);
    assert.deepEqual(state().spent, { usd: 0, tokens, unpriced: tokens });
  });

  it('refuses a request that no account allows, unsent, and lets it through when the cap is raised', async () => {
    const { server, client, all } = await rig({ turns: [{ say: 'x' }], usd: 40_000 });
    const thrown: unknown = await client.messages.create(QUESTION).catch((error: unknown) => error);
    assert.ok(isOutOfBudget(thrown));
    assert.equal(server.asked, 0);
    all.raise(accountId('r', 't'), { usd: 60_000, tokens: undefined });
    await client.messages.create(QUESTION);
    assert.equal(server.asked, 1);
  });

  it('does not count what belongs to no account', async () => {
    const { server, model, state, all } = await rig({ turns: [{ say: 'x' }], tokens: 0 });
    for (const about of [{}, { task: 't' }, { run: 'another' }]) await modelClient(model, about).messages.create(QUESTION);
    assert.deepEqual([server.asked, state().spent.tokens], [3, 0]);
    // A task without an account of its own is its run’s.
    assert.equal(all.state(accountId('r'))?.spent.tokens, 0);
    const { usage } = await modelClient(model, { run: 'r', task: 'other' }).messages.create(QUESTION);
    assert.equal(all.state(accountId('r'))?.spent.tokens, usage.input_tokens + usage.output_tokens);
    assert.equal(state().spent.tokens, 0);
  });

  it('stops an agent at its cap, and says whose budget it is', async () => {
    const look = { say: 'x'.repeat(60_000), calls: [{ tool: 'list_files', input: {} }] };
    const { server, model, state } = await rig({ turns: [look, look, look, { calls: [finish()] }], tokens: 1_000_000 });
    const asTask: ModelFetch = (request) => {
      setAbout(request.headers, ABOUT);
      return model(request);
    };
    assert.deepEqual((await run(asTask)).result, { ok: true, value: { summary: 'Done.' } });
    const { tokens } = state().spent;
    // Enough for what it was, but not for what the last turn might have been.
    const poor = await rig({ turns: [look, look, look, { calls: [finish()] }], tokens: tokens + 10_000 });
    const { result } = await run((request) => {
      setAbout(request.headers, ABOUT);
      return poor.model(request);
    });
    assert.ok(!result.ok && poor.server.asked > 0 && poor.server.asked < server.asked);
    assert.deepEqual([result.failure.kind, result.failure.fix], ['budget', 'Raise the budget, then go on from what was done.']);
    assert.match(
      result.failure.message,
      /^The budget of task “t” \([\d,]+ tokens\) is used up: [\d,]+ tokens of it spent, and this turn may cost up to [\d,]+ tokens\.$/,
    );
    assert.ok(poor.state().spent.tokens <= tokens + 10_000);
  });
});
