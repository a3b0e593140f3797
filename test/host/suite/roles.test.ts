/** Roles of the workspace in a real VS Code: plans can name them, are told of those that there are not, and say whose a task is. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

const PAINTER = '---\ndescription: Paints walls.\nkeywords: [paint]\ntools: [edit]\n---\nYou are a painter.\n';

/** What a plan has wrong, once it has been looked at so that `isDone`. */
async function diagnosed(uri: vscode.Uri, isDone: (messages: readonly string[]) => boolean): Promise<string[]> {
  const now = () => vscode.languages.getDiagnostics(uri).flatMap(({ message, source }) => (source === 'Weft' ? [message] : []));
  return new Promise((resolve) => {
    const look = () => {
      if (!isDone(now())) return;
      listening.dispose();
      resolve(now());
    };
    const listening = vscode.languages.onDidChangeDiagnostics(look);
    look();
  });
}

describe('roles of the workspace', () => {
  it('are completed, known and chosen in plans, and their agents are told what their files say', async () => {
    const task = { id: 'wall', title: 'Paint the wall', instructions: 'Do it.' };
    const plan = (more: object) => `${JSON.stringify({ goal: 'A wall', tasks: [{ ...task, ...more }] }, null, 2)}\n`;
    const scenario = { tasks: { wall: [{ calls: [{ tool: 'finish', input: { summary: 'Painted.' } }] }] } };
    const place = await freshFolder({
      '.weft/agents/painter.md': PAINTER,
      '.weft/agents/broken.md': 'No role.',
      'AGENTS.md': 'Be brief.',
      'plan.weft.json': plan({ role: 'wizard' }),
      'scenario.json': JSON.stringify(scenario),
    });
    const uri = place.uri('plan.weft.json');
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    // Roles are read anew when their files are seen.
    const [unknown = ''] = await diagnosed(uri, (messages) => messages.some((message) => message.includes('painter')));
    assert.match(unknown, /^there is no role “wizard”: use one of coder, .*painter$/);

    const at = document.positionAt(document.getText().indexOf('wizard'));
    const list = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', uri, at);
    const painter = list.items.find(({ insertText }) => insertText === '"painter"');
    assert.equal(painter?.detail, 'Paints walls.');

    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(uri, whole, plan({}));
    assert.ok(await vscode.workspace.applyEdit(edit));
    await diagnosed(uri, (messages) => messages.length === 0);
    const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>('vscode.executeInlayHintProvider', uri, whole);
    assert.deepEqual(
      hints.map(({ label, tooltip }) => [label, tooltip]),
      [['role: painter', 'The task names no role. It gets “painter”: “paint” in its title. Add "role" to choose another.']],
    );

    // Another file of a role, and plans know of it.
    writeFileSync(join(place.folder.uri.fsPath, '.weft/agents/artist.md'), PAINTER.replace('paint', 'draw'));
    const renamed = new vscode.WorkspaceEdit();
    renamed.replace(uri, whole, plan({ role: 'artist' }));
    assert.ok(await vscode.workspace.applyEdit(renamed));
    await diagnosed(uri, (messages) => messages.length === 0);

    await setting('model', `scripted:${join(place.folder.uri.fsPath, 'scenario.json')}`);
    const happened = await heard();
    const answers = answering({});
    await vscode.commands.executeCommand('weft.runPlan', uri);
    const { state } = await happened.next('run.finished');
    assert.match(await answers.told('a role is left out'), /^Weft: a role is left out\. \.weft\/agents\/broken\.md:1 has no front matter/);
    assert.equal(state.tasks.get('wall')?.stage.kind, 'landed');
    assert.ok(state.start.roles?.['artist'] !== undefined && state.start.rules !== undefined);
    happened.dispose();
    answers.dispose();
    await setting('model', undefined);
  });
});
