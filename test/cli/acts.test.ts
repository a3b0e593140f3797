/** What agents ask of their host, on the command line: commands and MCP servers, let in by name. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Turn } from '../../src/model/scenario';
import { sandbox } from '../support/sandbox';
import { skipFor } from '../support/skip';
import { buildWeft, planText, scenarioFile, weft, writing } from '../support/weft';

const SCRIPT = join(__dirname, '..', 'support', 'mcpStdio.js');

describe('weft run with agents that act', () => {
  before(function () {
    if (process.platform === 'win32') skipFor(this, 'the commands are those of a POSIX shell');
    buildWeft();
  });

  const [, finish] = writing({});
  const calling = (...calls: { tool: string; input: object }[]): Turn[] => [{ calls }, ...(finish === undefined ? [] : [finish])];

  it('runs the commands that a rule allows on what the agent did, and no others', async () => {
    const { root } = await sandbox({ 'a.txt': 'a\n' });
    const model = scenarioFile({
      a: calling(
        { tool: 'write_file', input: { path: 'b.txt', content: 'b\n' } },
        { tool: 'run', input: { command: 'cat a.txt b.txt > c.txt' } },
        { tool: 'run', input: { command: 'cp a.txt d.txt' } },
      ),
    });
    const rules = ['--allow-command', 'cat a.txt b.txt > c.txt', '--approve', 'command=deny'];
    const { code, out, err } = await weft(['run', '-', '--model', model, ...rules], { cwd: root, input: planText({ id: 'a' }) });
    assert.equal(code, 0, out + err);
    assert.equal(readFileSync(join(root, 'c.txt'), 'utf8'), 'a\nb\n');
    assert.throws(() => readFileSync(join(root, 'd.txt')), { code: 'ENOENT' });
  });

  it('uses the MCP servers that are let in by name, says which are not, and ends with them', async () => {
    const server = { command: process.execPath, args: [SCRIPT], env: { GIVEN: '$' + '{input:the-key}' } };
    const { root, repo } = await sandbox({
      '.vscode/mcp.json': JSON.stringify({ inputs: [{ id: 'the-key' }], servers: { test: server, other: { command: 'evil' } } }),
    });
    const model = scenarioFile({
      a: calling({ tool: 'mcp__test__echo', input: { text: 'of the server' } }, { tool: 'mcp__test__environment', input: {} }),
    });
    const args = ['run', '-', '--model', model, '--allow-mcp', 'test', '--allow-mcp', 'none', '--approve', 'mcp=allow'];
    const call = { cwd: root, input: planText({ id: 'a' }), env: { WEFT_INPUT_THE_KEY: 'given-by-the-person' } };
    const { code, out, err } = await weft(args, call);
    assert.equal(code, 0, out + err);
    assert.match(err, /^weft: There is no MCP server “none” in \.vscode\/mcp\.json or \.mcp\.json, so --allow-mcp none means nothing\.$/m);
    assert.match(err, /^weft: Agents do not use the MCP server “other” of \.vscode\/mcp\.json \(evil\): it needs --allow-mcp other\.$/m);
    const [run = ''] = readdirSync(join(repo.stateDir, 'runs'));
    const trace = await weft(['trace', run, 'a', '--json'], { cwd: root });
    assert.match(trace.out, /of the server/);
    assert.match(trace.out, /given-by-the-person/);
  });
});
