/** Servers of the Model Context Protocol: real ones of the official SDK, well-behaved and not, over both of its transports. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ActAnswer } from '../../../src/domain/act';
import { cancelled, failureText, type Result } from '../../../src/domain/failure';
import type { ActContext } from '../../../src/engine/acts/acts';
import { TIMEOUTS } from '../../../src/engine/mcp/connection';
import { type NamedServer, type OpenServers, openServers, type ServersOptions } from '../../../src/engine/mcp/servers';
import { markedWith } from '../../../src/repo/commands/processTree';
import { type HttpServer, httpServer, TOKEN } from '../../support/mcpHttp';
import { PNG } from '../../support/mcpTools';
import { NEVER } from '../../support/result';
import { temporaryFolder } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

const SCRIPT = join(__dirname, '../..', 'support', 'mcpStdio.js');
const SECRET = 's3cr3t-of-the-person';

function stdio(name = 'local', args: string[] = []): NamedServer {
  const server = { kind: 'stdio' as const, command: process.execPath, args: [SCRIPT, ...args], env: { GIVEN: SECRET }, envFile: undefined };
  return { name, server: { ...server, cwd: undefined }, secrets: [SECRET] };
}

function http({ url }: Pick<HttpServer, 'url'>, token = TOKEN): NamedServer {
  return { name: 'far', server: { kind: 'http', url, headers: { authorization: `Bearer ${token}` } }, secrets: [token] };
}

const open = new Set<OpenServers>();
afterEach(async () => {
  for (const servers of open) await servers.close();
  open.clear();
});

async function opened(servers: NamedServer[], options: Partial<ServersOptions> = {}): Promise<OpenServers> {
  let ids = 0;
  const id = () => `${process.pid}-${++ids}-${Math.random()}`;
  const made = await openServers(servers, { folder: temporaryFolder(), id, ...options }, NEVER);
  open.add(made);
  return made;
}

/** What an agent is told, and the steps that were shown. */
async function called(
  servers: OpenServers,
  tool: string,
  options: { input?: Record<string, unknown>; server?: string; signal?: AbortSignal } = {},
) {
  const { input = {}, server = 'local', signal = NEVER } = options;
  const steps: string[] = [];
  const context: ActContext = {
    run: 'r1',
    task: 'a',
    title: 'Task a',
    base: '',
    draft: null,
    call: 'c1',
    step: (text) => steps.push(text),
    output: () => undefined,
  };
  const answer: Result<ActAnswer> = await servers.call({ kind: 'mcp', server, tool, input }, context, signal);
  return { answer, steps, told: answer.ok ? answer.value.text : `failed: ${failureText(answer.failure)}` };
}

const GOOD = ['echo', 'look', 'count', 'refuse', 'environment', 'much', 'too much', 'die', 'hang', 'progress', 'leave children'];

