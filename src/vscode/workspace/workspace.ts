/** The workspace in VS Code: landings go through one WorkspaceEdit, open documents and their unsaved text included. */
import * as vscode from 'vscode';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { parentsOf } from '../../domain/path';
import { type Beside, besideOf, deletionsFirst, expect, putBack, sameContent } from '../../repo/diskWorkspace';
import { checkNoLink, checkNotReadOnly, readContent, removeEmptyParents, removeFile, setMode, writeContent } from '../../repo/files';
import type { Content, FileEdit, FileRestore, Untitled, Workspace } from '../../repo/workspace';
import {
  bytesOf,
  bytesOfText,
  calm,
  documentsUnder,
  heldBy,
  isUnsaved,
  replaceText,
  saveWhole,
  settled,
  textOf,
  withEndsOf,
} from './documents';
import { type Place, uriOf } from './place';
import { lineEdits } from './textEdits';

export function vscodeWorkspace(place: Place): Workspace {
  return {
    unsaved: async () => {
      const texts = [];
      for (const [path, document] of documentsUnder(place)) {
        if (isUnsaved(document)) texts.push({ path, bytes: await bytesOf(document) });
      }
      return texts;
    },
    untitled: async () =>
      untitledDocuments().map((document) => ({ name: document.fileName, language: document.languageId, text: document.getText() })),
    recall: (paths) => recall(place, paths),
    calm: (atLeastMs) => calm(place, atLeastMs),
    apply: (edits) => apply(place, edits),
    restore: (files, untitled) => restore(place, files, untitled),
  };
}

/** A document that is opened takes its text from the backup that VS Code made of it, where there is one; its tab may not be back yet. */
async function recall(place: Place, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await vscode.workspace.openTextDocument(uriOf(place, path));
    } catch {
      // There is no such file any more, or it is no text: nothing of it is unsaved, then.
    }
  }
}

/** How one file is to be changed: through the document that holds it, or whole. */
type Step =
  | {
      readonly kind: 'document';
      readonly edit: FileEdit & { readonly after: Content };
      readonly document: vscode.TextDocument;
      readonly before: string;
      readonly after: string;
      readonly save: boolean;
    }
  /** `onDisk`: by ourselves, for VS Code would follow a link; or when what is in its place is gone. */
  | { readonly kind: 'whole'; readonly edit: FileEdit; readonly onDisk: boolean };

async function apply(place: Place, edits: readonly FileEdit[]): Promise<Result<void>> {
  const beside = await besideOf(place.repo.root, edits);
  const documents = documentsUnder(place);
  const steps: Step[] = [];
  for (const edit of edits) {
    const step = await stepFor(place, edit, documents.get(edit.path), beside);
    if (!step.ok) return step;
    steps.push(step.value);
  }
  // Nothing is awaited between this look at the documents and the edit: whoever types in between is seen.
  const moved = firstMoved(place, steps);
  if (moved !== undefined) return movedFailure(moved);
  const change = workspaceEdit(place, steps);
  // VS Code refuses an edit that holds nothing, as of links alone, or where all of it is there already.
  const done = change === undefined ? ok() : await applyEdit(place, steps, change);
  const finished = done.ok ? await finish(place, steps) : done;
  if (finished.ok) return finished;
  const back = await takeBack(place, steps);
  return back.ok
    ? finished
    : fail(
        'half',
        `${finished.failure.message} ${back.failure.message}`,
        'Mend what it names, then try again: Weft puts the rest back first.',
      );
}

/** Checks that the workspace still holds what the edit expects, and decides how to change it. */
async function stepFor(place: Place, edit: FileEdit, document: vscode.TextDocument | undefined, beside: Beside): Promise<Result<Step>> {
  const { root } = place.repo;
  if (document === undefined || !isUnsaved(document)) {
    const fit = await expect(root, edit, beside);
    if (!fit.ok) return fit;
  }
  const folder = document === undefined && edit.before === null ? await readContent(root, edit.path) : ok(null);
  if (!folder.ok) return folder;
  const late =
    folder.value === 'folder' || beside.respelled.has(edit.path) || parentsOf(edit.path).some((parent) => beside.links.has(parent));
  const whole = ok<Step>({ kind: 'whole', edit, onDisk: late || isLinkEdit(edit) });
  if (document === undefined || edit.after === null || edit.after.mode === '120000') return whole;
  const wanted = await textOf(document, edit.after.bytes);
  const save = !isUnsaved(document);
  if (save) {
    // A text that is no file's exact bytes (mixed line ends, another encoding, binary) is written whole; the editor reads it again.
    const shown = edit.before === null ? undefined : await textOf(document, edit.before.bytes);
    if (edit.before === null || shown === undefined || !(await heldBy(document, shown, edit.before.bytes))) return whole;
    if (!(await heldBy(document, wanted, edit.after.bytes))) return whole;
    // The editor may not have read yet what another program wrote.
    if (!(await settled(document, shown))) return movedFailure(edit.path);
  } else {
    const clear = await checkNoLink(root, edit.path);
    if (!clear.ok) return clear;
    const writable = await checkNotReadOnly(root, edit.path);
    if (!writable.ok) return writable;
  }
  const before = document.getText();
  const held = await bytesOfText(document, before);
  if (edit.before === null || isUnsaved(document) === save || !held.equals(edit.before.bytes)) return movedFailure(edit.path);
  return ok({ kind: 'document', edit: { ...edit, after: edit.after }, document, before, after: withEndsOf(document, wanted), save });
}

