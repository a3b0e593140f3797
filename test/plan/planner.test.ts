/** The planner: it looks, asks, corrects at most twice, and ends with a plan that can be run, or says what is wrong. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { BUILT_IN_HEADS } from '../../src/domain/role';
import { anthropicModel } from '../../src/model/anthropic';
import type { ModelFetch } from '../../src/model/fetch';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { planningText } from '../../src/plan/context';
import { groundOf } from '../../src/plan/ground';
import { planFormat } from '../../src/plan/planFormat';
import { makePlan } from '../../src/plan/planner';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { serveModel } from '../support/modelServer';
import { NEVER, valued } from '../support/result';
import { type Files, sandbox } from '../support/sandbox';

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
  output_config: z.object({ format: z.object({ type: z.string(), schema: z.looseObject({}) }) }).optional(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]) })),
  tools: z.array(z.looseObject({ name: z.string() })),
});

const PROJECT: Files = { 'src/a.ts': 'export const a = 1;\n', 'package.json': JSON.stringify({ scripts: { test: 'mocha' } }) };

interface Options {
  readonly signal?: AbortSignal;
  readonly files?: Files;
}

async function plan(model: ModelFetch, { signal = NEVER, files = PROJECT }: Options = {}) {
  const requests: z.infer<typeof requestSchema>[] = [];
  const steps: string[] = [];
  const { repo } = await sandbox(files);
  const ground = valued(
    await groundOf(
      repo,
      diskWorkspace(repo, async () => ({ ok: true, value: undefined })),
      NEVER,
    ),
  );
  const result = await makePlan({
    request: planningText([{ kind: 'text', text: 'Make it greet.' }], ground),
    ground,
    model: async (request) => {
      requests.push(requestSchema.parse(await request.clone().json()));
      return model(request);
    },
    modelName: 'scripted:test',
    report: (step) => steps.push(step ?? 'Thinking'),
    signal,
  });
  return { result, requests, steps };
}

/** What the model was told in a message, as one text. */
function told(request: z.infer<typeof requestSchema> | undefined, at: number): string {
  const content = request?.messages.at(at)?.content ?? '';
  return typeof content === 'string' ? content : content.map((block) => JSON.stringify(block)).join('\n');
}

