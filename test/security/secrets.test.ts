/** Secrets planted wherever a run meets them, and looked for in all that Weft keeps or says of it. */
import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { afterThisTest, sandbox, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, weft } from '../support/weft';

/** Put together here, so that nobody who looks for secrets finds one in this file. */
const made = (head: string, length: number) => head + 'aB3dE6gH9k'.repeat(10).slice(0, length);
const PLANTED = {
  /** Of no shape that is known: only who holds it knows it. */
  key: made('my-own-key-', 30),
  environment: made('ghp_', 36),
  file: made('hunter2-', 20),
  said: made('sk-proj-', 40),
  summary: made('glpat-', 20),
  instructions: made('xoxb-1234567890-', 20),
  check: made('AKIA', 0) + 'ABCDEFG234'.repeat(2).slice(0, 16),
  command: made('sk_live_', 24),
  title: made('npm_', 36),
};
const PRIVATE = ['-----BEGIN OPENSSH PRIVATE', ' KEY-----\n', `${made('', 64)}\n`, '-----END OPENSSH PRIVATE', ' KEY-----\n'].join('');

const read = (path: string) => ({ tool: 'read_file', input: { path } });
const TURNS: Readonly<Record<string, readonly Turn[]>> = {
  a: [
    {
      say: `I know ${PLANTED.said}, and read on.`,
      calls: [read('settings.env'), read('id_key'), { tool: 'search', input: { pattern: 'PASSWORD' } }],
    },
    { calls: [{ tool: 'run', input: { command: `curl -H 'Authorization: Bearer ${PLANTED.command}' localhost:1` } }] },
    { calls: [{ tool: 'run', input: { command: 'env; cat settings.env' } }] },
    { calls: [{ tool: 'write_file', input: { path: 'c.txt', content: `API_KEY=${PLANTED.said}\n` } }] },
    { calls: [{ tool: 'finish', input: { summary: `Done with ${PLANTED.summary}.` } }] },
  ],
};

/** All that stands below a folder, as it lies there; what commands work on is the person's files, and is not looked into. */
function below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (/\/folders\/[^/]+\/\d+\/(work|temp)$/.test(path)) return [];
    return entry.isDirectory() ? [path, ...below(path)] : [path];
  });
}

describe('a secret', () => {
  before(buildWeft);

  it('is in nothing that Weft keeps of a run or says of it, wherever the run met it, and nobody else can look', async () => {
    const { root } = await sandbox({
      'settings.env': `DB_PASSWORD=${PLANTED.file}\n`,
      id_key: PRIVATE,
      'package.json': JSON.stringify({ scripts: { test: 'node check.js' } }),
      'check.js': `console.log('TOKEN=${PLANTED.check}', JSON.stringify(process.env));\n`,
    });
    const tasks = [
      {
        id: 'a',
        title: `With ${PLANTED.title}`,
        instructions: `Use ${PLANTED.instructions}.`,
        role: 'coder',
        reason: `Since ${PLANTED.title}.`,
      },
      { id: 'b', title: 'Task b', instructions: 'Do it.', role: 'coder', reason: 'It is code.' },
    ];
    const plan = { goal: 'Look around', tasks, check: 'npm test' };
    const model = scriptedModel(scenarioSchema.parse({ plans: [plan], tasks: TURNS }), { paceMs: 0, wait: async () => undefined });
    const server = await serveModel(async (request) =>
      JSON.stringify(await request.clone().json()).includes('Task: b')
        ? errorResponse(401, 'authentication_error', `${request.headers.get('x-api-key')} is no key`)
        : model(request),
    );
    afterThisTest(() => void server.close());
    const out = temporaryFolder();
    // Of its own: what other tests keep beside it is theirs.
    const state = temporaryFolder();
    const env = {
      WEFT_STATE_DIR: state,
      ANTHROPIC_API_KEY: PLANTED.key,
      GITHUB_TOKEN: PLANTED.environment,
      ANTHROPIC_BASE_URL: server.url,
    };
    const allowed = ['--allow-command', 'npm test', '--approve', 'command=allow'];
    const args = ['run', '--goal', 'Look around', '--json', '--model', 'claude-x', '--record', join(out, 'run.jsonl'), '--attempts', '1'];
    const ran = await weft([...args, ...allowed], { cwd: root, env });
    const run = String(jsonLines(ran.out).find(({ type }) => type === 'run.started')?.['run']);
    const said = [ran];
    for (const more of [
      ['trace', run],
      ['trace', run, 'a'],
      ['trace', run, '--out', join(out, 'trace')],
      ['runs'],
      ['summary', run],
      ['inbox'],
    ])
      said.push(await weft(more, { cwd: root, env }));
    // The run went as it was to go: it landed what is the person's own affair, and failed where the key was refused.
    assert.deepEqual([ran.code, readFileSync(join(root, 'c.txt'), 'utf8')], [1, `API_KEY=${PLANTED.said}\n`]);
    assert.match(ran.out, /The API key was refused \(401\)/);

    const kept = [join(root, '.git', 'weft'), state, out].flatMap(below);
    const files = kept.filter((path) => lstatSync(path).isFile());
    for (const name of ['journal.jsonl', 'a.jsonl', 'run.jsonl', 'index.json', 'a.json'])
      assert.ok(
        files.some((path) => path.endsWith(`/${name}`)),
        `${name} was to be looked into`,
      );
    const transcript = files.find((path) => path.endsWith('/transcripts/a.jsonl')) ?? '';
    assert.match(readFileSync(transcript, 'utf8'), /WEFT_FOLDER=.*DB_PASSWORD=\(secret\)/, 'the command was to run');
    const found = Object.entries({ ...PLANTED, private: made('', 64) }).flatMap(([name, secret]) => [
      ...said.flatMap(({ out: text, err }, at) => (`${text}${err}`.includes(secret) ? [`${name} in what was said (${at})`] : [])),
      ...files.flatMap((path) => (readFileSync(path, 'latin1').includes(secret) ? [`${name} in ${path}`] : [])),
    ]);
    assert.deepEqual(found, []);
    const open = kept.filter((path) => (lstatSync(path).mode & 0o077) !== 0);
    // git makes its indexes as it makes all its files; their folders are closed.
    assert.deepEqual(
      open.filter((path) => !/\/index(\.\w+)?$/.test(path)),
      [],
    );
  });
});
