/** Images and PDFs that agents read: shown where the model takes them, kept whole in the transcript, left out where they do not fit. */
import assert from 'node:assert/strict';
import { roundsOf } from '../../src/agent/circles';
import { redactedEntry } from '../../src/agent/redactedEntry';
import { type Entry, entrySchema } from '../../src/agent/transcript';
import type { ModelFetch } from '../../src/model/fetch';
import { takesOf } from '../../src/model/takes';
import { type AgentRun, finish, playing, type RunOptions, resumed, run, standing, toldAfter } from './agentRun';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40, 7)]);
const FILES = {
  'logo.png': PNG,
  'photo.txt': Buffer.from('\xff\xd8\xff\xe0 no text', 'latin1'),
  'old.gif': Buffer.from('GIF89a\0\0', 'latin1'),
  'new.webp': Buffer.from('RIFF\x01\x02\x03\x04WEBPVP8 ', 'latin1'),
  'paper.pdf': Buffer.from('%PDF-1.7\n%\xe2\xe3\n', 'latin1'),
  'tool.wasm': Buffer.from('\0asm\x01\0\0\0', 'latin1'),
};
const image = (type: string, bytes: Buffer) => ({
  type: 'image',
  source: { type: 'base64', data: bytes.toString('base64'), media_type: `image/${type}` },
});

const reads = (...paths: string[]) => ({ calls: paths.map((path) => ({ tool: 'read_file', input: { path } })) });

/** The results of the first turn's calls, as they are in the transcript. */
function results({ entries }: AgentRun): unknown[] {
  return entries.flatMap((entry) => (entry.type === 'result' && entry.result.type === 'tool_result' ? [entry.result.content] : []));
}

async function reading(paths: string[], options: RunOptions = {}): Promise<AgentRun> {
  return run(playing([reads(...paths), { calls: [finish()] }]), { files: FILES, ...options });
}

