/** Definitions of servers: as the files of VS Code and of others write them, bound to a consent word for word, and filled in. */
import assert from 'node:assert/strict';
import { failureText } from '../../src/domain/failure';
import { consentKey, definitionText, filledIn, type McpDefinition, readDefinitions, type Variables } from '../../src/domain/mcp';

const FILE = { source: '.vscode/mcp.json', isOwn: false };

function only(data: unknown, from = FILE): McpDefinition {
  const { definitions, problems } = readDefinitions(data, from);
  assert.deepEqual(problems, []);
  const [definition] = definitions;
  assert.ok(definition !== undefined && definitions.length === 1);
  return definition;
}

const VARIABLES: Variables = {
  folder: '/srv/app',
  home: '/home/p',
  separator: '/',
  env: { TOKEN: 't', EMPTY: '' },
  inputs: new Map([['key', 'k']]),
};

/** What is to be filled in, as files write it. */
const $ = (inside: string) => `\${${inside}}`;

describe('definitions of MCP servers', () => {
  it('are read as VS Code, others, and the person’s settings write them', () => {
    const vscode = {
      inputs: [
        { id: 'key', type: 'promptString', description: 'A key', password: true },
        { id: 'other', type: 'promptString' },
      ],
      servers: {
        local: { type: 'stdio', command: 'npx', args: ['-y', 'x'], env: { KEY: $('input:key'), N: 3, GONE: null }, dev: { watch: '*' } },
        far: { type: 'http', url: 'https://x.example/mcp', headers: { A: 'b' } },
        off: { command: 'x', disabled: true },
      },
    };
    const common = { ...FILE, dialect: 'editor' };
    const stdio = { kind: 'stdio', args: [], env: {}, envFile: undefined, cwd: undefined };
    assert.deepEqual(readDefinitions(vscode, FILE), {
      definitions: [
        {
          ...common,
          name: 'local',
          server: { ...stdio, command: 'npx', args: ['-y', 'x'], env: { KEY: $('input:key'), N: '3' } },
          inputs: [{ id: 'key', description: 'A key', password: true, options: [], default: undefined }],
        },
        { ...common, name: 'far', server: { kind: 'http', url: 'https://x.example/mcp', headers: { A: 'b' } }, inputs: [] },
      ],
      problems: [],
    });
    const shared = only({ mcpServers: { one: { command: 'one' } } }, { source: '.mcp.json', isOwn: false });
    assert.deepEqual([shared.dialect, shared.server], ['shell', { ...stdio, command: 'one' }]);
    const own = only({ servers: { command: 'a server by this name' } }, { source: 'settings', isOwn: true });
    assert.deepEqual([own.name, own.isOwn], ['servers', true]);
  });

  it('that cannot be used are told by name, and cost no others', () => {
    const { definitions, problems } = readDefinitions(
      { servers: { a: { command: 5 }, b: 'x', c: { type: 'sse', url: 'https://x' }, d: {}, e: { command: 'e' } } },
      FILE,
    );
    assert.deepEqual(
      definitions.map(({ name }) => name),
      ['e'],
    );
    assert.deepEqual(problems, [
      'The server “a” of .vscode/mcp.json cannot be used: command: Invalid input: expected string, received number.',
      'The server “b” of .vscode/mcp.json cannot be used: it is no object.',
      'The server “c” of .vscode/mcp.json cannot be used: its type “sse” is an old one, which Weft does not speak. Use “http” if the server knows it.',
      'The server “d” of .vscode/mcp.json cannot be used: command: Invalid input: expected string, received undefined.',
    ]);
    assert.deepEqual(readDefinitions({ servers: [] }, FILE).problems, ['.vscode/mcp.json does not list servers by their names.']);
    assert.deepEqual(readDefinitions({}, FILE), { definitions: [], problems: [] });
  });

  it('are bound to a consent by every word of them, and by the folder', () => {
    const base = { command: 'npx', args: ['x'], env: { A: 'b' } };
    const others: object[] = [
      { ...base, command: 'npy' },
      { ...base, args: ['x', 'y'] },
      { ...base, args: ['x y'] },
      { ...base, env: { A: 'c' } },
      { ...base, cwd: '/' },
      { ...base, envFile: '.env' },
      { url: 'https://npx' },
    ];
    const keyOf = (server: object, name = 'a', folder = '/w') => consentKey(only({ servers: { [name]: server } }), folder);
    const keys = [keyOf(base), keyOf(base, 'b'), keyOf(base, 'a', '/v'), ...others.map((one) => keyOf(one))];
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(keyOf(base), keyOf({ ...base }));
  });

  it('are shown to the person whole, with nothing hidden', () => {
    const text = (server: object) => definitionText(only({ servers: { a: server } }));
    assert.equal(
      text({ command: 'npx', args: ['-y', 'a b', '$(rm)', $('input:x')], env: { KEY: $('env:TOKEN') }, cwd: '/tmp', envFile: '.env' }),
      `KEY=${$('env:TOKEN')} npx -y "a b" "$(rm)" ${$('input:x')} (in /tmp) (with .env)`,
    );
    assert.equal(
      text({ url: 'https://x/mcp', headers: { Authorization: `Bearer ${$('env:T')}` } }),
      `https://x/mcp Authorization="Bearer ${$('env:T')}"`,
    );
    assert.equal(text({ command: 'safe\u202e\u0007\n', args: ['\u2028'] }), '"safe\\u202e\\u0007\\n" "\\u2028"');
  });

  it('are filled in from the folder, the environment and what the person gives, each in its own way of writing', () => {
    const filled = (file: object) => filledIn(only(file), VARIABLES);
    const server = {
      command: `${$('workspaceFolder')}${$('/')}run`,
      args: [$('workspaceFolderBasename'), $('userHome'), `${$('env:TOKEN')}${$('env:EMPTY')}`],
      env: { K: $('input:key'), S: '$HOME' },
    };
    assert.deepEqual(filled({ servers: { a: server } }), {
      ok: true,
      value: {
        kind: 'stdio',
        command: '/srv/app/run',
        args: ['app', '/home/p', 't'],
        env: { K: 'k', S: '$HOME' },
        envFile: undefined,
        cwd: undefined,
      },
    });
    const shell = filled({
      mcpServers: { a: { url: `https://${$('HOST:-x.example')}/${$('EMPTY')}`, headers: { A: $('TOKEN'), B: $('NO:-') } } },
    });
    assert.deepEqual(shell, { ok: true, value: { kind: 'http', url: 'https://x.example/', headers: { A: 't', B: '' } } });
    const missing = filled({ servers: { a: { command: $('env:NO'), args: [$('input:none'), $('env:NO'), $('command:x')] } } });
    assert.equal(
      missing.ok ? '' : failureText(missing.failure),
      `The server “a” of .vscode/mcp.json needs ${$('env:NO')}, ${$('input:none')}, ${$('command:x')}, which are not set. Set it in the environment that Weft was started with, or give the value when you are asked for it.`,
    );
  });
});
