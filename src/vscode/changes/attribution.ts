/** Who wrote the lines of a file: asked for one line, or shown beside all of them. */
import * as vscode from 'vscode';
import { fail, ok, type Result } from '../../domain/failure';
import { type Attribution, attribute } from '../../engine/history/attribution';
import { changedFile } from '../../repo/history/hunks';
import { type Button, notify, saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import { escaped, shortened } from '../runs/wording';
import type { RunView, Session, Sessions } from '../session';
import { pathOf } from '../workspace/place';

/** Nobody types for this long when the names beside the lines are made anew, in milliseconds. */
const PAUSE_MS = 500;
/** A longer title is cut: it stands beside code. */
const TITLE_LENGTH = 40;

export function registerAttribution(sessions: Sessions): vscode.Disposable {
  const shown = new ShownAttribution(sessions);
  const command = (id: string, act: () => Promise<Result<void>>) =>
    vscode.commands.registerCommand(id, async () => {
      if (!saysTrusted()) return;
      const done = await act();
      if (!done.ok) await showFailure(done.failure);
    });
  return vscode.Disposable.from(
    shown,
    command(COMMANDS.whoWrote, () => whoWrote(sessions)),
    command(COMMANDS.toggleAttribution, () => shown.toggle()),
  );
}

/** A file of the workspace that an editor shows, in each session that has it: its folder's, and that of all folders together. */
type Places = readonly { readonly session: Session; readonly path: string }[];

async function placesOf(sessions: Sessions, document: vscode.TextDocument): Promise<Result<Places>> {
  const folder = document.uri.scheme === 'file' ? vscode.workspace.getWorkspaceFolder(document.uri) : undefined;
  const own = folder === undefined ? undefined : await sessions.of(folder);
  if (own?.ok === false) return own;
  const places = (await sessions.all()).flatMap((session) => {
    const path = pathOf(session.place, document.uri.fsPath);
    const has = session.folder === undefined || session.id === own?.value.id;
    return has && path !== undefined ? [{ session, path }] : [];
  });
  if (places.length === 0)
    return fail('input', 'Only lines of files in the workspace folder have writers that Weft knows.', 'Open one of them.');
  return ok(places);
}

/** What a run of all folders wrote is a person's to the history of one folder, and the other way round: who knows a task is right. */
async function attributionOf(places: Places, signal: AbortSignal): Promise<Result<Attribution[]>> {
  let lines: Attribution[] | undefined;
  for (const { session, path } of places) {
    const found = await attribute(session.repo, session.workspace, path, signal);
    if (!found.ok) return found;
    lines = found.value.map((line, at) => {
      const known = lines?.[at];
      return known === undefined || (known.by !== 'task' && line.by !== 'before') ? line : known;
    });
  }
  return ok(lines ?? []);
}

async function whoWrote(sessions: Sessions): Promise<Result<void>> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return fail('input', 'No file is open in an editor.', 'Open one, and put the cursor on the line.');
  const line = editor.selection.active.line;
  const place = await placesOf(sessions, editor.document);
  if (!place.ok) return place;
  const lines = await withProgress('Weft: looking who wrote this line', (signal) => attributionOf(place.value, signal));
  if (!lines.ok) return lines;
  // Behind the last line end there is, to git, no line.
  const who = lines.value[line];
  if (who === undefined) {
    void notify('information', `Weft: Line ${line + 1} is empty.`);
    return ok();
  }
  const run = who.by === 'task' ? await sessions.find(who.run) : undefined;
  const buttons = who.by === 'task' && run !== undefined ? await buttonsFor(run, who) : [];
  void notify('information', `Weft: Line ${line + 1}: ${sentence(who)}`, buttons);
  return ok();
}

function sentence(who: Attribution): string {
  if (who.by === 'task') return `written by “${who.title}” (${who.role}), in the run “${who.goal}”.`;
  return who.by === 'person' ? 'written by you, or by what you brought in.' : 'there before Weft’s first run here.';
}

type ByTask = Extract<Attribution, { by: 'task' }>;