const playing = (plans: unknown[], looks: unknown[] = []) =>
  scriptedModel(scenarioSchema.parse({ plans, looks }), { paceMs: 0, wait: async () => undefined });

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
      assert.deepEqual(requests[0]?.output_config?.format, { type: 'json_schema', schema: planFormat(BUILT_IN_HEADS) });
      assert.equal(requests[0]?.stream, true);
      assert.deepEqual(requests[0]?.messages, [
        {
          role: 'user',
          content:
            'What I want:\nMake it greet.\n\nThe checks that the project has:\n- npm test (package.json: mocha)\n\nThe files of the workspace:\npackage.json\nsrc/a.ts',
        },
      ]);
      assert.deepEqual(
        requests[0]?.tools.map(({ name }) => name),
        ['list_files', 'read_file', 'search'],
      );
      assert.deepEqual(result.value.problems, []);
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
    assert.deepEqual(JSON.parse(told(requests[2], 3)), cycle);
    const [first, second] = [told(requests[2], 2), told(requests[2], 4)];
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

  it('leaves to the person what the third plan has not mended, and starts no fourth request', async () => {
    const bad = withTask({ dependsOn: ['db'] });
    const { result, requests } = await plan(playing([bad, bad, bad, GOOD]));
    assert.ok(result.ok);
    assert.deepEqual(result.value.problems, [
      { at: ['tasks', 0, 'dependsOn', 0], message: 'no task is called “db”: name a task of this plan' },
    ]);
    assert.deepEqual(result.value.plan.tasks[0]?.dependsOn, ['db']);
    assert.equal(requests.length, 3);
  });

  it('fails where the third answer is still no plan', async () => {
    const bad = withTask({ id: '' });
    const { result, requests } = await plan(playing([bad, bad, bad, GOOD]));
    const said = 'The model’s plan cannot be used, and 2 corrections did not help: tasks[0].id: ';
    assert.deepEqual(result.ok ? undefined : [result.failure.kind, result.failure.message.startsWith(said)], ['agent', true]);
    assert.equal(requests.length, 3);
  });

  it('looks before it plans, and tells what it looks at', async () => {
    const looks = [
      {
        calls: [
          { tool: 'list_files', input: {} },
          { tool: 'read_file', input: { path: 'src/a.ts' } },
        ],
        say: 'I look.',
      },
      {
        calls: [
          { tool: 'search', input: { pattern: 'const a' } },
          { tool: 'write_file', input: { path: 'x', content: 'x' } },
        ],
      },
    ];
    const server = await serveModel(playing([withTask({ dependsOn: ['db'] }), GOOD], looks));
    try {
      const { result, requests, steps } = await plan(anthropicModel({ baseUrl: server.url, key: 'a-key', fetch }));
      assert.deepEqual(result.ok ? result.value.plan : result.failure, FILLED);
      assert.equal(requests.length, 4);
      assert.deepEqual(steps, [
        'Thinking',
        'Looking around',
        'Reading src/a.ts',
        'Thinking',
        'Searching for “const a”',
        'Calling write_file',
        'Thinking',
        'Thinking',
      ]);
      assert.match(told(requests[1], 2), /"content":"package\.json\\nsrc\/a\.ts"[\s\S]*"content":"export const a = 1;\\n"/);
      assert.match(told(requests[2], 4), /"content":"src\/a\.ts:1: export const a = 1;"[\s\S]*There is no tool “write_file”/);
      assert.match(told(requests[3], 6), /^This plan cannot be used:\n- tasks\[0\]\.dependsOn\[0\]/);
    } finally {
      await server.close();
    }
  });

  it('sees what is in no editor’s way: the workspace as it is, unsaved text and all, and nothing ignored', async () => {
    const looks = [
      {
        calls: [
          { tool: 'list_files', input: {} },
          { tool: 'read_file', input: { path: '.env' } },
        ],
      },
    ];
    const { requests } = await plan(playing([GOOD], looks), { files: { '.gitignore': '.env\n', '.env': 'KEY=secret\n', 'a.txt': 'a\n' } });
    assert.match(told(requests[1], 2), /"content":"\.gitignore\\na\.txt"[\s\S]*There is no file \.env/);
    assert.doesNotMatch(told(requests[1], 2), /secret/);
  });

  it('is told to answer when it has looked enough, and ends when it does not', async () => {
    const looks = Array.from({ length: 40 }, () => ({ calls: [{ tool: 'list_files', input: {} }] }));
    const { result, requests } = await plan(playing([GOOD], looks));
    assert.deepEqual(result.ok ? undefined : [result.failure.kind, result.failure.message], [
      'agent',
      'The model looked around 18 times and gave no plan.',
    ]);
    assert.equal(requests.length, 19);
    assert.doesNotMatch(told(requests[15], -1), /looked around enough/);
    assert.match(told(requests[16], -1), /package\.json[\s\S]*You have looked around enough/);
    assert.match(told(requests[17], -1), /This call was not made[\s\S]*You have looked around enough/);
    const enough = await plan(playing([GOOD], looks.slice(0, 16)));
    assert.deepEqual(enough.result.ok ? enough.result.value.plan : undefined, FILLED);
  });

  it('is shown no more than a model has room for', async () => {
    const big = `${'x'.repeat(90)}\n`.repeat(1_000);
    const looks = Array.from({ length: 8 }, () => ({ calls: [{ tool: 'read_file', input: { path: 'big.txt' } }] }));
    const { result, requests } = await plan(playing([GOOD], looks), { files: { 'big.txt': big } });
    assert.deepEqual(result.ok ? result.value.plan : result.failure, FILLED);
    assert.doesNotMatch(told(requests[3], -1), /looked around enough/);
    assert.match(told(requests[4], -1), /x{90}[\s\S]*You have looked around enough/);
    assert.match(told(requests[5], -1), /This call was not made[\s\S]*You have looked around enough/);
  });

  it('has a call made again whose input was no JSON', async () => {
    const looks = [{ calls: [{ tool: 'list_files', input: {} }], malformed: 'json' }];
    const { result, requests } = await plan(playing([GOOD], looks));
    assert.deepEqual(result.ok ? result.value.plan : result.failure, FILLED);
    assert.match(told(requests[1], 2), /This call was not made[\s\S]*The input of a call was no JSON/);
  });

  it('says in words what a plan looks like to a server that takes no format', async () => {
    const whole = saying(`Here it is:\n\n${JSON.stringify(GOOD)}\n\nGood luck!`);
    const { result, requests } = await plan(async (request) => {
      const body = requestSchema.parse(await request.clone().json());
      if (body.output_config !== undefined)
        return Response.json(
          { type: 'error', error: { type: 'invalid_request_error', message: 'output_config: Extra inputs are not permitted' } },
          { status: 400 },
        );
      // The scripted model knows a planning request by its format.
      return whole(new Request(request, { body: JSON.stringify({ ...body, output_config: { format: { type: 'json_schema' } } }) }));
    });
    assert.deepEqual(result.ok ? result.value.plan : result.failure, FILLED);
    assert.equal(requests.length, 2);
    assert.match(requests[1]?.system ?? '', /one JSON object[\s\S]*"dependsOn"/);
    assert.doesNotMatch(requests[0]?.system ?? '', /"dependsOn"/);
  });

  it('takes no check, no file and no forecast that says nothing', async () => {
    const made = {
      goal: 'Greet.',
      check: 'npm run e2e',
      tasks: [
        { ...GOOD.tasks[0], writes: ['src/api/**'], context: ['src/a.ts', 'src/b.ts', 'src'] },
        { ...GOOD.tasks[1], writes: ['**'], context: ['src/api/index.ts'], check: 'npm test -- ui' },
      ],
    };
    const { result, requests } = await plan(playing([made, GOOD]));
    assert.deepEqual(result.ok ? result.value.plan : result.failure, FILLED);
    assert.equal(
      told(requests[1], 2),
      `This plan cannot be used:
- check: the project has no “npm run e2e”: use one of “npm test”, or leave it out
- tasks[0].context[1]: there is no file “src/b.ts”, and no task that this one depends on forecasts to write it: name a file that is there
- tasks[1].writes[0]: “**” is every file: name the files or folders that this task will change

Give the whole plan again, with this mended.`,
    );
  });

  it('corrects what is no JSON, and takes JSON in a fence', async () => {
    const prose = await plan(saying('Here is my plan: do it.'));
    assert.ok(!prose.result.ok);
    assert.match(told(prose.requests[1], 2), /^This plan cannot be used:\n- The plan is not JSON: [\s\S]*of this JSON schema:\n\{/);
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
    const { result } = await plan(model, { signal: stop.signal });
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
        // A project need not have a check, and the model is not to make one up; few tasks need leave to land.
        assert.deepEqual(
          node['required'],
          Object.keys(properties).filter((name) => name !== 'check' && name !== 'askToLand'),
        );
        for (const [name, property] of Object.entries(properties)) visit(property, `${path}.${name}`);
      }
      if (node['type'] === 'array') visit(node['items'], `${path}[]`);
    };
    visit(planFormat(BUILT_IN_HEADS), '');
    assert.deepEqual(
      [...seen].filter((keyword) => !KNOWN.includes(keyword)),
      [],
    );
    assert.deepEqual(
      Object.keys(z.object({ properties: z.record(z.string(), z.unknown()) }).parse(planFormat(BUILT_IN_HEADS)).properties),
      ['goal', 'tasks', 'check'],
    );
  });
});
