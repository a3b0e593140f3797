/** Lessons in a real VS Code: offered when a run ends, chosen by the person, kept around their typing, and told to the agents of the next run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

const LESSON = '`node check.js` turned red after “Write it” (Error: no two). Mended so: It has to be two. (coder: it.txt)';

describe('lessons of a run', () => {
  it('are offered, and kept where the person chooses them', async () => {
    const write = (text: string) => ({ tool: 'write_file', input: { path: 'it.txt', content: text } });
    const finish = (summary: string) => ({ tool: 'finish', input: { summary } });
    const turns = [{ calls: [write('one\n'), finish('One.')] }, { calls: [write('two\n'), finish('It has to be two.')] }];
    const task = { id: 'it', title: 'Write it', role: 'coder', instructions: 'Do it.', check: 'node check.js' };
    const place = await freshFolder({
      'check.js': "if (require('fs').readFileSync('it.txt', 'utf8') !== 'two\\n') throw new Error('no two');\n",
      'plan.weft.json': JSON.stringify({ goal: 'It', tasks: [task] }),
      'scenario.json': JSON.stringify({ tasks: { it: turns } }),
    });
    const folder = place.folder.uri.fsPath;
    await setting('model', `scripted:${join(folder, 'scenario.json')}`);
    const happened = await heard();
    const answers = answering({ buttons: ['Keep Lessons…'], picks: [LESSON.slice(0, 72).replace(/ \S*$/, '')] });
    const shown = new Promise<vscode.TextDocument>((resolve) => {
      const listening = vscode.window.onDidChangeActiveTextEditor((opened) => {
        if (opened?.document.uri.path.endsWith('/.weft/lessons.md') !== true) return;
        listening.dispose();
        resolve(opened.document);
      });
    });
    await vscode.commands.executeCommand('weft.runPlan', place.uri('plan.weft.json'));
    const { state } = await happened.next('run.finished');
    assert.equal(state.tasks.get('it')?.stage.kind, 'landed');
    const told = await answers.told('for later runs');
    assert.match(told, /^Weft: 1 of 1 task landed in [^.]+(\.\d)? s\. It has 1 lesson for later runs\.$/);
    assert.deepEqual(answers.buttonsOf(told), ['Show Summary', 'Keep Lessons…', 'Roll Back…']);
    const document = await shown;
    assert.match(document.getText(), /^# Lessons\n/);
    assert.equal(readFileSync(join(folder, '.weft/lessons.md'), 'utf8').split('\n').at(-2), `- ${LESSON}`);

    // What is kept is not offered again.
    await vscode.commands.executeCommand('weft.keepLessons', { view: { state } });
    assert.equal(await answers.told('no lesson'), 'Weft: this run has no lesson that is not kept already.');
    happened.dispose();
    answers.dispose();
    await setting('model', undefined);
  });

  it('are not looked for where they are switched off', async () => {
    const task = { id: 'it', title: 'Fail', role: 'coder', instructions: 'Do it.', attempts: 1 };
    const place = await freshFolder({
      'plan.weft.json': JSON.stringify({ goal: 'It', tasks: [task] }),
      'scenario.json': JSON.stringify({ tasks: { it: [{ say: 'Hm.' }, { say: 'Hm.' }] } }),
    });
    await setting('model', `scripted:${join(place.folder.uri.fsPath, 'scenario.json')}`);
    for (const [lessons, offers] of [
      ['off', false],
      ['ask', true],
    ] as const) {
      await setting('lessons', lessons);
      const happened = await heard();
      const answers = answering({});
      await vscode.commands.executeCommand('weft.runPlan', place.uri('plan.weft.json'));
      await happened.next('run.finished');
      if (offers) await answers.told('for later runs');
      else await answers.told('0 of 1 task landed');
      assert.equal(
        answers.asked.some((text) => text.includes('lesson')),
        offers,
      );
      happened.dispose();
      answers.dispose();
    }
    await setting('model', undefined);
    await setting('lessons', undefined);
  });
});
