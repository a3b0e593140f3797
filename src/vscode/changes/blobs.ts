/** Read-only files that show what a tree of a run has at a path, as the workspace would hold it. */
import * as vscode from 'vscode';
import { type Entry, type ShownFile, shownFileSchema } from '../../domain/changes';
import { failureText } from '../../domain/failure';
import { contentOf } from '../../repo/filters';
import { fieldsOf } from '../address';
import { BLOB_SCHEME } from '../names';
import type { Session, Sessions } from '../session';

/** The address of a file of a tree. Its path is the file's own, so that editors know the language. */
export function blobUri(session: Pick<Session, 'id'>, path: string, entry: Entry | null, of?: ShownFile['of']): vscode.Uri {
  const query = { session: session.id, entry, of } satisfies ShownFile;
  return vscode.Uri.from({ scheme: BLOB_SCHEME, path: `/${path}`, query: JSON.stringify(query) });
}

/** What the address of such a file says; undefined where it is none. */
export function readBlobUri(uri: vscode.Uri): ShownFile | undefined {
  return uri.scheme === BLOB_SCHEME ? parseQuery(uri) : undefined;
}

export function registerBlobs(sessions: Sessions): vscode.Disposable {
  return vscode.workspace.registerFileSystemProvider(BLOB_SCHEME, new Blobs(sessions), { isReadonly: true, isCaseSensitive: true });
}

class Blobs implements vscode.FileSystemProvider {
  /** A blob never changes. */
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;

  constructor(private readonly sessions: Sessions) {}

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { length } = await this.readFile(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: length, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { session: id, entry } = parseQuery(uri);
    if (entry === null) return new Uint8Array();
    // Filters of a repository's configuration are programs, and would be run.
    if (!vscode.workspace.isTrusted) throw vscode.FileSystemError.NoPermissions('Weft shows this only in a trusted workspace.');
    const session = (await this.sessions.all()).find((one) => one.id === id);
    if (session === undefined) throw vscode.FileSystemError.Unavailable('The folder of this file is not open.');
    const content = await contentOf(session.repo, uri.path.slice(1), entry);
    if (!content.ok) throw vscode.FileSystemError.Unavailable(failureText(content.failure));
    return content.value.bytes;
  }

  readDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.FileNotADirectory(uri);
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
}

function parseQuery(uri: vscode.Uri): ShownFile {
  const query = shownFileSchema.safeParse(fieldsOf(uri));
  if (!query.success) throw vscode.FileSystemError.FileNotFound(uri);
  return query.data;
}
