/** What a run learned: offered when it ends, shown for the person to choose, and kept in a file of theirs. */
import * as vscode from 'vscode';
import { ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { parentOf } from '../../domain/taskState';
import { keepLessons, lessonsPath, newLessons } from '../../engine/lessons/keep';
import { notify, saysTrusted, showFailure } from '../messages';
import { settingsOf } from '../models/model';
import { COMMANDS } from '../names';
import type { RunView, Session, Sessions } from '../session';
import { runTarget } from '../targets';
import { uriOf } from '../workspace/place';
import { shortened } from './wording';

const TITLE = 'Weft: Keep Lessons of Run';
const UNTRUSTED = 'Lessons are written into it, so none is kept until you trust it.';
/** A longer goal is cut in a notification. */
const GOAL_LENGTH = 60;
/** So much of a lesson fits into a line of the list. */
const LINE_LENGTH = 72;

export function registerLessons(sessions: Sessions): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand(COMMANDS.keepLessons, async (row: unknown) => {
      if (!saysTrusted(UNTRUSTED)) return;
      const done = await choose(sessions, row);
      if (!done.ok) await showFailure(done.failure);
    }),
    sessions.onDidHappen(({ session, event, state }) => {
      if (event.type === 'run.finished') void offer(sessions, { session, state, life: 'finished' });
    }),
  );
}

/** As the setting says: asks, keeps, or does nothing. */
async function offer(sessions: Sessions, view: RunView): Promise<void> {
  const { session, state } = view;
  const wanted = settingsOf(session.folder).lessons;
  // What the person stopped, or had retried alone, teaches nothing about the project by itself.
  if (wanted === 'off' || [...state.tasks.values()].every((task) => parentOf(task) !== undefined)) return;
  const found = await newLessons(session.repo, session.workspace, state);
  if (!found.ok || found.value.length === 0) return;
  const many = counted(found.value.length, 'lesson');
  if (wanted === 'keep') {
    const kept = await keepLessons(session.repo, session.workspace, found.value, sessions.closing);
    if (!kept.ok) return showFailure(kept.failure);
    await notify('information', `Weft: ${many} kept in ${lessonsPath(session.repo)}.`, [{ title: 'Show', act: () => open(session) }]);
    return;
  }
  const goal = shortened(state.start.plan.goal, GOAL_LENGTH);
  const choice = { title: 'Choose…', act: () => vscode.commands.executeCommand(COMMANDS.keepLessons, { view }) };
  await notify('information', `Weft: the run “${goal}” has ${many} for later runs.`, [choice]);
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
