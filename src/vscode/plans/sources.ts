/** What a plan can be made of beside a goal and a selection: problems, TODO comments, task lists, failing tests. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { counted } from '../../domain/figures';
import type { ListItem, Todo } from '../../plan/context';
import { groundOf } from '../../plan/ground';
import { openItems } from '../../plan/taskList';
import { findTodos } from '../../plan/todos';
import { withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { Session } from '../session';
import { pathOf, uriOf } from '../workspace/place';
import { planAndRun } from './planning';
import { problemsOf } from './problems';
import { dispatching, type Ports, sessionFor } from './starting';

/** Characters of what failed that are looked at: its beginning has the first failure, and no test prints more that anybody reads. */
const MAX_OUTPUT = 5_000_000;

export function registerSources(ports: Ports): vscode.Disposable {
  const command = dispatching;
  return vscode.Disposable.from(
    command(COMMANDS.fixProblems, (uri, range) =>
      fixProblems(ports, uri instanceof vscode.Uri ? uri : undefined, range instanceof vscode.Range ? range : undefined),
    ),
    command(COMMANDS.dispatchTodos, () => dispatchTodos(ports)),
    command(COMMANDS.dispatchTaskList, (uri) => dispatchTaskList(ports, uri instanceof vscode.Uri ? uri : undefined)),
    command(COMMANDS.dispatchFailing, () => dispatchFailing(ports)),
  );
}

/** Those at a place of a file, as its light bulb offers; else those of the file at hand, or of all, as the person chooses. */
async function fixProblems(ports: Ports, uri: vscode.Uri | undefined, range: vscode.Range | undefined): Promise<Result<void>> {
  const active = uri ?? vscode.window.activeTextEditor?.document.uri;
  const scope = uri === undefined ? await problemScope(active) : uri;
  if (scope === undefined) return ok();
  const session = await sessionFor(ports, scope === 'all' ? undefined : scope);
  if (!session.ok) return session;
  const problems = problemsOf(session.value, scope === 'all' ? {} : { uri: scope, range });
  if (problems.length === 0)
    return fail('input', 'There are no problems to fix there.', 'Save the files, so that their problems are found, or dispatch a goal.');
  return planAndRun(ports, session.value, [{ kind: 'problems', problems }]);
}

/** Undefined where the person changed their mind, or there is no choice and nothing at all. */
async function problemScope(active: vscode.Uri | undefined): Promise<vscode.Uri | 'all' | undefined> {
  const all = vscode.languages.getDiagnostics().filter(([uri]) => vscode.workspace.getWorkspaceFolder(uri) !== undefined);
  const count = (found: readonly [vscode.Uri, vscode.Diagnostic[]][]) =>
    found.flatMap(([, own]) => own).filter(({ severity }) => severity <= vscode.DiagnosticSeverity.Warning).length;
  const here = all.filter(([uri]) => uri.toString() === active?.toString());
  if (active === undefined || count(here) === 0 || count(here) === count(all)) return 'all';
  const items = [
    { label: `Problems of ${basename(active.fsPath)}`, description: counted(count(here), 'problem'), scope: active },
    { label: 'All Problems', description: counted(count(all), 'problem'), scope: 'all' as const },
  ];
  return (await vscode.window.showQuickPick(items, { title: 'Weft: Fix Problems with Agents', placeHolder: 'The problems to fix' }))?.scope;
}

async function dispatchTodos(ports: Ports): Promise<Result<void>> {
  const session = await sessionFor(ports, undefined);
  if (!session.ok) return session;
  const found = await withProgress('Weft: looking for TODO comments', async (signal) => {
    const ground = await groundOf(session.value.repo, session.value.workspace, signal);
    return ground.ok ? findTodos(ground.value.draft, signal) : ground;
  });
  if (!found.ok) return found;
  const { todos, more } = found.value;
  if (todos.length === 0) return fail('input', 'No comment says TODO, FIXME, XXX or HACK.', 'Dispatch a goal instead.');
  const chosen = await chooseTodos(activeFirst(session.value, todos), more);
  return chosen.length === 0 ? ok() : planAndRun(ports, session.value, [{ kind: 'todos', todos: chosen }]);
}

/** What stands in the file that the person looks at comes first. */
function activeFirst(session: Session, todos: readonly Todo[]): Todo[] {
  const uri = vscode.window.activeTextEditor?.document.uri;
  const path = uri === undefined ? undefined : pathOf(session.place, uri.fsPath);
  return [...todos].sort((a, b) => Number(b.path === path) - Number(a.path === path));
}

async function chooseTodos(todos: readonly Todo[], more: boolean): Promise<Todo[]> {
  const items = todos.map((todo) => ({ label: todo.text, description: `${todo.path}:${todo.line}`, todo }));
  const placeHolder = `What agents should do${more ? ` (the first ${todos.length} of them)` : ''}`;
  const options = { title: 'Weft: Dispatch TODOs', placeHolder, canPickMany: true as const, matchOnDescription: true };
  return ((await vscode.window.showQuickPick(items, options)) ?? []).map(({ todo }) => todo);
}