async function buttonsFor(view: RunView, who: ByTask): Promise<Button[]> {
  const task = view.state.tasks.get(who.task);
  if (task === undefined) return [];
  const change = task.work.changes.find(({ path }) => path === who.path);
  const show: Button[] =
    change === undefined
      ? []
      : [{ title: 'Show Change', act: () => vscode.commands.executeCommand(COMMANDS.showChange, { kind: 'file', view, task, change }) }];
  // The line is one of the landing itself: its hunk is known.
  if (task.stage.kind !== 'landed' || task.landing?.after !== who.commit) return show;
  const file = await changedFile(view.session.repo, task.landing, who.path);
  const hunk = file.ok ? file.value.hunks.find(({ after }) => who.line >= after.line && who.line < after.line + after.count) : undefined;
  if (hunk === undefined)
    return [...show, { title: 'Undo File', act: () => vscode.commands.executeCommand(COMMANDS.undoFile, { view, task, path: who.path }) }];
  const target = { view, task, path: who.path, hunk: hunk.number };
  return [...show, { title: 'Undo Hunk', act: () => vscode.commands.executeCommand(COMMANDS.undoHunk, target) }];
}

/** Names beside the lines of the visible editors, while they are wanted. */
class ShownAttribution implements vscode.Disposable {
  private readonly type = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.infoForeground'),
  });
  private listening: vscode.Disposable | undefined;
  private pause: NodeJS.Timeout | undefined;
  private reading = new AbortController();

  constructor(private readonly sessions: Sessions) {}

  async toggle(): Promise<Result<void>> {
    if (this.listening !== undefined) {
      this.end();
      return ok();
    }
    const soon = () => {
      clearTimeout(this.pause);
      this.pause = setTimeout(() => void this.draw(), PAUSE_MS);
    };
    this.listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument(soon),
      vscode.window.onDidChangeVisibleTextEditors(soon),
      this.sessions.onDidHappen(soon),
    );
    return this.draw();
  }

  /** Draws what is visible; the first failure is what comes back. */
  private async draw(): Promise<Result<void>> {
    this.reading.abort();
    const reading = new AbortController();
    this.reading = reading;
    let done: Result<void> = ok();
    for (const editor of vscode.window.visibleTextEditors.filter(({ document }) => document.uri.scheme === 'file')) {
      const { version } = editor.document;
      const place = await placesOf(this.sessions, editor.document);
      // A file outside of the workspace has none.
      if (!place.ok) continue;
      const lines = await attributionOf(place.value, reading.signal);
      if (reading.signal.aborted) return ok();
      if (!lines.ok) done = done.ok ? lines : done;
      else if (editor.document.version === version) editor.setDecorations(this.type, decorationsOf(editor.document, lines.value));
    }
    return done;
  }

  private end(): void {
    this.listening?.dispose();
    this.listening = undefined;
    clearTimeout(this.pause);
    this.reading.abort();
    for (const editor of vscode.window.visibleTextEditors) editor.setDecorations(this.type, []);
  }

  dispose(): void {
    this.end();
    this.type.dispose();
  }
}

/** One for each block of lines that a task wrote, its name beside the first of them. */
function decorationsOf(document: vscode.TextDocument, lines: readonly Attribution[]): vscode.DecorationOptions[] {
  const all: vscode.DecorationOptions[] = [];
  for (let at = 0; at < Math.min(lines.length, document.lineCount); ) {
    const who = lines[at];
    let end = at + 1;
    while (end < lines.length && isSameWriter(lines[end], who)) end++;
    if (who?.by === 'task') {
      const contentText = `${shortened(who.title, TITLE_LENGTH)} · ${who.role}`;
      const hoverMessage = new vscode.MarkdownString(`**${escaped(who.title)}** (${who.role})\n\n${escaped(who.goal)}`);
      const after = { contentText, color: new vscode.ThemeColor('editorCodeLens.foreground'), margin: '0 0 0 3em' };
      all.push({ range: document.lineAt(at).range, hoverMessage, renderOptions: { after } });
      const last = Math.min(end, document.lineCount) - 1;
      if (last > at) all.push({ range: new vscode.Range(at + 1, 0, last, document.lineAt(last).text.length), hoverMessage });
    }
    at = end;
  }
  return all;
}

function isSameWriter(a: Attribution | undefined, b: Attribution | undefined): boolean {
  if (a?.by !== 'task' || b?.by !== 'task') return a?.by === b?.by;
  return a.run === b.run && a.task === b.task;
}
