/** Text documents and the bytes that they stand for. */
import * as vscode from 'vscode';
import { fail, ok, type Result } from '../../domain/failure';
import { type Place, pathOf } from './place';

/** How long an editor may take to read again what was written to disk under it, in milliseconds. */
const REREAD_MS = 5_000;

/** A pause of this length between two keystrokes may be enough to land in, and few people type for longer than the other without one; in milliseconds. */
const CALM_MS = 150;
const STORM_MS = 8_000;

/** How often a save is tried, and how long one that is under way may take, in milliseconds. */
const SAVES = 4;
const SAVE_MS = 4_000;

/** The open documents of files of a place, by workspace path. */
export function documentsUnder(place: Place): Map<string, vscode.TextDocument> {
  const documents = new Map<string, vscode.TextDocument>();
  for (const document of vscode.workspace.textDocuments) {
    if (document.uri.scheme !== 'file' || document.isClosed) continue;
    const path = pathOf(place, document.uri.fsPath);
    if (path !== undefined) documents.set(path, document);
  }
  return documents;
}

/** The bytes that saving a document would write. */
export function bytesOf(document: vscode.TextDocument): Promise<Buffer> {
  return bytesOfText(document, document.getText());
}

/** As {@link bytesOf}, for a text that the document held or is to hold. */
export async function bytesOfText(document: vscode.TextDocument, text: string): Promise<Buffer> {
  return Buffer.from(await vscode.workspace.encode(text, { encoding: document.encoding }));
}

/** The text that a document would show for these bytes of its file. */
export async function textOf(document: vscode.TextDocument, bytes: Buffer): Promise<string> {
  return vscode.workspace.decode(bytes, { encoding: document.encoding });
}

/** Whether a document with this text would be saved as exactly these bytes. */
export async function heldBy(document: vscode.TextDocument, text: string, bytes: Buffer): Promise<boolean> {
  return bytes.equals(await bytesOfText(document, withEndsOf(document, text)));
}

/** Text with the line ends that a document has: VS Code knows one kind for each. */
export function withEndsOf(document: vscode.TextDocument, text: string): string {
  const plain = plainEnds(text);
  return document.eol === vscode.EndOfLine.CRLF ? plain.replaceAll('\n', '\r\n') : plain;
}

function plainEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

/** Waits until a document shows this text (line ends aside), as it does once it has read its file again. */
export async function settled(document: vscode.TextDocument, text: string): Promise<boolean> {
  const wanted = plainEnds(text);
  const there = () => document.isClosed || plainEnds(document.getText()) === wanted;
  if (there()) return true;
  return new Promise((resolve) => {
    const end = (is: boolean) => {
      clearTimeout(late);
      change.dispose();
      close.dispose();
      resolve(is);
    };
    const late = setTimeout(() => end(there()), REREAD_MS);
    const change = vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document === document && there()) end(true);
    });
    const close = vscode.workspace.onDidCloseTextDocument((closed) => {
      if (closed === document) end(true);
    });
  });
}

/** Waits until no document of a place has changed for {@link CALM_MS}, or for longer where that was too short; {@link STORM_MS} at most. */
export function calm(place: Place, atLeastMs: number): Promise<void> {
  const pauseMs = Math.max(CALM_MS, atLeastMs);
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(quiet);
      clearTimeout(late);
      change.dispose();
      resolve();
    };
    const late = setTimeout(end, STORM_MS);
    let quiet = setTimeout(end, pauseMs);
    const change = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (pathOf(place, document.uri.fsPath) === undefined) return;
      clearTimeout(quiet);
      quiet = setTimeout(end, pauseMs);
    });
  });
}

/**
 * Whether a document holds text that is not on disk. VS Code tells extensions that a document is clean when a save ends that an edit has
 * overtaken, until the next edit; its tab knows better.
 */
export function isUnsaved(document: vscode.TextDocument): boolean {
  if (document.isDirty || document.isClosed) return document.isDirty;
  const uri = document.uri.toString();
  return vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => tab.isDirty && editedIn(tab)?.toString() === uri));
}

/** The file that a tab edits. */
function editedIn({ input }: vscode.Tab): vscode.Uri | undefined {
  if (input instanceof vscode.TabInputText) return input.uri;
  return input instanceof vscode.TabInputTextDiff ? input.modified : undefined;
}

/**
 * Saves all that a document shows; false where it could not be saved. VS Code refuses a save at once while another one (such as an
 * automatic one) asks the extensions: it is tried again when that one has ended. Only a save that says it is done counts: whether the
 * document is dirty is not told truly just then (see {@link isUnsaved}).
 */
export async function saveWhole(document: vscode.TextDocument): Promise<boolean> {
  for (let tries = 0; tries < SAVES && !document.isClosed; tries++) {
    const waiting = new AbortController();
    const other = nextSave(document, waiting.signal);
    try {
      if (await document.save()) return true;
      await other;
    } catch (thrown) {
      // Closed meanwhile, by somebody who saved it or did not want it.
      if (!document.isClosed) throw thrown;
    } finally {
      waiting.abort();
    }
  }
  return document.isClosed;
}

/** Resolves when a document is next saved, whoever asked for it; `SAVE_MS` later where it is not; and when nobody waits any more. */
function nextSave(document: vscode.TextDocument, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(late);
      saving.dispose();
      resolve();
    };
    const late = setTimeout(end, SAVE_MS);
    const saving = vscode.workspace.onDidSaveTextDocument((saved) => {
      if (saved === document) end();
    });
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Replaces a document's text; it is dirty afterwards where the text differs from its file's. */
export async function replaceText(document: vscode.TextDocument, text: string): Promise<Result<void>> {
  if (document.getText() === text) return ok();
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, document.validateRange(new vscode.Range(0, 0, document.lineCount, 0)), text);
  if (await vscode.workspace.applyEdit(edit)) return ok();
  return fail(
    'moved',
    `VS Code did not take the change of ${vscode.workspace.asRelativePath(document.uri)}.`,
    'Try again when nobody types in it.',
  );
}