describe('a server over standard input and output', () => {
  it('has its tools listed, page by page, without those that would spoil a request for all', async () => {
    const { tools, problems } = await opened([stdio()]);
    assert.deepEqual(
      tools.map(({ tool }) => tool),
      GOOD,
    );
    assert.deepEqual(tools.slice(0, 3), [
      {
        server: 'local',
        tool: 'echo',
        description: 'Says the same.',
        inputSchema: { type: 'object', properties: { text: { type: 'string', description: 'What is said.' } }, required: ['text'] },
        asks: false,
      },
      { server: 'local', tool: 'look', description: 'Shows a picture.', inputSchema: { type: 'object' }, asks: true },
      { server: 'local', tool: 'count', description: '', inputSchema: { type: 'object' }, asks: true },
    ]);
    assert.deepEqual(
      problems.map((text) => text.replace(/: Invalid.*\)/, ')')),
      [
        'The tool “broken” of the server “local” is left out: its input cannot be used (it.properties.a.type).',
        'The tool “odd names” of the server “local” is left out: its input has a property "a b", which is no name that a model may use.',
        'The tool “old lists” of the server “local” is left out: its input cannot be used (it.properties.a.items: is a list).',
      ],
    );
  });

  it('answers with text, pictures, what stands for the rest, and structured content', async () => {
    const servers = await opened([stdio()]);
    assert.equal((await called(servers, 'echo', { input: { text: 'hello' } })).told, 'hello');
    const look = await called(servers, 'look');
    assert.deepEqual(look.answer, {
      ok: true,
      value: {
        text: 'A pixel:\n[A sound (audio/wav), which you cannot hear.]\n[the source: file:///pixel.svg]\n[file:///a.txt]\nof a resource\n[file:///a.bin: 3 bytes, application/zip, left out.]',
        isError: false,
        images: [{ mediaType: 'image/png', base64: PNG }],
      },
    });
    assert.equal((await called(servers, 'count')).told, '{\n  "count": 3\n}');
    const refused = await called(servers, 'refuse');
    assert.deepEqual(refused.answer, {
      ok: true,
      value: { text: 'There is no such thing. password: "hunter2hunter2"', isError: true },
    });
    const progress = await called(servers, 'progress');
    assert.deepEqual([progress.told, progress.steps], ['done', ['Asking local: progress', 'local: step 1', 'local: step 2']]);
  });

  it('sees of the environment what it was given, and of secrets nothing else', async () => {
    process.env['WEFT_TEST_TOKEN'] = 'not for servers';
    const { told } = await called(await opened([stdio()]), 'environment');
    delete process.env['WEFT_TEST_TOKEN'];
    const seen: Record<string, string> = JSON.parse(told);
    assert.deepEqual([seen['GIVEN'], seen['WEFT_TEST_TOKEN'], seen['PATH'] === process.env['PATH']], [SECRET, undefined, true]);
  });

  it('that says much is cut in the middle; what says too much is ended, and comes up again', async () => {
    const servers = await opened([stdio()]);
    const much = (await called(servers, 'much')).told;
    assert.match(much, /^begin x+\n… 140,010 characters are left out here: ask for less at a time …\nx+ end$/);
    assert.equal(
      (await called(servers, 'too much')).told,
      'failed: The server “local” sent more than 10 MB at once when it was to call its tool “too much”. Ask it for less at a time, or go on without it.',
    );
    assert.equal((await called(servers, 'echo', { input: { text: 'again' } })).told, 'again');
  });

  it('that dies in mid-call fails the call with its last words, without secrets, and is started again; not for ever', async () => {
    const servers = await opened([stdio()]);
    const died =
      'failed: The server “local” ended when it was to call its tool “die”: Connection closed. It last said: a nail in the tyre, and the token is (secret). Call it again, and it is started anew; if it ends again, go on without it, and say in your summary what you could not do.';
    assert.equal((await called(servers, 'die')).told, died);
    assert.equal((await called(servers, 'echo', { input: { text: 'up' } })).told, 'up');
    for (let times = 0; times < 3; times++) assert.equal((await called(servers, 'die')).told, died);
    assert.equal(
      (await called(servers, 'echo', { input: { text: 'up' } })).told,
      'failed: The server “local” failed 3 times in a row, and is left alone. Do not call its tools again: go on without them, and say in your summary what you could not do.',
    );
  });

  it('that does not answer is given up in time, and asked again; a call that is called off is over', async () => {
    const servers = await opened([stdio()], { timeouts: { ...TIMEOUTS, callMs: 300 } });
    assert.equal(
      (await called(servers, 'hang')).told,
      'failed: The server “local” did not answer in time when it was to call its tool “hang”. Ask it for less at a time, or go on without it.',
    );
    assert.equal((await called(servers, 'echo', { input: { text: 'still up' } })).told, 'still up');
    const off = new AbortController();
    const hanging = called(servers, 'hang', { signal: off.signal });
    off.abort();
    assert.deepEqual((await hanging).answer, cancelled);
  });

  it('that does not come up, or is none, costs its own tools and nobody else’s', async () => {
    const missing: NamedServer = {
      ...stdio('missing'),
      server: { ...stdio().server, kind: 'stdio', command: '/no/such/program', args: [], env: {}, envFile: undefined, cwd: undefined },
    };
    const { tools, problems } = await opened([stdio('broken', [`cannot find ${SECRET}`]), missing, stdio('local')]);
    assert.deepEqual(new Set(tools.map(({ server }) => server)), new Set(['local']));
    assert.deepEqual(problems.slice(0, 2), [
      'The server “broken” cannot be started: Connection closed. It last said: cannot find (secret).',
      'The server “missing” cannot be started: spawn /no/such/program ENOENT.',
    ]);
  });

  it('is ended with what it left behind', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells the environment of a process');
    const servers = await opened([stdio()], { id: () => 'the-mark' });
    const pid = Number((await called(servers, 'leave children')).told);
    assert.ok(markedWith('mcp-the-mark').includes(pid));
    await servers.close();
    while (markedWith('mcp-the-mark').length > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.match((await called(servers, 'echo', { input: { text: 'x' } })).told, /^failed: The server “local” was ended\./);
  });
});

describe('a server over HTTP', () => {
  it('has its tools listed and called, with the headers that it is given', async () => {
    const far = await httpServer();
    const servers = await opened([http(far)]);
    assert.deepEqual(
      servers.tools.map(({ tool }) => tool),
      GOOD,
    );
    assert.equal((await called(servers, 'echo', { server: 'far', input: { text: 'hello' } })).told, 'hello');
    const look = await called(servers, 'look', { server: 'far' });
    assert.deepEqual(look.answer.ok && look.answer.value.images, [{ mediaType: 'image/png', base64: PNG }]);
    assert.deepEqual(new Set(far.methods), new Set(['POST']));
  });

  it('that wants somebody to be logged in says so', async () => {
    const { problems } = await opened([http(await httpServer(), 'wrong-token')]);
    assert.deepEqual(problems, [
      'The server “far” cannot be reached: it wants somebody to be logged in (401). Weft logs in nowhere: give it a token in the headers of its definition.',
    ]);
  });

  it('that breaks an answer off, says too much or goes away fails the call; one that comes again is asked again', async () => {
    const far = await httpServer();
    const servers = await opened([http(far)]);
    assert.equal(
      (await called(servers, 'die', { server: 'far' })).told,
      'failed: The server “far” ended when it was to call its tool “die”: broke its answer off. Call it again, and it is started anew; if it ends again, go on without it, and say in your summary what you could not do.',
    );
    assert.equal(
      (await called(servers, 'too much', { server: 'far' })).told,
      'failed: The server “far” sent more than 10 MB at once when it was to call its tool “too much”. Ask it for less at a time, or go on without it.',
    );
    assert.equal((await called(servers, 'echo', { server: 'far', input: { text: 'up' } })).told, 'up');
    await far.close();
    assert.match(
      (await called(servers, 'echo', { server: 'far', input: { text: 'up' } })).told,
      /^failed: The server “far” could not call its tool “echo”: fetch failed: .*\. Call it once more; if it fails again, go on without it\.$/,
    );
    const again = await httpServer(Number(new URL(far.url).port));
    assert.equal((await called(servers, 'echo', { server: 'far', input: { text: 'again' } })).told, 'again');
    await again.close();
  });
});
