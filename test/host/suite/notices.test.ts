/** What is told of a run, in a real VS Code: what happens while it goes on by itself, and its end in one notification. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

const fails = (id: string) => ({ id, title: `Fail ${id}`, role: 'coder', instructions: 'Do it.', attempts: 1 });
const IDLE = [
  { paceMs: 0, say: 'Hm.' },
  { paceMs: 0, say: 'Hm.' },
];
const ASK = [{ paceMs: 0, calls: [{ tool: 'ask', input: { question: 'Which port?', options: ['80'] } }] }];
const END = /^Weft: 0 of 1 task landed in [\d.]+ s; 1 failed\. “Fail now” failed: .+ It has 1 lesson for later runs\.$/;

describe('the notifications of a run', () => {
  afterEach(async () => {
    for (const name of ['model', 'lessons']) await setting(name, undefined);
  });

  /** Runs these tasks, of which each that is not named in `turns` fails. */
  const run = async (tasks: readonly object[], turns: object = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
    writeFileSync(join(folder, 'scenario.json'), JSON.stringify({ tasks: turns, otherwise: IDLE }));
    await setting('model', `scripted:${join(folder, 'scenario.json')}`);
    const plan = join(folder, 'plan.weft.json');
    writeFileSync(plan, JSON.stringify({ goal: 'Fail', tasks }));
    await vscode.commands.executeCommand('weft.runPlan', vscode.Uri.file(plan));
  };

  it('are one at its end, with what failed just before, what it learned, and three buttons', async () => {
    await freshFolder({ 'a.txt': 'a\n' });
    const answers = answering({});
    const happened = await heard();
    await run([fails('now')]);
    const told = await answers.told('task landed');
    assert.match(told, END);
    assert.deepEqual(answers.buttonsOf(told), ['Show Summary', 'Plan the Rest', 'Keep Lessons…']);
    // What fails while others are at work is told at once: what was still to be told of the first run would come before it.
    await run([fails('first'), { ...fails('asking'), title: 'Ask' }], { asking: ASK });
    await answers.told('“Fail first” failed');
    await answers.told('“Ask” asks');
    assert.deepEqual(answers.asked.map((text) => /task landed|“[^”]+” \w+/.exec(text)?.[0]).sort(), [
      'task landed',
      '“Ask” asks',
      '“Fail first” failed',
    ]);
    await vscode.commands.executeCommand('weft.stopRun');
    const end = await answers.told('0 of 2 tasks landed');
    assert.equal(end.includes('“Fail first” failed:'), false);
    answers.dispose();
    happened.dispose();
  });

  it('say where lessons were kept, which is done before', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    await setting('lessons', 'keep');
    const answers = answering({});
    await run([fails('now')]);
    const told = await answers.told('task landed');
    assert.match(told, / 1 lesson kept in \.weft\/lessons\.md\.$/);
    assert.match(readFileSync(place.path('.weft/lessons.md'), 'utf8'), /“Fail now” failed/);
    assert.deepEqual(answers.buttonsOf(told), ['Show Summary', 'Plan the Rest', 'Show Lessons']);
    answers.dispose();
  });
});