describe('an image or a PDF', () => {
  it('is known by its bytes, whatever its name, and sent as what it is', async () => {
    const done = await reading(Object.keys(FILES));
    assert.deepEqual(results(done).slice(0, -2), [
      [image('png', PNG)],
      [image('jpeg', FILES['photo.txt'])],
      [image('gif', FILES['old.gif'])],
      [image('webp', FILES['new.webp'])],
      [
        {
          type: 'document',
          source: { type: 'base64', data: FILES['paper.pdf'].toString('base64'), media_type: 'application/pdf' },
        },
      ],
    ]);
    assert.deepEqual(
      results(done).at(-2),
      'tool.wasm is binary, or not UTF-8 text. It can be moved or deleted, but neither read nor edited.',
    );
    assert.deepEqual(done.result, { ok: true, value: { summary: 'Done.' } });
    assert.deepEqual(done.draft.readPaths, Object.keys(FILES));
  });

  it('is part of a conversation that is gone on with, and of what circles are told by', async () => {
    const cut = await run(playing([reads('logo.png')]), { files: FILES });
    const { session } = standing(cut);
    const told = session.messages.at(-1)?.content;
    assert.ok(typeof told !== 'string' && told?.[0]?.type === 'tool_result');
    assert.deepEqual(told[0].content, [image('png', PNG)]);
    const again = await run(playing([reads('logo.png'), { calls: [finish()] }]), {
      draft: await resumed(cut),
      again: { session, message: undefined },
    });
    assert.deepEqual(again.requests[0]?.messages.at(-1)?.content, told);
    assert.equal(roundsOf(session.messages).length, 1);
    const changed = session.messages.map((message) => JSON.parse(JSON.stringify(message).replace(PNG.toString('base64'), 'AAAA')));
    assert.notEqual(roundsOf(changed)[0]?.key, roundsOf(session.messages)[0]?.key);
  });

  it('is left out, with what to do, where the model is not known to take it', async () => {
    const done = await reading(['logo.png', 'paper.pdf'], { modelName: 'qwen3-coder' });
    assert.deepEqual(results(done).slice(0, 2), [
      'You cannot be shown this image: the model that you run on is not known to take images. Go on without it, and say so in your summary if it matters.',
      'You cannot be shown this PDF: the model that you run on is not known to take PDFs. Go on without it, and say so in your summary if it matters.',
    ]);
    assert.deepEqual(
      toldAfter(done, 1).map((text) => text.startsWith('error: ')),
      [true, true],
    );
  });

  it('is left out where it is too large, and where the conversation is full of them', async () => {
    const big = Buffer.concat([PNG, Buffer.alloc(4_000_000)]);
    const large = await reading(['big.png'], { files: { 'big.png': big } });
    assert.match(String(results(large)[0]), /^You cannot be shown this image: it has 4\.0 MB, and at most 3\.9 MB can be sent\. /);
    const many = await reading(Array.from({ length: 22 }, () => 'logo.png'));
    const shown = results(many).map((content) => (Array.isArray(content) ? 'shown' : content));
    const full =
      'You cannot be shown this image: this conversation holds 20 images and PDFs already, and no more fit in. Go on with what you have seen.';
    assert.deepEqual(shown.slice(0, 22), [...Array.from({ length: 20 }, () => 'shown'), full, full]);
    const half = Buffer.concat([PNG, Buffer.alloc(3_500_000)]);
    const heavy = await reading(
      Array.from({ length: 6 }, () => 'half.png'),
      { files: { 'half.png': half } },
    );
    assert.deepEqual(
      results(heavy)
        .slice(0, 6)
        .map((content) => Array.isArray(content)),
      [true, true, true, true, false, false],
    );
  });

  it('that the server refuses does not end the task: the agent goes on without it', async () => {
    const script = playing([reads('logo.png'), reads('paper.pdf'), { calls: [finish()] }]);
    let refused = 0;
    const picky: ModelFetch = async (request) => {
      if (!(await request.clone().text()).includes('"type":"image"')) return script(request);
      refused += 1;
      return Response.json(
        { type: 'error', error: { type: 'invalid_request_error', message: 'Could not process image' } },
        { status: 400 },
      );
    };
    const done = await run(picky, { files: FILES });
    assert.deepEqual(done.result, { ok: true, value: { summary: 'Done.' } });
    assert.equal(refused, 1);
    const [request] = done.requests.slice(2, 3);
    const content = request?.messages.at(-1)?.content;
    assert.ok(Array.isArray(content));
    assert.deepEqual(content[0]?.content, [
      {
        type: 'text',
        text: 'The model’s server did not take this image or document. Go on without it, and say so in your summary if it matters.',
      },
    ]);
  });

  it('stays whole in a transcript that is rid of secrets, and what is beside it does not', () => {
    // Bytes whose base64 looks like a key of a cloud’s.
    const data = `AKIA${'Q7'.repeat(8)}/+==`;
    const content = [
      { type: 'text' as const, text: 'password: "hunter2hunter2"' },
      { type: 'image' as const, source: { type: 'base64' as const, data, media_type: 'image/png' as const } },
    ];
    const entry: Entry = { type: 'result', result: { type: 'tool_result', tool_use_id: 't', content }, draft: null, reads: [] };
    const kept = redactedEntry(entry);
    assert.deepEqual(kept, entrySchema.parse(JSON.parse(JSON.stringify(entry).replace('hunter2hunter2', '(secret)'))));
    const clean: Entry = { ...entry, result: { type: 'tool_result', tool_use_id: 't', content: content.slice(1) } };
    assert.equal(redactedEntry(clean), clean);
  });
});

describe('what a model takes', () => {
  it('is told by its name', () => {
    const both = { images: true, documents: true };
    const images = { images: true, documents: false };
    const neither = { images: false, documents: false };
    const names = {
      'claude-sonnet-5-5': both,
      'anthropic/claude-opus-4': both,
      'scripted:sample': both,
      'openai/gpt-4o': images,
      'qwen2.5vl:7b': images,
      'llava:13b': images,
      'llama3.2-vision': images,
      'qwen3-coder': neither,
      'deepseek-v3': neither,
      'my-model': neither,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(names).map((name) => [name, takesOf(name)])), names);
  });
});
