/** Roles of the workspace in a real VS Code: plans can name them, are told of those that there are not, and say whose a task is. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder, watched } from '../folder';

const PAINTER = '---\ndescription: Paints walls.\nkeywords: [paint]\ntools: [edit]\n---\nYou are a painter.\n';

/** What a file has wrong, once it has been looked at so that `isDone`. */
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
    // It stays in the Problems panel, and is not told with each run.
    const again = vscode.Uri.file(uri.fsPath.replace('plan.', 'again.'));
    writeFileSync(again.fsPath, plan({ role: 'artist' }));
    await vscode.commands.executeCommand('weft.runPlan', again);
    await happened.next('run.finished', 2);
    assert.equal(answers.asked.filter((one) => one.includes('a role is left out')).length, 1);
    happened.dispose();
    answers.dispose();
    await setting('model', undefined);
  });

  it('have what is wrong with their files in the Problems panel, at its line, until it is mended', async () => {
    const lines = (uri: vscode.Uri) =>
      vscode.languages.getDiagnostics(uri).map(({ range, severity }) => `${range.start.line + 1} ${vscode.DiagnosticSeverity[severity]}`);
    await watched(await freshFolder({}));
    const place = await freshFolder({
      '.weft/agents/torn.md': '---\ndescription: [\n---\nYou are.\n',
      '.weft/agents/painter.md': PAINTER.replace('[edit]', '[edit, brush]'),
      '.weft/agents/second.md': PAINTER.replace('---\n', '---\nname: painter\n'),
      '.claude/agents/README.md': 'What stands here.\n',
      '.claude/agents/other.md': '---\nname: other\ndescription: Others.\ntools: [Brush]\n---\nYou are.\n',
    });
    const role = (path: string) => place.uri(`${path}.md`);
    const [torn, painter, second] = [role('.weft/agents/torn'), role('.weft/agents/painter'), role('.weft/agents/second')] as const;
    const [readme, other] = [role('.claude/agents/README'), role('.claude/agents/other')] as const;
    const any = (messages: readonly string[]) => messages.length > 0;
    const none = (messages: readonly string[]) => messages.length === 0;
    const [yaml = ''] = await diagnosed(torn, any);
    assert.match(yaml, /^This role has front matter that is no YAML \(.+\): mend this line, or put its text in quotes\.$/);
    assert.deepEqual(
      lines(torn).map((at) => at.split(' ')[1]),
      ['Error'],
    );
    assert.deepEqual(await diagnosed(painter, any), ['This role names the tool “brush”, which there is not here: it is left out.']);
    assert.deepEqual(lines(painter), ['4 Warning']);
    assert.deepEqual(await diagnosed(second, any), [
      'This role has the name “painter”, which .weft/agents/painter.md has already: give it another.',
    ]);
    assert.deepEqual(lines(second), ['1 Error']);
    await diagnosed(other, any);
    assert.deepEqual(lines(other), ['4 Information']);
    assert.deepEqual(lines(readme), []);

    // Typed, and not saved: it counts.
    const edit = new vscode.WorkspaceEdit();
    edit.replace(painter, new vscode.Range(0, 0, 100, 0), PAINTER);
    assert.ok(await vscode.workspace.applyEdit(edit));
    await diagnosed(painter, none);
    await vscode.window.showTextDocument(painter);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await diagnosed(painter, any);
    writeFileSync(torn.fsPath, PAINTER.replace('walls', 'fences'));
    await diagnosed(torn, none);
    rmSync(second.fsPath);
    await diagnosed(second, none);
    assert.deepEqual(lines(painter), ['4 Warning']);
  });
});
