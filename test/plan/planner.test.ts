/** The planner: one request, corrected at most twice, and a plan that can be run or a failure that says why not. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { anthropicModel } from '../../src/model/anthropic';
import type { ModelFetch } from '../../src/model/fetch';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { makePlan, planFormat } from '../../src/plan/planner';
import { serveModel } from '../support/modelServer';

const GOOD = {
  goal: 'Greet.',
  tasks: [
    { id: 'api', title: 'The API', instructions: 'Write it.' },
    { id: 'ui', title: 'The UI', role: 'tester', instructions: 'Show it.', dependsOn: ['api'] },
  ],
};
const FILLED = {
  goal: 'Greet.',
  tasks: [
    { id: 'api', title: 'The API', role: 'coder', instructions: 'Write it.', dependsOn: [], writes: [], context: [] },
    { id: 'ui', title: 'The UI', role: 'tester', instructions: 'Show it.', dependsOn: ['api'], writes: [], context: [] },
  ],
};
const withTask = (change: object) => ({ ...GOOD, tasks: [{ ...GOOD.tasks[0], ...change }, GOOD.tasks[1]] });

const requestSchema = z.looseObject({
  system: z.string(),
  stream: z.boolean(),
  output_config: z.object({ format: z.object({ type: z.string(), schema: z.looseObject({}) }) }),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});

async function plan(model: ModelFetch, signal = new AbortController().signal) {
  const requests: z.infer<typeof requestSchema>[] = [];
  const result = await makePlan({
    selected: [{ kind: 'text', text: 'Make it greet.' }],
    files: ['src/a.ts'],
    model: async (request) => {
      requests.push(requestSchema.parse(await request.clone().json()));
      return model(request);
    },
    modelName: 'scripted:test',
    signal,
  });
  return { result, requests };
}

const playing = (plans: unknown[]) => scriptedModel(scenarioSchema.parse({ plans }), { paceMs: 0, wait: async () => undefined });

/** A model whose stream says this text, and stops for this reason. */
function saying(text: string, stop = 'end_turn'): ModelFetch {
  const plain = playing(['TEXT']);
  return async (request) => {
    const answer = await plain(request);
    const body = (await answer.text())
      .replace(JSON.stringify('"TEXT"').slice(1, -1), JSON.stringify(text).slice(1, -1))
      .replaceAll('"end_turn"', `"${stop}"`);
    return new Response(body, answer);
  };
}

