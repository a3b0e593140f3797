/** What a run learned: offered when it ends, shown for the person to choose, and kept in a file of theirs. */
import * as vscode from 'vscode';
import { failureText, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { parentOf } from '../../domain/taskState';
import { keepLessons, lessonsPath, newLessons } from '../../engine/lessons/keep';
import { type Button, notify, saysTrusted, showFailure } from '../messages';
import { settingsOf } from '../models/model';
import { COMMANDS } from '../names';
import type { RunView, Session, Sessions } from '../session';
import { runTarget } from '../targets';
import { uriOf } from '../workspace/place';

const TITLE = 'Weft: Keep Lessons of Run';
const UNTRUSTED = 'Lessons are written into it, so none is kept until you trust it.';
/** So much of a lesson fits into a line of the list. */
const LINE_LENGTH = 72;

export function registerLessons(sessions: Sessions): vscode.Disposable {
  return vscode.commands.registerCommand(COMMANDS.keepLessons, async (row: unknown) => {
    if (!saysTrusted(UNTRUSTED)) return;
    const done = await choose(sessions, row);
    if (!done.ok) await showFailure(done.failure);
  });
}

/** Does with the lessons of a run that ended what the setting says; resolves to what is to be told of it, if anything. */
export async function lessonsAtEnd(
  sessions: Sessions,
  view: RunView,
): Promise<{ readonly text: string; readonly buttons: readonly Button[] } | undefined> {
  const { session, state } = view;
  const wanted = settingsOf(session.folder).lessons;
  // What the person stopped, or had retried alone, teaches nothing about the project by itself.
  if (wanted === 'off' || [...state.tasks.values()].every((task) => parentOf(task) !== undefined)) return undefined;
  const found = await newLessons(session.repo, session.workspace, state);
  if (!found.ok || found.value.length === 0) return undefined;
  const many = counted(found.value.length, 'lesson');
  const choice = { title: 'Keep Lessons…', act: () => vscode.commands.executeCommand(COMMANDS.keepLessons, { view }) };
  if (wanted === 'ask') return { text: `It has ${many} for later runs.`, buttons: [choice] };
  const kept = await keepLessons(session.repo, session.workspace, found.value, sessions.closing);
  return kept.ok
    ? { text: `${many} kept in ${lessonsPath(session.repo)}.`, buttons: [{ title: 'Show Lessons', act: () => open(session) }] }
    : { text: `Its lessons could not be kept: ${failureText(kept.failure)}`, buttons: [choice] };
}

/** Shows what a run learned; the person chooses what of it is kept, and edits it in the file. */
async function choose(sessions: Sessions, row: unknown): Promise<Result<void>> {
  const view = await runTarget(sessions, row, {
    wanted: () => true,
    title: TITLE,
    none: 'There are no runs of this folder yet.',
    takeOnly: true,
  });
  if (view === undefined) return ok();
  const { session, state } = view;
  const found = await newLessons(session.repo, session.workspace, state);
  if (!found.ok) return found;
  if (found.value.length === 0) {
    await notify('information', 'Weft: this run has no lesson that is not kept already.');
    return ok();
  }
  const items = found.value.map((lesson) => ({ ...inTwoLines(lesson), picked: true, lesson }));
  const picked = await vscode.window.showQuickPick(items, {
    title: TITLE,
    placeHolder: `Told to agents of later runs, from ${lessonsPath(session.repo)}`,
    canPickMany: true,
  });
  if (picked === undefined || picked.length === 0) return ok();
  const kept = await keepLessons(
    session.repo,
    session.workspace,
    picked.map(({ lesson }) => lesson),
    sessions.closing,
  );
  if (kept.ok) await open(session);
  return kept;
}

/** The list shows the beginning of a line, and no more of it. */
function inTwoLines(lesson: string): Pick<vscode.QuickPickItem, 'label' | 'detail'> {
  if (lesson.length <= LINE_LENGTH) return { label: lesson };
  const end = lesson.lastIndexOf(' ', LINE_LENGTH);
  const at = end <= 0 ? LINE_LENGTH : end;
  return { label: lesson.slice(0, at), detail: lesson.slice(at).trim() };
}

async function open({ repo, place }: Session): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uriOf(place, lessonsPath(repo)));
  const end = document.lineAt(document.lineCount - 1).range.end;
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(end, end) });
}
