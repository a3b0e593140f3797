/** What agents ask of this window: a command that a rule allows, an MCP server that the person lets in, and the editor's own view of a draft. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { foldersHome } from '../../../src/repo/commands/folderPool';
import { listFolders } from '../../../src/repo/commands/folderStore';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

const SCRIPT = join(__dirname, '../..', 'support', 'mcpStdio.js');

describe('an agent that acts', () => {
  it('has what its command prints shown while it runs', async function () {
    this.timeout(120_000);
    await freshFolder({ 'a.txt': 'a\n' });
    const command = 'echo up; until [ -f go ]; do sleep 0.1; done; echo over';
    const turns = [
      { paceMs: 0, calls: [{ tool: 'run', input: { command } }] },
      { paceMs: 0, calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
    ];
    const scenario = { plans: [{ goal: 'Act', tasks: [{ id: 'act', title: 'Act', instructions: 'Act.' }] }], tasks: { act: turns } };
    const file = join(mkdtempSync(join(tmpdir(), 'weft-scenario-')), 'scenario.json');
    writeFileSync(file, JSON.stringify(scenario));
    await setting('model', `scripted:${file}`);
    await setting('approvals.plan', 'allow');
    await setting('approvals.command', 'allow');
    const happened = await heard();
    try {
      await vscode.commands.executeCommand('weft.dispatch', 'Act');
      const { state } = await happened.next('task.started');
      await vscode.commands.executeCommand('weft.showOutput', { kind: 'task', view: { state }, task: state.tasks.get('act') });
      const shown = await happened.document(({ uri, getText }) => uri.scheme === 'weft-output' && getText().includes('\nup\n'));
      assert.equal(shown.getText(), `$ ${command}\nup\n`);
      const home = foldersHome();
      for (const { path, root } of await listFolders(home)) if (root === state.start.root) writeFileSync(join(path, 'go'), '');
      const { state: ended } = await happened.next('run.finished');
      assert.equal(ended.tasks.get('act')?.stage.kind, 'landed');
    } finally {
      happened.dispose();
      for (const name of ['approvals.plan', 'approvals.command']) await setting(name, undefined);
    }
  });

  it('runs what a rule allows, and uses the server that the person let in, who is asked once', async function () {
    this.timeout(180_000);
    const server = { command: process.execPath, args: [SCRIPT], env: { GIVEN: '$' + '{input:key}' } };
    const place = await freshFolder({
      'a.txt': 'a\n',
      '.vscode/mcp.json': JSON.stringify({ inputs: [{ id: 'key', type: 'promptString', password: true }], servers: { test: server } }),
    });
    const turns = [
      {
        paceMs: 0,
        calls: [
          { tool: 'run', input: { command: 'cp a.txt b.txt' } },
          { tool: 'mcp__test__environment', input: {} },
          { tool: 'diagnostics', input: { paths: ['a.txt'] } },
        ],
      },
      { paceMs: 0, calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
    ];
    const task = { id: 'act', title: 'Act', instructions: 'Act.' };
    const scenario = {
      plans: [
        { goal: 'Act', tasks: [task] },
        { goal: 'Act', tasks: [task] },
      ],
      tasks: { act: turns },
    };
    const file = join(mkdtempSync(join(tmpdir(), 'weft-scenario-')), 'scenario.json');
    writeFileSync(file, JSON.stringify(scenario));
    await setting('model', `scripted:${file}`);
    await setting('approvals.plan', 'allow');
    await setting('reuse', false);
    await setting('commands.allow', ['cp a.txt b.txt']);
    await setting('approvals.mcp', 'allow');
    await vscode.commands.executeCommand('weft.forgetServers');
    const answers = answering({ buttons: ['Allow'], text: 'given-by-the-person' });
    const happened = await heard();
    try {
      for (const times of [1, 2]) {
        await vscode.commands.executeCommand('weft.dispatch', 'Act');
        const { state } = await happened.next('run.finished', times);
        assert.equal(state.tasks.get('act')?.stage.kind, 'landed');
        const transcript = readFileSync(join(place.repo.stateDir, 'runs', state.start.run, 'transcripts', 'act.jsonl'), 'utf8');
        assert.match(transcript, /ended with exit code 0/);
        assert.match(transcript, /given-by-the-person/);
        assert.match(transcript, /Of a\.txt this is what the editor says of the workspace’s version/);
      }
      assert.equal(readFileSync(place.path('b.txt'), 'utf8'), 'a\n');
      const consents = answers.asked.filter((text) => text.includes('Let agents use the MCP server'));
      assert.equal(consents.length, 1);
      assert.match(
        consents[0] ?? '',
        /^Let agents use the MCP server “test” of \.vscode\/mcp\.json\?\nWeft would start, with your rights:\n\nGIVEN=/,
      );
    } finally {
      answers.dispose();
      happened.dispose();
      await vscode.commands.executeCommand('weft.forgetServers');
      for (const name of ['approvals.plan', 'reuse', 'commands.allow', 'approvals.mcp']) await setting(name, undefined);
    }
  });
});