/** The first path whose document does not hold what its step expects; read without awaiting anything. */
function firstMoved(place: Place, steps: readonly Step[]): string | undefined {
  const documents = documentsUnder(place);
  for (const step of steps) {
    const document = documents.get(step.edit.path);
    if (
      step.kind === 'document'
        ? step.document.getText() !== step.before
        : document !== undefined && isUnsaved(document) && !isDeleted(step, document)
    )
      return step.edit.path;
  }
  return undefined;
}

/** A file that is deleted, whose unsaved text is what the landing expects there. */
function isDeleted(step: Step, document: vscode.TextDocument): boolean {
  return step.edit.after === null && step.edit.before !== null && step.edit.before.bytes.toString() === document.getText();
}

/** Whether a link comes, goes, or is replaced: over one, VS Code would write to where it leads. */
function isLinkEdit({ before, after }: FileEdit): boolean {
  return before?.mode === '120000' || after?.mode === '120000';
}

/** All that a WorkspaceEdit can do of the steps; undefined where that is nothing. */
function workspaceEdit(place: Place, steps: readonly Step[]): vscode.WorkspaceEdit | undefined {
  const all = new vscode.WorkspaceEdit();
  // Its size counts text edits only.
  let parts = 0;
  for (const step of steps) {
    const uri = uriOf(place, step.edit.path);
    if (step.kind === 'document') {
      for (const { start, end, text } of lineEdits(step.before, step.after)) {
        parts++;
        all.replace(step.document.uri, step.document.validateRange(new vscode.Range(start, 0, end, 0)), text);
      }
    } else if (!step.onDisk && step.edit.after === null) {
      parts++;
      all.deleteFile(uri, { ignoreIfNotExists: true });
    } else if (!step.onDisk && step.edit.after !== null) {
      parts++;
      all.createFile(uri, { overwrite: true, contents: step.edit.after.bytes });
    }
  }
  return parts === 0 ? undefined : all;
}

async function applyEdit(place: Place, steps: readonly Step[], edit: vscode.WorkspaceEdit): Promise<Result<void>> {
  try {
    if (await vscode.workspace.applyEdit(edit)) return ok();
    const stuck = await firstStuck(place, steps);
    if (stuck !== undefined) {
      return fail(
        'file',
        `VS Code could not ${stuck.after === null ? 'delete' : 'write'} ${stuck.path}.`,
        'Make it and its folder writable, then land the task again: its draft is kept.',
      );
    }
    return fail(
      'moved',
      'VS Code did not take the change, most likely because a file changed at the same moment.',
      'Land the task again: its draft is kept.',
    );
  } catch (thrown) {
    return fail(
      'file',
      `VS Code could not make the change: ${thrownText(thrown)}.`,
      'Mend what it names, then land the task again: its draft is kept.',
    );
  }
}

/** The first file that VS Code did not change of an edit that it did not take, where no document says that somebody typed. */
async function firstStuck(place: Place, steps: readonly Step[]): Promise<FileEdit | undefined> {
  const typed = (step: Step) => step.kind === 'document' && ![step.before, step.after].includes(step.document.getText());
  if (steps.some(typed)) return undefined;
  for (const step of steps) {
    if (step.kind !== 'whole' || step.onDisk) continue;
    const now = await readContent(place.repo.root, step.edit.path);
    if (!now.ok || now.value === 'folder' || !sameContent(now.value, step.edit.before)) continue;
    if (!sameContent(now.value, step.edit.after)) return step.edit;
  }
  return undefined;
}