describe('the planner', () => {
  it('asks once, over real HTTP, with the schema of a plan', async () => {
    const server = await serveModel(playing([GOOD]));
    try {
      const { result, requests } = await plan(anthropicModel({ baseUrl: server.url, key: 'a-key', fetch }));
      assert.ok(result.ok);
      assert.deepEqual(result.value.plan, FILLED);
      assert.ok(result.value.usage.output > 0 && result.value.usage.cacheWrite > 0);
      assert.equal(requests.length, 1);
      assert.deepEqual(requests[0]?.output_config.format, { type: 'json_schema', schema: planFormat() });
      assert.equal(requests[0]?.stream, true);
      assert.deepEqual(requests[0]?.messages, [
        { role: 'user', content: 'What I want:\nMake it greet.\n\nThe files of the workspace:\nsrc/a.ts' },
      ]);
    } finally {
      await server.close();
    }
  });

  it('shows the model what is wrong, twice', async () => {
    const cycle = withTask({ dependsOn: ['ui'] });
    const { result, requests } = await plan(playing([withTask({ dependsOn: ['db'], context: ['../x'] }), cycle, GOOD]));
    assert.ok(result.ok);
    assert.deepEqual(result.value.plan, FILLED);
    assert.equal(requests.length, 3);
    const last = requests[2]?.messages ?? [];
    assert.deepEqual(
      last.map(({ role }) => role),
      ['user', 'assistant', 'user', 'assistant', 'user'],
    );
    assert.deepEqual(JSON.parse(last[3]?.content ?? ''), cycle);
    const [first = '', second = ''] = [last[2]?.content, last[4]?.content];
    assert.match(
      first,
      /^This plan cannot be used:\n- tasks\[0\]\.dependsOn\[0\]: no task is called “db”.*\n- tasks\[0\]\.context\[0\]: .*“\.\.”.*\n\nGive the whole plan again/,
    );
    assert.match(
      second,
      /^This plan cannot be used:\n- tasks\[\d\]\.dependsOn: tasks wait for each other in a circle \((api → ui → api|ui → api → ui)\)/,
    );
  });

  it('adds up what all of its requests used', async () => {
    const once = await plan(playing([GOOD]));
    const thrice = await plan(playing([withTask({ id: '' }), withTask({ role: 'king' }), GOOD]));
    assert.ok(once.result.ok && thrice.result.ok);
    assert.ok(thrice.result.value.usage.output > 2 * once.result.value.usage.output);
    assert.ok(thrice.result.value.usage.cacheRead > 0);
  });

  it('fails when the third plan is no better, and starts no fourth request', async () => {
    const bad = withTask({ dependsOn: ['db'] });
    const { result, requests } = await plan(playing([bad, bad, bad, GOOD]));
    assert.deepEqual(result, {
      ok: false,
      failure: {
        kind: 'agent',
        message:
          'The model’s plan cannot be used, and 2 corrections did not help: tasks[0].dependsOn[0]: no task is called “db”: name a task of this plan.',
        fix: 'Ask again in other words, or write the plan yourself (*.weft.json).',
      },
    });
    assert.equal(requests.length, 3);
  });

  it('corrects what is no JSON, and takes JSON in a fence', async () => {
    const prose = await plan(saying('Here is my plan: do it.'));
    assert.ok(!prose.result.ok);
    assert.match(prose.requests[1]?.messages[2]?.content ?? '', /^This plan cannot be used:\n- The plan is not JSON: /);
    const fence = await plan(saying(`\`\`\`json\n${JSON.stringify(GOOD)}\n\`\`\`\n`));
    assert.deepEqual(fence.result.ok ? fence.result.value.plan : undefined, FILLED);
  });

  const ends: [string, ModelFetch, string][] = [
    ['refuses', saying('No.', 'refusal'), 'The model refused to plan this.'],
    ['writes too much', saying('{"goal": "', 'max_tokens'), 'The plan became too long for the model.'],
    ['says nothing', saying(''), 'The model answered without a plan.'],
  ];
  for (const [name, model, message] of ends) {
    it(`fails at once where the model ${name}`, async () => {
      const { result, requests } = await plan(model);
      assert.deepEqual(result.ok ? undefined : [result.failure.kind, result.failure.message], ['agent', message]);
      assert.equal(requests.length, 1);
    });
  }

  it('fails with what the server says', async () => {
    const { result } = await plan(async () =>
      Response.json({ type: 'error', error: { type: 'authentication_error', message: 'No.' } }, { status: 401 }),
    );
    assert.deepEqual(result.ok ? undefined : [result.failure.kind, result.failure.message], ['auth', 'The API key was refused (401).']);
  });

  it('asks again where the answer broke off, twice at most', async () => {
    const whole = playing([GOOD]);
    const half = (answer: string) => answer.slice(0, answer.length / 2);
    for (const [breaks, requestsSent, works] of [
      [2, 3, true],
      [3, 3, false],
    ] as const) {
      let asked = 0;
      const { result, requests } = await plan(async (request) => {
        const answer = await whole(request);
        asked += 1;
        return asked > breaks ? answer : new Response(half(await answer.text()), answer);
      });
      assert.deepEqual([result.ok, requests.length], [works, requestsSent]);
    }
  });

  it('stops in the middle of the answer', async () => {
    const stop = new AbortController();
    const scenario = scenarioSchema.parse({ plans: [GOOD] });
    let aborted = false;
    const model = scriptedModel(scenario, {
      paceMs: 1,
      wait: (ms, signal) =>
        ms === 0
          ? Promise.resolve()
          : new Promise<void>((resolve) => {
              signal.addEventListener('abort', () => {
                aborted = true;
                resolve();
              });
              stop.abort();
            }),
    });
    const { result } = await plan(model, stop.signal);
    assert.deepEqual(result, { ok: false, failure: { kind: 'cancelled', message: 'Stopped.', fix: '' } });
    assert.equal(aborted, true);
  });
});

describe('the schema that is sent', () => {
  /** What the API takes; everything else it refuses with a 400. */
  const KNOWN = ['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'description', 'minItems'];

  it('has only what the API takes, each field described, and required but for checks', () => {
    const seen = new Set<string>();
    const visit = (schema: unknown, path: string): void => {
      const node = z.looseObject({ description: z.string().optional() }).parse(schema);
      for (const keyword of Object.keys(node)) seen.add(keyword);
      if (!path.endsWith('[]') && path !== '') assert.ok(node.description, `${path} has no description`);
      if (node['type'] === 'object') {
        const properties = z.record(z.string(), z.unknown()).parse(node['properties']);
        assert.equal(node['additionalProperties'], false);
        // A project need not have a check, and the model is not to make one up.
        assert.deepEqual(
          node['required'],
          Object.keys(properties).filter((name) => name !== 'check'),
        );
        for (const [name, property] of Object.entries(properties)) visit(property, `${path}.${name}`);
      }
      if (node['type'] === 'array') visit(node['items'], `${path}[]`);
    };
    visit(planFormat(), '');
    assert.deepEqual(
      [...seen].filter((keyword) => !KNOWN.includes(keyword)),
      [],
    );
    assert.deepEqual(Object.keys(z.object({ properties: z.record(z.string(), z.unknown()) }).parse(planFormat()).properties), [
      'goal',
      'tasks',
      'check',
    ]);
  });
});
