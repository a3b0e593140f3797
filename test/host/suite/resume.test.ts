/** A run of the command line that was killed, gone on with by command in the real VS Code. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { journalFile, readJournal } from '../../../src/engine/journal/journal';
import { answering } from '../answers';
import { heard } from '../events';
import { freshFolder, must } from '../folder';

const project = join(__dirname, '..', '..', '..', '..');

describe('a run of the command line that was killed', () => {
  it('goes on by command, with its own model, and lands in what is open here', async () => {
    const place = await freshFolder({ 'a.txt': 'one\n' });
    const edit = (old: string, by: string) => ({ tool: 'edit_file', input: { path: 'a.txt', old, new: by } });
    const turns = [
      { paceMs: 0, calls: [edit('one', 'two')] },
      { paceMs: 0, calls: [edit('two', 'three'), { tool: 'finish', input: { summary: 'Three.' } }] },
    ];
    const scenario = join(mkdtempSync(join(tmpdir(), 'weft-scenario-')), 'scenario.json');
    writeFileSync(scenario, JSON.stringify({ tasks: { count: turns } }));
    const plan = JSON.stringify({ goal: 'Count', tasks: [{ id: 'count', title: 'Count up', instructions: 'Count.' }] });
    const weft = [
      '--require',
      join(__dirname, '..', '..', 'support', 'cutOff.js'),
      join(project, 'dist', 'weft.js'),
      'run',
      '-',
      '--in-process',
    ];
    const { signal, stderr } = spawnSync('node', [...weft, '--model', `scripted:${scenario}`, '--workspace', place.path('')], {
      input: plan,
      env: { ...process.env, CUT_BEFORE: '"type":"task.done"' },
    });
    assert.equal(signal, 'SIGKILL', stderr.toString());
    const happened = await heard();
    const answers = answering({});
    await vscode.commands.executeCommand('weft.resumeRun');
    const taken = await happened.next('run.taken');
    const { state } = await happened.next('run.finished');
    assert.deepEqual([state.driver.pid, state.tasks.get('count')?.stage.kind], [process.pid, 'landed']);
    assert.equal(readFileSync(place.path('a.txt'), 'utf8'), 'three\n');
    const turnsPaid = must(readJournal(journalFile(place.repo.stateDir, state.start.run))).filter(({ type }) => type === 'task.turn');
    assert.equal(turnsPaid.length, 2);
    assert.equal(taken.event.type, 'run.taken');
    await vscode.commands.executeCommand('weft.resumeRun');
    assert.ok(
      answers.asked.some((one) => one.includes('No run was cut off.')),
      answers.asked.join(),
    );
    answers.dispose();
    happened.dispose();
  });
});