/** What a WorkspaceEdit cannot do: links, modes, empty folders; and saving what was saved before. */
async function finish(place: Place, steps: readonly Step[]): Promise<Result<void>> {
  const { root } = place.repo;
  for (const step of deletionsFirst(steps, ({ edit }) => edit.after)) {
    const { edit } = step;
    if (step.kind === 'whole' && step.onDisk) {
      const clear = await checkNoLink(root, edit.path);
      if (!clear.ok) return clear;
      const done = edit.after === null ? await removeFile(root, edit.path) : await writeContent(place.repo, edit.path, edit.after);
      if (!done.ok) return done;
    } else if (edit.after === null) {
      await removeEmptyParents(root, edit.path);
    } else {
      const moded = await setMode(root, edit.path, edit.after.mode);
      if (!moded.ok) return moded;
    }
  }
  for (const step of steps) {
    if (step.kind === 'document' && step.save && !(await saveWhole(step.document))) {
      return fail(
        'file',
        `${step.edit.path} could not be saved.`,
        'Save it by hand to see why, then land the task again: its draft is kept.',
      );
    }
  }
  return ok();
}

/** Puts back what a half-done edit changed; what somebody else changed meanwhile is left as it is. */
async function takeBack(place: Place, steps: readonly Step[]): Promise<Result<void>> {
  const wholes = steps.flatMap((step) => (step.kind === 'whole' ? [step.edit] : []));
  const disk = await putBack(place.repo, wholes);
  if (!disk.ok) return disk;
  for (const step of steps) {
    if (step.kind !== 'document' || step.document.getText() !== step.after) continue;
    const back = await replaceText(step.document, step.before);
    if (!back.ok) return back;
    if (step.save && !(await saveWhole(step.document)))
      return fail('file', `${step.edit.path} could not be saved.`, 'Save it by hand to see why.');
  }
  return ok();
}

function movedFailure(path: string) {
  return fail('moved', `${path} was changed while a task was landing in it.`, 'Land the task again: its draft is kept.');
}

/** Makes every file and editor hold exactly what it is given. What it replaces is in a snapshot, and may be overwritten. */
async function restore(place: Place, files: readonly FileRestore[], untitled: readonly Untitled[]): Promise<Result<void>> {
  const documents = documentsUnder(place);
  for (const file of deletionsFirst(files, (one) => one.disk)) {
    const done = await restoreOne(place, file, documents.get(file.path));
    if (!done.ok) return done;
  }
  const open = new Set(untitledDocuments().map((document) => document.getText()));
  for (const { language, text } of untitled) {
    if (text !== '' && !open.has(text))
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language, content: text }), { preview: false });
  }
  return ok();
}

async function restoreOne(place: Place, file: FileRestore, document: vscode.TextDocument | undefined): Promise<Result<void>> {
  const { root } = place.repo;
  const clear = await checkNoLink(root, file.path);
  if (!clear.ok) return clear;
  if (document !== undefined && isUnsaved(document)) {
    // Saved first, so that the editor takes what is written to disk next for its own.
    const text = file.disk === null ? '' : await textOf(document, file.disk.bytes);
    const replaced = await replaceText(document, withEndsOf(document, text));
    if (!replaced.ok) return replaced;
    if (!(await saveWhole(document)))
      return fail('file', `${file.path} could not be saved.`, 'Save or close it by hand, then roll back again.');
  }
  const now = await readContent(root, file.path);
  if (!now.ok) return now;
  if (now.value === 'folder' || !sameContent(now.value, file.disk)) {
    const written = file.disk === null ? await removeFile(root, file.path) : await writeContent(place.repo, file.path, file.disk);
    if (!written.ok) return written;
  }
  const held = document ?? (file.unsaved === null ? undefined : await openOrNew(place, file));
  if (held === undefined || held.isClosed) return ok();
  if (file.disk !== null && !(await settled(held, await textOf(held, file.disk.bytes)))) {
    return fail('file', `The editor does not show ${file.path} as it is on disk now.`, 'Close its tab and open it again.');
  }
  if (file.unsaved === null) return ok();
  return replaceText(held, withEndsOf(held, await textOf(held, file.unsaved)));
}

/** A document to put unsaved text into, shown, so that the person finds it. */
async function openOrNew(place: Place, file: FileRestore): Promise<vscode.TextDocument> {
  const uri = uriOf(place, file.path);
  const document = await vscode.workspace.openTextDocument(file.disk === null ? uri.with({ scheme: 'untitled' }) : uri);
  await vscode.window.showTextDocument(document, { preview: false, preserveFocus: true });
  return document;
}

function untitledDocuments(): vscode.TextDocument[] {
  return vscode.workspace.textDocuments.filter((document) => document.isUntitled && !document.isClosed && document.getText() !== '');
}
