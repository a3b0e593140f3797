/** Models that another extension brings into a real VS Code: chosen, used without a key, refused, and stopped. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';
import type { Heard, ModelsApi } from '../modelsExtension';

async function models(): Promise<ModelsApi> {
  const extension = vscode.extensions.getExtension<ModelsApi>('weft-test.models');
  if (extension === undefined) throw new Error('VS Code does not know the extension with the models.');
  return extension.activate();
}

/** Of a plan it says one with a task, of the task that a file is written. */
const working = async ({ tools, messages }: Heard, say: (part: vscode.LanguageModelResponsePart) => void) => {
  const plan = { goal: 'Write', tasks: [{ id: 'one', title: 'Write b', instructions: 'Write b.txt.' }] };
  const call = (name: string, input: object) => new vscode.LanguageModelToolCallPart(`call-${messages.length}`, name, input);
  if (!tools.includes('finish')) return say(new vscode.LanguageModelTextPart(JSON.stringify(plan)));
  const turns = messages.filter(({ role }) => role === vscode.LanguageModelChatMessageRole.Assistant).length;
  say(new vscode.LanguageModelTextPart('I write '));
  say(new vscode.LanguageModelTextPart('it.'));
  say(turns === 0 ? call('write_file', { path: 'b.txt', content: 'b\n' }) : call('finish', { summary: 'Wrote b.' }));
};

describe('models of VS Code', () => {
  const before = process.env['ANTHROPIC_API_KEY'];
  beforeEach(async () => {
    delete process.env['ANTHROPIC_API_KEY'];
    (await models()).heard.length = 0;
  });
  afterEach(async () => {
    (await models()).answer(undefined);
    for (const name of ['model', 'approvals.plan']) await setting(name, undefined);
    if (before !== undefined) process.env['ANTHROPIC_API_KEY'] = before;
  });

  it('are listed and chosen, and plan and work on a run without a key', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    const api = await models();
    api.answer(working);
    const answers = answering({ picks: ['Small, Preview'] });
    await vscode.commands.executeCommand('weft.chooseModel');
    const told = await answers.told('is used from the next run on');
    answers.dispose();
    assert.match(
      answers.asked[0] ?? '',
      /Anthropic: needs an API key.*claude-sonnet-5-5.*VS Code.*Large, Small, Small, Preview.*Scripted Sample/,
    );
    assert.equal(told, 'Weft: “vscode:small-2” is used from the next run on.');
    await setting('approvals.plan', 'allow');
    const happened = await heard();
    await vscode.commands.executeCommand('weft.dispatch', 'Write b');
    const { state } = await happened.next('run.finished');
    happened.dispose();
    const task = state.tasks.get('one');
    assert.deepEqual([task?.stage.kind, readFileSync(place.path('b.txt'), 'utf8')], ['landed', 'b\n']);
    assert.deepEqual([...new Set(api.heard.map(({ model }) => model))], ['small-2']);
    assert.deepEqual(api.heard.at(-1)?.options, { max_tokens: 16_000 });
    const [, , said, result] = api.heard.at(-1)?.messages ?? [];
    assert.deepEqual(
      said?.content.map((part) =>
        part instanceof vscode.LanguageModelTextPart ? part.value : part instanceof vscode.LanguageModelToolCallPart ? part.name : part,
      ),
      ['I write it.', 'write_file'],
    );
    const [part] = result?.content ?? [];
    assert.ok(part instanceof vscode.LanguageModelToolResultPart);
    assert.equal(part.callId, 'call-2');
  });

  it('are used where there is no key, after the person was asked once', async () => {
    await freshFolder({ 'a.txt': 'a\n' });
    const api = await models();
    api.answer(working);
    await setting('approvals.plan', 'allow');
    const answers = answering({ buttons: ['Use This Model'] });
    const happened = await heard();
    await vscode.commands.executeCommand('weft.dispatch', 'Write b');
    await happened.next('run.finished', 1);
    assert.match(
      await answers.told('no API key'),
      /^Weft has no API key. Shall its agents use “Large”, which weft-test brings into VS Code, instead\?/,
    );
    assert.equal(vscode.workspace.getConfiguration('weft').get('model'), 'vscode:weft-test/large');
    await setting('model', undefined);
    const asked = () => answers.asked.filter((one) => one.includes('no API key')).length;
    const { state } = await vscode.commands.executeCommand('weft.dispatch', 'Write b again').then(() => happened.next('run.finished', 2));
    assert.deepEqual([state.start.model, asked()], ['vscode:weft-test/large', 1]);
    answers.dispose();
    happened.dispose();
  });

  it('say why they do not answer, and are not asked any more when a run is stopped', async () => {
    const plan = JSON.stringify({ goal: 'Write', tasks: [{ id: 'one', title: 'One', instructions: 'Do it.', attempts: 1 }] });
    const place = await freshFolder({ 'one.weft.json': plan, 'two.weft.json': plan });
    const api = await models();
    await setting('model', 'vscode:weft-test/large');
    const happened = await heard();
    api.answer(async () => {
      throw vscode.LanguageModelError.NoPermissions('The account is not signed in');
    });
    await vscode.commands.executeCommand('weft.runPlan', place.uri('one.weft.json'));
    const { event } = await happened.next('task.failed');
    assert.deepEqual(event.type === 'task.failed' && event.failure, {
      kind: 'auth',
      message: 'VS Code does not let Weft ask its model: The account is not signed in.',
      fix: 'Allow it (Accounts → Manage Language Model Access…), or run “Weft: Choose Model”.',
    });
    const asked = new Promise<vscode.CancellationToken>((resolve) => {
      api.answer(
        ({ token }) =>
          new Promise((end) => {
            token.onCancellationRequested(() => end());
            resolve(token);
          }),
      );
    });
    await happened.next('run.finished', 1);
    await vscode.commands.executeCommand('weft.runPlan', place.uri('two.weft.json'));
    const token = await asked;
    const cancelled = new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
    const { state } = await happened.next('run.started', 2);
    await vscode.commands.executeCommand('weft.stopRun', { view: { state } });
    await cancelled;
    await happened.next('run.finished', 2);
    happened.dispose();
  });
});
