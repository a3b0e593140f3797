/** Which model a name stands for, and what is refused before anything is sent. */
import assert from 'node:assert/strict';
import { failureText } from '../../src/domain/failure';
import { askedOf, onward } from '../../src/model/asked';
import type { Part } from '../../src/model/fetch';
import { recorder } from '../../src/model/record/recorder';
import { readScenario } from '../../src/model/scenario';
import { modelSource, type SourceOptions } from '../../src/model/source';
import { asking } from '../support/heldModel';

const KEY = 'sk-secret-0123456789';
const FILES = new Map([
  ['/weft/sample.json', '{ "otherwise": [{ "say": "the sample" }] }'],
  ['my.json', '\ufeff{ "otherwise": [{ "say": "mine" }] }'],
  ['broken.json', '{ "tasks": { "a": [{ "says": "x", "paceMs": -1 }] } }'],
]);

const OPTIONS: Omit<SourceOptions, 'model' | 'key'> = {
  baseUrl: undefined,
  fetch: async () => new Response('the server'),
  samplePath: '/weft/sample.json',
  readText: async () => assert.fail('nothing is to be read'),
  paceMs: 0,
  wait: async () => undefined,
};

describe('the source of a model', () => {
  const sent: string[] = [];
  beforeEach(() => {
    sent.length = 0;
  });

  /** What comes of asking that source once: the text of the answer, the address that was asked, or the failure. */
  async function outcome(options: Partial<SourceOptions>): Promise<string> {
    const source = await modelSource({
      model: 'claude-x',
      baseUrl: undefined,
      key: KEY,
      fetch: async (request) => {
        sent.push(request.url);
        return new Response();
      },
      samplePath: '/weft/sample.json',
      readText: async (path) => {
        const text = FILES.get(path);
        if (text === undefined) throw new Error('no such file');
        return text;
      },
      paceMs: 0,
      wait: async () => undefined,
      ...options,
    });
    if (!source.ok) return `${source.failure.kind}: ${failureText(source.failure)}`;
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
    const response = await source.value(new Request('http://weft.invalid/v1/messages', { method: 'POST', body }));
    return sent.at(-1) ?? /"text":"(.*?)"/.exec(await response.text())?.[1] ?? '';
  }

  it('plays the sample, or the scenario at a path, without a key', async () => {
    assert.equal(await outcome({ model: 'scripted:sample', key: undefined }), 'the sample');
    assert.equal(await outcome({ model: 'scripted:my.json', key: undefined }), 'mine');
  });

  it('plays the recording at a path, without a key', async () => {
    const asked = asking({}, { model: 'another', messages: [{ role: 'user', content: 'Hello' }] });
    let text = '';
    const part = recorder({ write: (line) => (text += line), secrets: [] });
    await (await part(async () => Response.json({ text: 'as it was' }))(asked)).text();
    FILES.set('run.jsonl', text);
    assert.equal(await outcome({ model: 'recorded:run.jsonl', key: undefined }), 'as it was');
  });

  it('sends everything else to a server', async () => {
    assert.equal(await outcome({}), 'https://api.anthropic.com/v1/messages');
    assert.equal(await outcome({ baseUrl: '  ', key: ` ${KEY}\n` }), 'https://api.anthropic.com/v1/messages');
    assert.equal(await outcome({ baseUrl: 'http://localhost:8080/v1/', key: '' }), 'http://localhost:8080/v1/messages');
    assert.equal(await outcome({ baseUrl: 'https://gate.example/a/b/', key: undefined }), 'https://gate.example/a/b/v1/messages');
  });

  it('asks the editor for its models in any run, and a server for the others only where the run has one', async () => {
    const editor: Part = (rest) => async (request) => {
      const asked = await askedOf(request);
      return asked.content.model === 'vscode:acme/large' ? Response.json({ text: 'the editor' }) : rest(onward(request, asked));
    };
    const text = async (source: string, model: string) => {
      const made = await modelSource({ ...OPTIONS, model: source, key: KEY, editor });
      assert.ok(made.ok);
      const response = await made.value(asking({}, { model, messages: [{ role: 'user', content: 'Hello' }] }));
      return `${response.status} ${await response.text()}`;
    };
    const refused = 'This run asks models of VS Code, and “claude-x” is none. Choose one whose name begins with vscode:.';
    assert.deepEqual(
      [
        await text('claude-x', 'claude-x'),
        await text('claude-x', 'vscode:acme/large'),
        await text('vscode:acme/large', 'vscode:acme/large'),
        await text('vscode:acme/large', 'claude-x'),
      ],
      [
        '200 the server',
        '200 {"text":"the editor"}',
        '200 {"text":"the editor"}',
        `404 {"type":"error","error":{"type":"editor_error","message":"${refused}"}}`,
      ],
    );
  });

  it('refuses what cannot work, and says what to do', async () => {
    const address = 'Set weft.baseUrl, or ANTHROPIC_BASE_URL, to an address such as http://localhost:8080.';
    const cases: [Partial<SourceOptions>, string][] = [
      [{ key: undefined }, 'auth: There is no API key. Run “Weft: Set API Key”, or set ANTHROPIC_API_KEY.'],
      [
        { key: '', baseUrl: 'https://api.anthropic.com/v1/' },
        'auth: There is no API key. Run “Weft: Set API Key”, or set ANTHROPIC_API_KEY.',
      ],
      [
        { key: `${KEY}\nx` },
        'auth: The API key has blanks or characters that no key has. Copy it again, then run “Weft: Set API Key”, or set ANTHROPIC_API_KEY.',
      ],
      [{ model: ' ' }, 'input: No model is named. Set weft.model to the name of a model.'],
      [{ baseUrl: 'localhost:8080' }, `input: The base URL "localhost:8080" is not an http or https address. ${address}`],
      [{ baseUrl: 'file:///etc' }, `input: The base URL "file:///etc" is not an http or https address. ${address}`],
      [{ baseUrl: 'http://h.example/?a=1' }, `input: The base URL of h.example has a query or a fragment. ${address}`],
      [
        { baseUrl: 'http://me:word@h.example' },
        'input: The base URL of h.example contains a user name or password. Leave it out: the API key is kept apart.',
      ],
      [
        { model: 'scripted:' },
        'input: The model “scripted:” names no scenario. Use scripted:sample, or scripted: and the path of a scenario file.',
      ],
      [
        { model: 'scripted:gone.json' },
        'file: The scenario gone.json could not be read: no such file. Use scripted:sample, or the path of a scenario file.',
      ],
      [
        { model: 'vscode:acme/large' },
        'input: The model “vscode:acme/large” is one of VS Code’s, which only the extension can ask. Name another one: --model claude-…',
      ],
      [{ model: 'recorded:' }, 'input: The model “recorded:” names no recording. Use recorded: and the path of a recording.'],
      [
        { model: 'recorded:gone.jsonl' },
        'file: The recording gone.jsonl could not be read: no such file. Use recorded: and the path of a recording.',
      ],
      [
        { model: 'recorded:my.json' },
        'input: my.json is not a recording that this version of Weft can play. Use a file that Weft has recorded.',
      ],
    ];
    const seen = [];
    for (const [options] of cases) seen.push(await outcome(options));
    assert.deepEqual(
      seen,
      cases.map(([, message]) => message),
    );
    assert.deepEqual(sent, []);
  });

  it('names each field of a scenario that does not fit', async () => {
    const message = await outcome({ model: 'scripted:broken.json' });
    assert.match(
      message,
      /^input: broken\.json is not a usable scenario: tasks\.a\[0\]\.paceMs: .*; tasks\.a\[0\]: .*"says".* Mend these fields\.$/,
    );
    const broken = readScenario('{', 'a.json');
    assert.ok(!broken.ok);
    assert.match(broken.failure.message, /^a\.json is not JSON: /);
  });
});
