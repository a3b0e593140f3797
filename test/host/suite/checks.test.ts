/** Checked before it lands, in a real VS Code: a model's check waits for the person, red work goes back to its agent, unsaved text counts. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { heard, setting } from '../events';
import { freshFolder, openFile, typeAt } from '../folder';

const CHECK = 'node check.js';
/** Adds up the numbers in a.txt and b.txt, and is red when they are more than ten. */
const SCRIPT = `const { readFileSync } = require('fs');
const sum = ['a.txt', 'b.txt'].map((name) => readFileSync(name, 'utf8').split('\\n').map(Number)).flat().reduce((x, y) => x + y, 0);
console.log('The sum is ' + sum);
process.exit(sum > 10 ? 1 : 0);
`;

describe('a check', () => {
  it('of a model’s plan waits until the person has read it; then red work is repaired by its agent before it lands', async () => {
    const place = await freshFolder({ 'a.txt': '1\n', 'b.txt': '1\n', 'check.js': SCRIPT });
    const task = { id: 'raise', title: 'Raise a', instructions: 'Raise the number in a.txt.' };
    const write = (content: string, summary: string) => [
      { paceMs: 0, calls: [{ tool: 'write_file', input: { path: 'a.txt', content } }] },
      { paceMs: 0, calls: [{ tool: 'finish', input: { summary } }] },
    ];
    const scenario = {
      plans: [{ goal: 'Raise', check: CHECK, tasks: [task] }],
      tasks: { raise: [...write('8\n', 'Raised.'), ...write('4\n', 'Raised by less.')] },
    };
    const file = join(mkdtempSync(join(tmpdir(), 'weft-scenario-')), 'scenario.json');
    writeFileSync(file, JSON.stringify(scenario));
    await setting('model', `scripted:${file}`);
    await setting('approvals.plan', 'allow');
    // Together with what is typed, and not saved, the agent's first number is too much.
    const other = await openFile(place.uri('b.txt'));
    await typeAt(other, 0, '5\n');
    const happened = await heard();

    await vscode.commands.executeCommand('weft.dispatch', 'Raise a');
    const plan = vscode.window.activeTextEditor?.document;
    assert.ok(plan !== undefined, 'the plan opens for review');
    assert.match(plan.uri.path, /\.weft\.json$/);
    assert.ok(plan.getText().includes(CHECK));
    assert.equal(readFileSync(place.path('a.txt'), 'utf8'), '1\n');

    await vscode.commands.executeCommand('weft.runPlan', plan.uri);
    const checking = await happened.next('task.checking');
    assert.deepEqual(checking.event.type === 'task.checking' && checking.event.commands, [CHECK]);
    const red = await happened.next('task.checked');
    assert.ok(red.event.type === 'task.checked');
    assert.deepEqual([red.event.ok, red.event.exitCode, red.event.output], [false, 1, 'The sum is 14\n']);
    const view = { state: red.state };
    await vscode.commands.executeCommand('weft.showCheck', { kind: 'task', view, task: red.state.tasks.get('raise') });
    const output = vscode.window.activeTextEditor?.document;
    assert.ok(output?.uri.scheme === 'weft-check');
    const green = await happened.next('task.checked', 2);
    assert.ok(green.event.type === 'task.checked');
    assert.deepEqual([green.event.ok, green.event.output], [true, 'The sum is 10\n']);
    const { state } = await happened.next('run.finished');
    assert.equal(state.tasks.get('raise')?.stage.kind, 'landed');
    assert.equal(state.tasks.get('raise')?.work.reworks.check, 1);
    assert.equal(readFileSync(place.path('a.txt'), 'utf8'), '4\n');
    assert.deepEqual([other.getText(), other.isDirty], ['5\n1\n', true]);
    const shown = await happened.document((document) => document.uri.scheme === 'weft-check' && document.getText().includes('green'));
    assert.match(shown.getText(), /^\$ node check\.js\nThe sum is 10\n\nIt is green, after /);
    assert.ok(!existsSync(place.path('node_modules')));
    happened.dispose();
    await setting('approvals.plan', 'ask');
  });
});
