/** Models of the editor, asked by the real agent and the real planner through the real SDK; the editor itself is played. */
import assert from 'node:assert/strict';
import { modelClient } from '../../../src/agent/client';
import { failureText, ok } from '../../../src/domain/failure';
import { askedOf, onward } from '../../../src/model/asked';
import { type EditorAsk, EditorError, type EditorModel, type EditorSaid, type EditorTrouble } from '../../../src/model/editor/editor';
import { editorModel } from '../../../src/model/editor/editorModel';
import type { ModelFetch } from '../../../src/model/fetch';
import { rateGate } from '../../../src/model/gate/rateGate';
import { steady } from '../../../src/model/gate/steady';
import type { Wait } from '../../../src/model/time';
import { groundOf } from '../../../src/plan/ground';
import { makePlan } from '../../../src/plan/planner';
import { diskWorkspace } from '../../../src/repo/diskWorkspace';
import { run, toldAfter } from '../../agent/agentRun';
import { handTime, hastyTime } from '../../support/handTime';
import { asking } from '../../support/heldModel';
import { NEVER, valued } from '../../support/result';
import { sandbox } from '../../support/sandbox';

const NAME = 'vscode:acme/large';
const HELLO = { model: NAME, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };
const nobody: ModelFetch = async () => new Response('somebody else', { status: 418 });

type Turn = (ask: EditorAsk, signal: AbortSignal) => AsyncIterable<EditorSaid>;

interface Editor {
  readonly model: ModelFetch;
  readonly asked: EditorAsk[];
  /** What the last request was to be cancelled by. */
  readonly signals: AbortSignal[];
}

/** An editor with one model, which takes these turns, and counts a token for each character. */
function editorWith(
  turns: readonly Turn[],
  countTokens: EditorModel['countTokens'] = async (text) => text.length,
  wait: Wait = handTime().wait,
): Editor {
  const asked: EditorAsk[] = [];
  const signals: AbortSignal[] = [];
  const model: EditorModel = {
    ask: (ask, signal) => {
      const turn = turns[asked.length];
      assert.ok(turn !== undefined, 'nothing more was to be asked');
      asked.push(ask);
      signals.push(signal);
      return turn(ask, signal);
    },
    countTokens,
  };
  const models = async (name: string) => (name === NAME ? model : undefined);
  return { model: editorModel({ models, id: () => `msg_${asked.length}`, wait }, nobody), asked, signals };
}

/** The editor's model, whatever name is asked for. */
const standIn =
  (name: string, model: ModelFetch): ModelFetch =>
  async (request) => {
    const asked = await askedOf(request);
    return model(onward(request, asked, { content: { ...asked.content, model: name } }));
  };

const saying = (...pieces: readonly EditorSaid[]): Turn =>
  async function* () {
    yield* pieces;
  };

const troubled = (trouble: EditorTrouble, ...pieces: readonly EditorSaid[]): Turn =>
  async function* () {
    yield* pieces;
    throw new EditorError(trouble, 'Because.');
  };

const text = (said: string): EditorSaid => ({ kind: 'text', text: said });
const call = (id: string, name: string, input: object): EditorSaid => ({ kind: 'call', id, name, input });

