/** The servers of a workspace: found in its files and the person's settings, let through by the person alone. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { findDefinitions, prepareServers } from '../../../src/engine/mcp/definitions';
import { putAll, temporaryFolder } from '../../support/sandbox';

const stdio = (command: string) => ({ kind: 'stdio', command, args: [], env: {}, envFile: undefined, cwd: undefined });

/** What is to be filled in, as files write it. */
const $ = (inside: string) => `\${${inside}}`;

describe('the MCP servers of a workspace', () => {
  it('are those of its files and of the person’s settings, which go before', async () => {
    const folder = temporaryFolder();
    putAll(folder, {
      '.vscode/mcp.json': '{ // as VS Code writes it\n "servers": { "a": { "command": "a1" }, "b": { "command": "b1" }, }, }',
      '.mcp.json': '{ "mcpServers": { "a": { "command": "a1" }, "b": { "command": "b2" }, "own": { "command": "evil" } } }',
    });
    const { definitions, problems } = await findDefinitions([folder], { own: { command: 'mine' } });
    assert.deepEqual(
      definitions.map(({ name, source, isOwn, server }) => [name, source, isOwn, server]),
      [
        ['own', 'your settings (weft.mcp.servers)', true, stdio('mine')],
        ['a', '.vscode/mcp.json', false, stdio('a1')],
        ['b', '.vscode/mcp.json', false, stdio('b1')],
      ],
    );
    assert.deepEqual(problems, [
      'The server “b” of .mcp.json is not used: .vscode/mcp.json has another one of that name.',
      'The server “own” of .mcp.json is not used: your settings (weft.mcp.servers) has another one of that name.',
    ]);
    putAll(folder, { '.mcp.json': '{ "mcpServers": ' });
    assert.deepEqual((await findDefinitions([folder], undefined)).problems, [`${join(folder, '.mcp.json')} is not JSON.`]);
    assert.deepEqual(await findDefinitions([temporaryFolder()], {}), { definitions: [], problems: [] });
  });

  it('are used only where the person consents, or wrote them themselves; then they are filled in', async () => {
    const folder = temporaryFolder();
    putAll(folder, {
      '.env': 'FROM_FILE="a value"\nBOTH=file\n',
      '.mcp.json': JSON.stringify({
        mcpServers: {
          yes: { command: 'yes', env: { KEY: $('TOKEN'), BOTH: 'definition' }, envFile: '.env' },
          no: { command: 'no' },
          lacking: { command: $('NOTHING') },
          odd: { url: 'file:///etc/passwd' },
        },
      }),
    });
    const { definitions } = await findDefinitions([folder], { own: { command: 'mine', args: [$('input:who')] } });
    const asked: string[] = [];
    const prepared = await prepareServers(definitions, {
      folder,
      env: { TOKEN: 'the-token' },
      consent: async ({ name }) => {
        asked.push(name);
        return name !== 'no';
      },
      input: async () => 'never asked: settings have no inputs',
    });
    assert.deepEqual(asked, ['yes', 'no', 'lacking', 'odd']);
    const env = { FROM_FILE: 'a value', BOTH: 'definition', KEY: 'the-token' };
    assert.deepEqual(prepared, {
      servers: [{ name: 'yes', server: { ...stdio('yes'), env, envFile: '.env' }, secrets: ['definition', 'a value', 'the-token'] }],
      problems: [
        `The server “own” of your settings (weft.mcp.servers) needs ${$('input:who')}, which is not set. Set it in the environment that Weft was started with, or give the value when you are asked for it.`,
        `The server “lacking” of .mcp.json needs ${$('NOTHING')}, which is not set. Set it in the environment that Weft was started with, or give the value when you are asked for it.`,
        'The server “odd” of .mcp.json has no address of http or https. Mend its “url”.',
      ],
    });
  });
});
