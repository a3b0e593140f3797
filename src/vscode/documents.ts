/** Text documents and the bytes that they stand for. */
import { isAbsolute, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { fail, ok, type Result } from '../domain/failure';
import { parsePath } from '../domain/path';
import type { Repository } from '../repo/repository';

/** How long an editor may take to read again what was written to disk under it, in milliseconds. */
const REREAD_MS = 5_000;

/** A pause of this length between two keystrokes is enough to land in, and nobody types for longer than the other without one; in milliseconds. */
const CALM_MS = 150;
const STORM_MS = 8_000;

/** The open documents of files under a folder, by workspace path. */
export function documentsUnder(folder: vscode.WorkspaceFolder, repo: Repository): Map<string, vscode.TextDocument> {
  const documents = new Map<string, vscode.TextDocument>();
  for (const document of vscode.workspace.textDocuments) {
    if (document.uri.scheme !== 'file' || document.isClosed) continue;
    const path = pathUnder(folder, repo, document.uri.fsPath);
    if (path !== undefined) documents.set(path, document);
  }
  return documents;
}

/** A file's workspace path; undefined where it is not in the folder. */
export function pathUnder(folder: vscode.WorkspaceFolder, repo: Repository, file: string): string | undefined {
  // The folder may have been opened through a link.
  for (const root of [folder.uri.fsPath, repo.root]) {
    const path = relative(root, file);
    if (path === '' || path.startsWith('..') || isAbsolute(path)) continue;
    // Plans and conflicts of Weft's lie in .git, and are no part of the workspace.
    const inside = parsePath(path.split(sep).join('/'));
    return inside.ok ? inside.value : undefined;
  }
  return undefined;
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

/** Waits until no document of a folder has changed for {@link CALM_MS}, {@link STORM_MS} at most. */
export function calm(folder: vscode.WorkspaceFolder, repo: Repository): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(quiet);
      clearTimeout(late);
      change.dispose();
      resolve();
    };
    const late = setTimeout(end, STORM_MS);
    let quiet = setTimeout(end, CALM_MS);
    const change = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (pathUnder(folder, repo, document.uri.fsPath) === undefined) return;
      clearTimeout(quiet);
      quiet = setTimeout(end, CALM_MS);
    });
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
