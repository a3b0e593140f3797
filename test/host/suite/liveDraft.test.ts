/** A draft seen while its agent works: a diff that follows it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { contentOf } from '../../../src/repo/filters';
import { lookUp } from '../../../src/repo/trees';
import { heard, setting } from '../events';
import { freshFolder, must } from '../folder';

/** One a second. */
const WRITES = 40;
/** Longer than the test: the agent is at work until it is stopped. */
const LONG_MS = 600_000;

describe('a draft', () => {
  it('is seen in a diff that follows it while the agent works, and stays as it was kept', async () => {
    const place = await freshFolder({ 'a.txt': 'as it was\n' });
    const outside = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
    const write = (content: string) => [{ tool: 'write_file', input: { path: 'a.txt', content } }];
    // Again and again: however long it takes to open the diff, there is more to come.
    const turns = [
      ...Array.from({ length: WRITES }, (_, at) => ({ thinkMs: at === 0 ? 0 : 1000, calls: write(`version ${at + 1}\n`) })),
      { thinkMs: LONG_MS, calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
    ];
    writeFileSync(join(outside, 'scenario.json'), JSON.stringify({ tasks: { one: turns } }));
    const plan = { goal: 'See it', tasks: [{ id: 'one', title: 'The one task', instructions: 'Do it.' }] };
    writeFileSync(join(outside, 'one.weft.json'), JSON.stringify(plan));
    await setting('model', `scripted:${join(outside, 'scenario.json')}`);
    const happened = await heard();
    try {
      const finished = happened.next('run.finished');
      await vscode.commands.executeCommand('weft.dispatchPlan', vscode.Uri.file(join(outside, 'one.weft.json')));
      const { state } = await happened.next('task.started');
      const task = state.tasks.get('one');
      assert.ok(task !== undefined);
      const before = must(await lookUp(place.repo, task.work.base, ['a.txt'])).get('a.txt') ?? null;
      const change = { path: 'a.txt', before, after: null };
      const view = { session: { id: place.id }, state, life: 'running' };
      const opening = happened.tab(({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.scheme === 'weft-draft');
      await vscode.commands.executeCommand('weft.showChange', { kind: 'file', view, task, change });
      const { input } = await opening;
      assert.ok(input instanceof vscode.TabInputTextDiff);
      assert.equal((await vscode.workspace.openTextDocument(input.original)).getText(), 'as it was\n');
      const version = (document: vscode.TextDocument) => Number(/^version (\d+)\n$/.exec(document.getText())?.[1] ?? 0);
      const showsAfter = (than: number) =>
        happened.document((document) => document.uri.toString() === input.modified.toString() && version(document) > than);
      const first = await showsAfter(0);
      const second = await showsAfter(version(first));
      assert.equal(first, second, 'it is the same document');
      // Nothing of it is in the workspace.
      assert.equal((await vscode.workspace.openTextDocument(place.uri('a.txt'))).getText(), 'as it was\n');
      await vscode.commands.executeCommand('weft.stopRun');
      const { state: end } = await finished;
      const { stage, work } = end.tasks.get('one') ?? task;
      assert.equal(stage.kind, 'stopped');
      const kept = must(await lookUp(place.repo, work.changeset ?? '', ['a.txt'])).get('a.txt');
      assert.ok(kept !== undefined && kept !== 'folder');
      const text = must(await contentOf(place.repo, 'a.txt', kept)).bytes.toString();
      await happened.document((document) => document.uri.toString() === input.modified.toString() && document.getText() === text);
    } finally {
      happened.dispose();
      rmSync(outside, { recursive: true });
    }
  });
});
