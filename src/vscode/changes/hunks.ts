/** Which hunk, or which undone part, a command is about: the one at the cursor of a diff, or one that the person picks. */
import * as vscode from 'vscode';
import { fail, ok, type Result } from '../../domain/failure';
import { type Hunk, isSamePart, type Lines, partText } from '../../domain/part';
import { type Changed, changedFile, hunkText } from '../../repo/history/hunks';
import { notify } from '../messages';
import type { Sessions } from '../session';
import { type FileTarget, fileTarget, pathOf, type TaskTarget, taskTarget } from '../targets';
import { readBlobUri } from './blobs';

/** A file of a task, or (a number, from 1) one of its hunks. */
export interface PartTarget extends FileTarget {
  readonly hunk: number | null;
}

/** More of a hunk than this is not shown in the list of hunks, in characters. */
const PREVIEW_LENGTH = 120;

/** The hunk that the cursor stands in, in a diff of what a task changed; else one that the person picks. */
export async function hunkTarget(sessions: Sessions, row: unknown): Promise<Result<PartTarget | undefined>> {
  const shown = await shownFile(sessions, row);
  const target =
    shown?.target ??
    (await fileTarget(sessions, row, {
      wanted: ({ task }) => task.stage.kind === 'landed',
      title: 'Weft: Undo Hunk',
      none: 'No task has landed that could be undone.',
    }));
  if (target === undefined) return ok(undefined);
  const { landing } = target.task;
  if (landing === null) return fail('input', `“${target.task.task.title}” is not in the workspace.`, 'Only what has landed can be undone.');
  const { repo } = target.view.session;
  const file = await changedFile(repo, landing, target.path);
  if (!file.ok) return file;
  const { path, from, hunks } = file.value;
  if (hunks.length === 0)
    return fail('input', `${path} was added or deleted whole, or is no text: it has no hunks.`, 'Use “Undo File” for all of it.');
  const given = givenHunk(row) ?? (shown === undefined ? undefined : hunkAt(hunks, shown));
  if (given !== undefined) return ok({ ...target, path, hunk: given });
  const open = hunks.filter((hunk) => !target.task.parts.some(({ part }) => isSamePart(part, { path, from, hunk })));
  const number = await pickHunk(target, file.value, open);
  return number.ok ? ok(number.value === undefined ? undefined : { ...target, path, hunk: number.value }) : number;
}

async function pickHunk({ view, task }: TaskTarget, file: Changed, open: readonly Hunk[]): Promise<Result<number | undefined>> {
  const items: (vscode.QuickPickItem & { readonly number: number })[] = [];
  for (const hunk of open) {
    const text = await hunkText(view.session.repo, file, hunk);
    if (!text.ok) return text;
    const detail = text.value.join(' ').slice(0, PREVIEW_LENGTH);
    items.push({ label: `Hunk ${hunk.number}`, description: `line ${hunk.after.line}`, detail, number: hunk.number });
  }
  if (items.length === 0) {
    void notify('information', `Weft: All hunks of ${file.path} (“${task.task.title}”) are undone already.`);
    return ok(undefined);
  }
  const picked = await vscode.window.showQuickPick(items, { title: `Weft: Undo Hunk of ${file.path}`, matchOnDetail: true });
  return ok(picked?.number);
}

/** A diff of what a task changed that has the focus, and the line (from 1) of its cursor. */
interface Shown {
  readonly target: FileTarget;
  readonly side: 'before' | 'after';
  readonly line: number;
}

async function shownFile(sessions: Sessions, row: unknown): Promise<Shown | undefined> {
  const editor = vscode.window.activeTextEditor;
  const of = editor === undefined ? undefined : readBlobUri(editor.document.uri)?.of;
  // A row of the tree says itself what it is about.
  if (editor === undefined || of === undefined || (row !== undefined && !(row instanceof vscode.Uri))) return undefined;
  const view = await sessions.find(of.run);
  const task = view?.state.tasks.get(of.task);
  if (view === undefined || task === undefined) return undefined;
  return { target: { view, task, path: of.path }, side: of.side, line: editor.selection.active.line + 1 };
}

function hunkAt(hunks: readonly Hunk[], { side, line }: Shown): number | undefined {
  return hunks.find((hunk) => isIn(hunk[side], line))?.number;
}

/** Where lines were only taken away, those next to them stand for them. */
function isIn({ line, count }: Lines, at: number): boolean {
  return count === 0 ? at === line || at === line + 1 : at >= line && at < line + count;
}

/** The number that a command was given beside its row. */
function givenHunk(row: unknown): number | undefined {
  return typeof row === 'object' && row !== null && 'hunk' in row && typeof row.hunk === 'number' ? row.hunk : undefined;
}

/** A part that is undone and could be redone. */
export async function undonePartTarget(sessions: Sessions, row: unknown): Promise<Result<PartTarget | undefined>> {
  const target = await taskTarget(sessions, row, {
    wanted: ({ task }) => task.stage.kind === 'landed' && task.parts.length > 0,
    title: 'Weft: Redo Part',
    none: 'No part of a task is undone.',
    takeOnly: true,
  });
  if (target === undefined) return ok(undefined);
  const wanted = pathOf(row);
  const parts = target.task.parts
    .map(({ part }) => part)
    .filter((part) => wanted === undefined || part.path === wanted || part.from === wanted);
  const hunk = givenHunk(row);
  const exact = parts.filter((part) => hunk === undefined || part.hunk?.number === hunk);
  const items = exact.map((part) => ({ label: partText(part), part }));
  if (items.length === 0) {
    void notify('information', `Weft: No part of “${target.task.task.title}” is undone${wanted === undefined ? '' : ` in ${wanted}`}.`);
    return ok(undefined);
  }
  const picked = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Weft: Redo Part' });
  return ok(picked === undefined ? undefined : { ...target, path: picked.part.path, hunk: picked.part.hunk?.number ?? null });
}
