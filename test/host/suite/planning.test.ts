/** The ways to a plan, in a real VS Code: problems, comments, lists, failures and templates; a plan that is revised; the rest of a run. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { z } from 'zod';
import { listRunIds } from '../../../src/engine/journal/journal';
import { scenarioSchema } from '../../../src/model/scenario';
import { scriptedModel } from '../../../src/model/scripted';
import { type ModelServer, serveModel } from '../../support/modelServer';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder, openFile } from '../folder';

const task = (id: string) => ({ id, title: `Task ${id}`, instructions: `Do ${id}.` });
const PLAN = { goal: 'Planned', tasks: [task('a')] };
const bodySchema = z.object({ messages: z.array(z.object({ content: z.string() })) });

/** What planning requests said, first messages only. */
let requests: string[] = [];
let server: ModelServer;

/** The plan that is open, as data. */
function openPlan(): unknown {
  const document = vscode.window.activeTextEditor?.document;
  assert.match(document?.uri.path ?? '', /\.weft\.json$/);
  return JSON.parse(document?.getText() ?? '');
}

const SHOWN = { goal: 'Planned', tasks: [{ id: 'a', title: 'Task a', role: 'coder', instructions: 'Do a.' }] };

describe('planning', () => {
  before(async () => {
    const model = scriptedModel(scenarioSchema.parse({ plans: [PLAN] }), { paceMs: 0, wait: async () => undefined });
    server = await serveModel(async (request) => {
      requests.push(bodySchema.parse(await request.clone().json()).messages[0]?.content ?? '');
      return model(request);
    });
  });
  after(() => server.close());
  beforeEach(async () => {
    requests = [];
    await setting('model', 'any');
    await setting('baseUrl', server.url);
    await setting('approvals.plan', 'ask');
  });
  afterEach(() => setting('baseUrl', undefined));

  it('of problems begins at their light bulb, or at the command, and quotes what is wrong', async () => {
    const place = await freshFolder({ 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b\n' });
    const problems = vscode.languages.createDiagnosticCollection('test');
    const problem = (line: number, message: string, severity: vscode.DiagnosticSeverity) => {
      const found = new vscode.Diagnostic(new vscode.Range(line, 0, line, 3), message, severity);
      found.source = 'lint';
      found.code = 7;
      return found;
    };
    problems.set(place.uri('a.txt'), [
      problem(0, 'One is wrong.', vscode.DiagnosticSeverity.Error),
      problem(1, 'Two is odd.', vscode.DiagnosticSeverity.Information),
    ]);
    problems.set(place.uri('b.txt'), [problem(0, 'B is unused.', vscode.DiagnosticSeverity.Warning)]);
    await openFile(place.uri('a.txt'));
    const actionsAt = (line: number): Thenable<vscode.CodeAction[]> =>
      vscode.commands
        .executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', place.uri('a.txt'), new vscode.Range(line, 0, line, 1))
        .then(undefined, (thrown: unknown) => {
          if (!(thrown instanceof Error) || thrown.name !== 'Canceled') throw thrown;
          return actionsAt(line);
        });
    const offeredAt = async (line: number) => (await actionsAt(line)).filter(({ title }) => title === 'Fix with Weft Agents');
    // While a document that was just opened still settles, VS Code calls off what it was asked, and says nothing, or what it said before.
    let [action] = await offeredAt(1);
    while (action?.command === undefined) [action] = await offeredAt(1);
    while ((await offeredAt(2)).length > 0);
    await vscode.commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
    assert.deepEqual(openPlan(), SHOWN);
    assert.match(requests[0] ?? '', /1 problem, by file:\na\.txt\n {2}line 2: information: Two is odd\. \(lint 7\)\n\nThe roles/);
    await openFile(place.uri('a.txt'));
    const answers = answering({ picks: ['All Problems'] });
    await vscode.commands.executeCommand('weft.fixProblems');
    answers.dispose();
    assert.deepEqual(answers.asked, ['Problems of a.txt, All Problems']);
    assert.match(
      requests[1] ?? '',
      /2 problems, by file:\na\.txt\n {2}line 1: error: One is wrong\. \(lint 7\)\nb\.txt\n {2}line 1: warning: B is unused\. \(lint 7\)\n\nThe roles/,
    );
    problems.dispose();
  });

  it('of TODO comments, and of a task list, has what the person chooses', async () => {
    const place = await freshFolder({
      'src/a.ts': 'const a = 1; // TODO: make it two\n// not to do\n',
      'src/b.ts': '/* FIXME(b) leaks */\nconst TODO = 3;\n',
      'TASKS.md': '# Soon\n- [ ] Add search\n- [x] Old\n- [ ] Sell it\n',
    });
    const todos = answering({ picks: ['FIXME(b) leaks'] });
    await vscode.commands.executeCommand('weft.dispatchTodos');
    todos.dispose();
    assert.deepEqual(todos.asked, ['TODO: make it two, FIXME(b) leaks']);
    assert.match(requests[0] ?? '', /1 comment:\n- src\/b\.ts:1: FIXME\(b\) leaks\n/);
    const lists = answering({ picks: ['TASKS.md', 'Sell it'] });
    await vscode.commands.executeCommand('weft.dispatchTaskList');
    lists.dispose();
    assert.deepEqual(lists.asked, ['TASKS.md', 'Add search, Sell it']);
    assert.match(requests[1] ?? '', /1 open item of TASKS\.md:\n- line 4: Sell it \(under Soon\)\n/);
    // Of the list that is at hand, unsaved as it is.
    const open = await openFile(place.uri('TASKS.md'));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(open.uri, new vscode.Position(4, 0), '- [ ] Typed\n');
    assert.ok(await vscode.workspace.applyEdit(edit));
    const here = answering({ picks: ['Typed'] });
    await vscode.commands.executeCommand('weft.dispatchTaskList');
    here.dispose();
    assert.deepEqual(here.asked, ['Add search, Sell it, Typed']);
    assert.match(requests[2] ?? '', /- line 5: Typed \(under Soon\)\n/);
  });

  it('of failing tests has what they printed', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    const file = join(mkdtempSync(join(tmpdir(), 'weft-output-')), 'tests.log');
    writeFileSync(file, '\u001b[31m1) adds\u001b[0m\nAssertionError: 3 is not 4\n');
    const { showOpenDialog } = vscode.window;
    Object.assign(vscode.window, { showOpenDialog: async () => [vscode.Uri.file(file)] });
    const answers = answering({ picks: ['File…'] });
    await vscode.commands.executeCommand('weft.dispatchFailing');
    answers.dispose();
    Object.assign(vscode.window, { showOpenDialog });
    assert.match(answers.asked[0] ?? '', /^Clipboard, (Terminal Selection, )?File…$/);
    assert.match(requests[0] ?? '', /What was printed \(File…\):\n```\n1\) adds\nAssertionError: 3 is not 4\n```/);
    assert.equal(place.folder.index, 0);
  });

  it('that the model cannot mend opens for the person, is said to be wrong, and does not run by itself', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    const before = await listRunIds(place.repo.stateDir);
    const bad = { goal: 'Bad', tasks: [{ ...task('a'), context: ['none.txt'] }] };
    const file = join(mkdtempSync(join(tmpdir(), 'weft-scenario-')), 'scenario.json');
    writeFileSync(file, JSON.stringify({ plans: [bad, bad, bad] }));
    await setting('model', `scripted:${file}`);
    await setting('approvals.plan', 'allow');
    const answers = answering({});
    await vscode.commands.executeCommand('weft.dispatch', 'Do it');
    const said = await answers.told('Mend it before you run it');
    assert.match(
      said,
      /the model’s plan is not right yet\. Mend it before you run it: tasks\[0\]\.context\[0\]: there is no file “none\.txt”/,
    );
    assert.deepEqual(openPlan(), { goal: 'Bad', tasks: [{ ...SHOWN.tasks[0], context: ['none.txt'] }] });
    assert.deepEqual(await listRunIds(place.repo.stateDir), before);
    answers.dispose();
  });

  it('is revised by a sentence, as an edit that can be undone', async () => {
    const before = JSON.stringify({ goal: 'Mine', tasks: [{ ...task('a'), priority: 4 }] });
    const place = await freshFolder({ 'p.weft.json': before });
    const document = await openFile(place.uri('p.weft.json'));
    await vscode.commands.executeCommand('weft.revisePlan', document.uri, 'Rename it.');
    assert.deepEqual(openPlan(), { ...SHOWN, tasks: [{ ...SHOWN.tasks[0], priority: 4 }] });
    assert.ok(document.isDirty);
    assert.ok(requests[0]?.includes(before) && requests[0].includes('What is to be changed in it:\nRename it.'));
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), before);
  });

  it('of a template asks for its variables', async () => {
    const template = {
      goal: 'Write {{name}}',
      variables: { name: { description: 'The file' } },
      tasks: [{ ...task('a'), writes: ['{{name}}'] }],
    };
    const place = await freshFolder({ '.weft/plans/write.weft.json': JSON.stringify(template) });
    const document = await openFile(place.uri('.weft/plans/write.weft.json'));
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 5);
    assert.deepEqual(
      lenses.map(({ command }) => command?.title),
      ['$(play) Dispatch Template… — 1 variable, 1 task'],
    );
    const answers = answering({ picks: ['write'], text: 'b.txt' });
    await vscode.commands.executeCommand('weft.dispatchTemplate');
    answers.dispose();
    assert.deepEqual(openPlan(), {
      goal: 'Write b.txt',
      tasks: [{ id: 'a', title: 'Task a', role: 'coder', instructions: 'Do a.', writes: ['b.txt'] }],
    });
    assert.deepEqual(requests, []);
  });

  it('for the rest of a run goes by what failed; and what came of the run is a document', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    const scenario = {
      plans: [{ goal: 'The rest', tasks: [task('two')] }],
      tasks: {
        one: [
          { calls: [{ tool: 'write_file', input: { path: 'b.txt', content: 'b\n' } }] },
          { calls: [{ tool: 'finish', input: { summary: 'Wrote *b*.' } }] },
        ],
        two: [{ say: 'No.', stop: 'refusal' }],
      },
    };
    const file = join(mkdtempSync(join(tmpdir(), 'weft-scenario-')), 'scenario.json');
    writeFileSync(file, JSON.stringify(scenario));
    writeFileSync(place.path('p.weft.json'), JSON.stringify({ goal: 'Both', tasks: [task('one'), { ...task('two'), attempts: 1 }] }));
    await setting('model', `scripted:${file}`);
    const happened = await heard();
    const told = answering({ text: 'Ask nicely.' });
    await vscode.commands.executeCommand('weft.runPlan', place.uri('p.weft.json'));
    const { state } = await happened.next('run.finished');
    await told.told('1 of 2 tasks landed');
    const row = { kind: 'run', view: { state } };
    await vscode.commands.executeCommand('weft.planRest', row);
    assert.deepEqual(openPlan(), { goal: 'The rest', tasks: [{ id: 'two', title: 'Task two', role: 'coder', instructions: 'Do two.' }] });
    await vscode.commands.executeCommand('weft.showSummary', row);
    const summary = await happened.document((document) => document.uri.scheme === 'weft-summary');
    assert.match(summary.getText(), /^# Both\n\n1 of 2 tasks landed, 1 file changed, 1 not done, /);
    assert.match(summary.getText(), /\n- \*\*Task one\*\* \(coder\): Wrote \\\*b\\\*\\\.\n {2}Files: b\\\.txt\.\n/);
    assert.match(summary.getText(), /\n- \*\*Task two\*\* \(coder\) failed: The model refused to work on this task\\\.\n/);
    told.dispose();
    happened.dispose();
  });
});
