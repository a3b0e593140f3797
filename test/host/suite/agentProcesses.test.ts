/** Agents in processes of their own, in a real VS Code: the window's other extensions do not feel them, and a killed one costs a turn. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { childrenOf, tellsProcesses } from '../../support/liveProcesses';
import { skipFor } from '../../support/skip';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

describe('an agent of a window', () => {
  it('works in a process without secrets, and goes on in another one when that is killed', async function () {
    if (!tellsProcesses) skipFor(this, 'only Linux tells what processes there are');
    const place = await freshFolder({ 'a.txt': 'a\n' });
    const scenario = {
      tasks: {
        one: [
          { paceMs: 0, calls: [{ tool: 'write_file', input: { path: 'b.txt', content: 'b\n' } }] },
          { paceMs: 0, thinkMs: 3000, calls: [{ tool: 'finish', input: { summary: 'Wrote b.' } }] },
        ],
      },
    };
    const folder = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
    writeFileSync(join(folder, 'scenario.json'), JSON.stringify(scenario));
    await setting('model', `scripted:${join(folder, 'scenario.json')}`);
    const plan = join(folder, 'plan.weft.json');
    const task = { id: 'one', title: 'Write b', instructions: 'Write b.txt.', attempts: 2 };
    writeFileSync(plan, JSON.stringify({ goal: 'Write', tasks: [task] }));
    const happened = await heard();
    await vscode.commands.executeCommand('weft.runPlan', vscode.Uri.file(plan));
    await happened.next('task.turn');
    const [agents] = childrenOf(process.pid, 'worker.js');
    assert.ok(agents !== undefined);
    assert.deepEqual(
      Object.keys(agents.variables).filter((name) => /VSCODE|ANTHROPIC|TOKEN|KEY|SECRET|NODE_/.test(name)),
      [],
    );
    process.kill(agents.pid, 'SIGKILL');
    const { event } = await happened.next('task.retrying');
    assert.deepEqual(event.type === 'task.retrying' && event.failure.kind, 'crash');
    const { state } = await happened.next('run.finished');
    assert.deepEqual([state.tasks.get('one')?.stage.kind, readFileSync(place.path('b.txt'), 'utf8')], ['landed', 'b\n']);
    happened.dispose();
  });
});