describe('a model of the editor', () => {
  it('works as an agent: its words, calls, results and errors are what the editor knows of them', async () => {
    const editor = editorWith([
      saying(text('I look'), text(' around.'), call('c1', 'list_files', {}), call('c2', 'read_file', { path: 'gone.txt' })),
      saying(call('c3', 'finish', { summary: 'All of it.' })),
    ]);
    const done = await run(standIn(NAME, editor.model), { files: { 'a.txt': 'a\n' } });
    assert.deepEqual(done.result, { ok: true, value: { summary: 'All of it.' } });
    const [listed, missing] = toldAfter(done, 1);
    const [first, second] = editor.asked;
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(
      first.messages.map(({ role, parts }) => [role, parts.map(({ kind }) => kind)]),
      [
        ['user', ['text', 'text']],
        ['user', ['text']],
      ],
    );
    assert.match(JSON.stringify(first.messages[0]), /You are an agent of Weft/);
    assert.match(JSON.stringify(first.messages[1]), /Task: one/);
    assert.deepEqual(second.messages.slice(2), [
      {
        role: 'assistant',
        parts: [
          { kind: 'text', text: 'I look around.' },
          { kind: 'call', id: 'c1', name: 'list_files', input: {} },
          { kind: 'call', id: 'c2', name: 'read_file', input: { path: 'gone.txt' } },
        ],
      },
      {
        role: 'user',
        parts: [
          { kind: 'result', call: 'c1', content: [{ kind: 'text', text: listed }] },
          {
            kind: 'result',
            call: 'c2',
            content: [
              { kind: 'text', text: 'Error:' },
              { kind: 'text', text: missing?.replace('error: ', '') },
            ],
          },
        ],
      },
    ]);
    assert.deepEqual([first.maxTokens, first.mustCall], [16_000, false]);
    const finish = first.tools.find(({ name }) => name === 'finish');
    assert.deepEqual([finish?.description.length !== 0, JSON.stringify(finish?.inputSchema).includes('summary')], [true, true]);
  });

  it('answers in pieces as the API does, with its tokens counted', async () => {
    const editor = editorWith([saying(text('One '), text('two.'), call('c1', 'add', { a: 1 }), text('Three.'))]);
    const stream = modelClient(editor.model).messages.stream(HELLO);
    const pieces: string[] = [];
    stream.on('text', (piece) => pieces.push(piece));
    const { content, id, model, stop_reason, usage } = await stream.finalMessage();
    assert.deepEqual(pieces, ['One ', 'two.', 'Three.']);
    const said = [
      { type: 'text', text: 'One two.', citations: null },
      { type: 'tool_use', id: 'c1', name: 'add', input: { a: 1 }, caller: { type: 'direct' } },
      { type: 'text', text: 'Three.', citations: null },
    ];
    assert.deepEqual([content, id, model, stop_reason], [said, 'msg_1', NAME, 'tool_use']);
    assert.deepEqual([usage.input_tokens, usage.output_tokens], ['Hello'.length, 'One two.\nadd {"a":1}\nThree.'.length]);
    const again = editorWith([saying(text('One '), text('two.'))]);
    const whole = await modelClient(again.model).messages.create(HELLO);
    assert.deepEqual([whole.content, whole.stop_reason], [[{ type: 'text', text: 'One two.', citations: null }], 'end_turn']);
  });

  it('answers although it cannot count, or never comes to an end of it', async () => {
    for (const count of [() => Promise.reject(new Error('No.')), () => new Promise<number>(() => undefined)]) {
      const editor = editorWith([saying(text('Twelve chars'))], count, hastyTime().wait);
      const { usage } = await modelClient(editor.model).messages.stream(HELLO).finalMessage();
      assert.deepEqual([usage.input_tokens, usage.output_tokens], [2, 3]);
    }
  });

  it('is told in words what form a plan has to have, and is shown what was wrong with it', async () => {
    const plan = { goal: 'Greet', tasks: [{ id: 'a', title: 'A', instructions: 'Do it.' }] };
    const editor = editorWith([saying(text('Sure! {"goal": 1}')), saying(text('```json\n'), text(`${JSON.stringify(plan)}\n\`\`\``))]);
    const { repo } = await sandbox({ 'a.txt': 'a\n' });
    const ground = valued(
      await groundOf(
        repo,
        diskWorkspace(repo, async () => ok()),
        NEVER,
      ),
    );
    const made = await makePlan({ request: 'Greet', ground, model: editor.model, modelName: NAME, signal: NEVER });
    assert.deepEqual(made.ok && made.value.plan.tasks.map(({ id }) => id), ['a']);
    const [{ messages: [told] = [] } = {}, second] = editor.asked;
    assert.match(JSON.stringify(told), /answer with one JSON value and nothing else.*dependsOn/);
    assert.deepEqual(
      second?.messages.map(({ role }) => role),
      ['user', 'user', 'assistant', 'user'],
    );
  });

  it('is shown images, and told of what it cannot be shown; of thoughts it is told nothing', async () => {
    const editor = editorWith([saying(text('I see.'))]);
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAEC' } };
    const messages = [
      { role: 'user', content: [image, { type: 'document', source: {} }, { type: 'text', text: '  ' }] },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'Hm.', signature: 'x' }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: [image] }] },
    ];
    const response = await editor.model(asking({}, { model: NAME, messages, tool_choice: { type: 'any' } }));
    assert.equal(response.status, 200);
    const picture = { kind: 'image', mediaType: 'image/png', data: Buffer.from([0, 1, 2]) };
    const note = 'Here was something of the kind “document”, which this model cannot be shown.';
    assert.deepEqual(editor.asked, [
      {
        messages: [
          { role: 'user', parts: [picture, { kind: 'text', text: `(${note})` }] },
          { role: 'user', parts: [{ kind: 'result', call: 'c1', content: [picture] }] },
        ],
        tools: [],
        mustCall: true,
        maxTokens: undefined,
      },
    ]);
  });

  const troubles: [EditorTrouble, string][] = [
    [
      'denied',
      'auth: VS Code does not let Weft ask its model: Because. Allow it (Accounts → Manage Language Model Access…), or run “Weft: Choose Model”.',
    ],
    ['gone', 'refused: Because. Run “Weft: Choose Model”, and sign in where the model comes from if it needs that.'],
    [
      'blocked',
      'agent: The model of VS Code refused the request: Because. Say in other words what is to be done, or run “Weft: Choose Model”.',
    ],
    [
      'refused',
      'agent: The model of VS Code refused the request: Because. Say in other words what is to be done, or run “Weft: Choose Model”.',
    ],
    [
      'limit',
      'model: The model’s server has had too many requests (429): Because. Wait a little, or lower weft.maxWorkers, and try again.',
    ],
    ['failed', 'model: The model’s server is overloaded, or has an error of its own (500): Because. Wait a little and try again.'],
  ];
  for (const [trouble, said] of troubles) {
    it(`says what to do where it is ${trouble}`, async () => {
      const time = hastyTime();
      const gate = rateGate({ atOnce: 1, time, onWaiting: () => undefined, busyMs: 5000, tries: 2 });
      const editor = editorWith(Array.from({ length: 9 }, () => troubled(trouble)));
      const { result } = await run(standIn(NAME, gate(steady({ silentMs: 60_000, time })(editor.model))));
      assert.ok(!result.ok);
      assert.equal(`${result.failure.kind}: ${failureText(result.failure)}`, said);
    });
  }

  it('is asked for a turn again when it breaks off in the midst of it', async () => {
    const editor = editorWith([troubled('failed', text('I beg')), saying(call('c1', 'finish', { summary: 'All of it.' }))]);
    assert.deepEqual((await run(standIn(NAME, editor.model))).result, { ok: true, value: { summary: 'All of it.' } });
    assert.deepEqual(editor.asked[1], editor.asked[0]);
  });

  it('stops when whoever asked goes away, before its answer and in the midst of it', async () => {
    let reached: () => void = () => undefined;
    const isHeld = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const held: Turn = async function* (_ask, signal) {
      yield text('One ');
      reached();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    };
    const early = new AbortController();
    const before = editorWith([
      async function* (_ask, signal) {
        early.abort();
        signal.throwIfAborted();
        yield text('never said');
      },
    ]);

    await assert.rejects(before.model(asking({}, { ...HELLO, stream: true }, early.signal)), { name: 'AbortError' });

    const late = new AbortController();
    const amidst = editorWith([held]);
    const response = await amidst.model(asking({}, { ...HELLO, stream: true }, late.signal));
    const read = response.text();
    await isHeld;
    late.abort();
    await assert.rejects(read, { name: 'AbortError' });
    assert.equal(amidst.signals[0]?.aborted, true);

    const left = editorWith([held]);
    const unread = await left.model(asking({}, { ...HELLO, stream: true }));
    await unread.body?.cancel();
    assert.equal(left.signals[0]?.aborted, true);
  });

  it('leaves models that are not the editor’s to whoever has them, and says what it cannot answer', async () => {
    const { model } = editorWith([]);
    const statuses = [];
    for (const body of [
      { ...HELLO, model: 'claude-x' },
      { ...HELLO, model: 'vscode:acme/small' },
      { model: NAME, messages: 'none' },
    ]) {
      const response = await model(asking({}, body));
      statuses.push([response.status, await response.text()]);
    }
    assert.deepEqual(statuses, [
      [418, 'somebody else'],
      [404, '{"type":"error","error":{"type":"editor_error","message":"VS Code has no model “vscode:acme/small” now."}}'],
      [
        400,
        '{"type":"error","error":{"type":"invalid_request_error","message":"messages: Invalid input: expected array, received string"}}',
      ],
    ]);
  });
});