async function dispatchTaskList(ports: Ports, given: vscode.Uri | undefined): Promise<Result<void>> {
  const uri = given ?? (await chooseList(ports));
  if (uri === undefined) return ok();
  const session = await sessionFor(ports, uri);
  if (!session.ok) return session;
  const path = pathOf(session.value.place, uri.fsPath);
  if (path === undefined) return fail('input', 'The list is no file of the workspace.', 'Choose a Markdown file of the open folder.');
  let text: string;
  try {
    text = (await vscode.workspace.openTextDocument(uri)).getText();
  } catch (thrown) {
    return fail('file', `${path} cannot be opened: ${thrownText(thrown)}.`, 'Choose a Markdown file.');
  }
  const items = openItems(text);
  if (items.length === 0) return fail('input', `${path} has no open item (“- [ ] …”).`, 'Choose a Markdown file that has some.');
  const chosen = await chooseItems(items);
  return chosen.length === 0 ? ok() : planAndRun(ports, session.value, [{ kind: 'tasks', path, items: chosen }]);
}

/** The Markdown file at hand where it has open items, else one that the person picks among those that have some. */
async function chooseList(ports: Ports): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document;
  if (
    active !== undefined &&
    active.uri.scheme === 'file' &&
    /\.(md|markdown)$/i.test(active.uri.path) &&
    openItems(active.getText()).length > 0
  )
    return active.uri;
  const session = await sessionFor(ports, undefined);
  if (!session.ok) return undefined;
  const { place, repo, workspace } = session.value;
  const hits = await withProgress('Weft: looking for task lists', async (signal) => {
    const ground = await groundOf(repo, workspace, signal);
    const search = { pattern: String.raw`^\s*([-*+]|\d+[.)])\s+\[ \]\s+\S`, folder: '', glob: '*.md', ignoreCase: false, most: 2_000 };
    return ground.ok ? ground.value.draft.search(search, signal) : ground;
  });
  const counts = new Map<string, number>();
  for (const { path } of hits.ok ? hits.value.hits : []) counts.set(path, (counts.get(path) ?? 0) + 1);
  const items = [...counts].map(([path, count]) => ({ label: path, description: counted(count, 'open item'), path }));
  if (items.length === 0) {
    const picked = await vscode.window.showOpenDialog({
      title: 'Weft: Dispatch Task List',
      openLabel: 'Dispatch',
      filters: { Markdown: ['md'] },
    });
    return picked?.[0];
  }
  const picked = await vscode.window.showQuickPick(items, { title: 'Weft: Dispatch Task List', placeHolder: 'The list' });
  return picked === undefined ? undefined : uriOf(place, picked.path);
}

async function chooseItems(all: readonly ListItem[]): Promise<ListItem[]> {
  const items = all.map((item) => ({ label: item.text, description: item.under.join(' › '), picked: true, item }));
  const options = { title: 'Weft: Dispatch Task List', placeHolder: 'What agents should do', canPickMany: true as const };
  return ((await vscode.window.showQuickPick(items, options)) ?? []).map(({ item }) => item);
}

async function dispatchFailing(ports: Ports): Promise<Result<void>> {
  const session = await sessionFor(ports, undefined);
  if (!session.ok) return session;
  const from = await chooseOutput();
  if (from === undefined) return ok();
  const output = await from.read();
  if (!output.ok) return output;
  if (output.value.trim() === '') return fail('input', from.empty, 'Have the tests run, and copy what they print.');
  return planAndRun(ports, session.value, [{ kind: 'failing', from: from.label, output: output.value.slice(0, MAX_OUTPUT) }]);
}

interface Output {
  readonly label: string;
  readonly empty: string;
  readonly read: () => Promise<Result<string>>;
}

async function chooseOutput(): Promise<Output | undefined> {
  const items = [
    { label: 'Clipboard', empty: 'The clipboard has no text.', read: async () => ok(await vscode.env.clipboard.readText()) },
    ...(vscode.window.activeTerminal === undefined
      ? []
      : [{ label: 'Terminal Selection', empty: 'Nothing is selected in the terminal.', read: selectedInTerminal }]),
    { label: 'File…', empty: 'The file is empty.', read: outputFile },
  ];
  return vscode.window.showQuickPick(items, { title: 'Weft: Dispatch Failing Tests', placeHolder: 'What has what the tests printed?' });
}

/** VS Code tells it to extensions through the clipboard alone; what was there is put back. */
async function selectedInTerminal(): Promise<Result<string>> {
  const { clipboard } = vscode.env;
  const before = await clipboard.readText();
  await clipboard.writeText('');
  await vscode.commands.executeCommand('workbench.action.terminal.copySelection');
  const selected = await clipboard.readText();
  await clipboard.writeText(before);
  return ok(selected);
}

async function outputFile(): Promise<Result<string>> {
  const [uri] = (await vscode.window.showOpenDialog({ title: 'Weft: Dispatch Failing Tests', openLabel: 'Dispatch' })) ?? [];
  if (uri === undefined) return fail('cancelled', 'No file.');
  try {
    return ok(await vscode.workspace.decode(await vscode.workspace.fs.readFile(uri), { uri }));
  } catch (thrown) {
    return fail('file', `${basename(uri.fsPath)} cannot be read: ${thrownText(thrown)}.`, 'Choose a text file.');
  }
}
