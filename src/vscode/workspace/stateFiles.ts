/** Weft's own files that a person edits (plans under review, the files of a conflict), without the path inside .git that they really have. */
import { lstat, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { thrownText } from '../../domain/failure';
import { parsePath } from '../../domain/path';
import { checkNoLink, isMissing } from '../../repo/files';
import { STATE_SCHEME } from '../names';
import type { Session, Sessions } from '../session';

/** What may be opened through the scheme; everything else of the state folder is Weft's alone. */
const OPEN = /^(plans\/|runs\/[^/]+\/conflicts\/)/;

/** The address of a file in a session's state folder. */
export function stateUri(session: Session, file: string): vscode.Uri {
  const { stateDir } = session.repo;
  return vscode.Uri.from({
    scheme: STATE_SCHEME,
    authority: basename(stateDir),
    path: `/${relative(stateDir, file).split(sep).join('/')}`,
  });
}

/** The session that an address belongs to, and the file there; undefined for every other address. */
export async function stateFile(sessions: Sessions, uri: vscode.Uri): Promise<{ session: Session; file: string } | undefined> {
  if (uri.scheme !== STATE_SCHEME) return undefined;
  const session = (await sessions.all()).find(({ repo }) => basename(repo.stateDir) === uri.authority);
  const path = parsePath(uri.path.replace(/^\/+/, ''));
  if (session === undefined || !path.ok || !OPEN.test(path.value)) return undefined;
  // A link could lead anywhere, and none is Weft's.
  if (!(await checkNoLink(session.repo.stateDir, path.value)).ok || (await isLink(join(session.repo.stateDir, path.value))))
    return undefined;
  return { session, file: join(session.repo.stateDir, path.value) };
}

async function isLink(file: string): Promise<boolean> {
  return lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

export function registerStateFiles(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  const fileOf = async (uri: vscode.Uri): Promise<string> => {
    const found = await stateFile(sessions, uri);
    if (found === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return found.file;
  };
  const provider: vscode.FileSystemProvider = {
    onDidChangeFile: changed.event,
    // Only editors write these files, and they know what they wrote: told of it, a merge editor that begins would read its file again,
    // and lose what it has made of it.
    watch: () => new vscode.Disposable(() => undefined),
    stat: async (uri) => {
      const found = await told(uri, stat(await fileOf(uri)));
      return {
        type: found.isDirectory() ? vscode.FileType.Directory : vscode.FileType.File,
        ctime: found.ctimeMs,
        mtime: found.mtimeMs,
        size: found.size,
      };
    },
    readFile: async (uri) => told(uri, readFile(await fileOf(uri))),
    writeFile: async (uri, content) => {
      const file = await fileOf(uri);
      await told(
        uri,
        mkdir(dirname(file), { recursive: true, mode: 0o700 }).then(() => writeFile(file, content, { mode: 0o600 })),
      );
    },
    readDirectory: (uri) => refuse(uri),
    // Asked for where a file is saved whose folder went when its conflict was decided; of what is not to be seen, everything is there.
    createDirectory: async (uri) => {
      const found = await stateFile(sessions, uri);
      if (found === undefined) throw vscode.FileSystemError.FileExists(uri);
      await told(uri, mkdir(found.file, { recursive: true, mode: 0o700 }));
    },
    delete: (uri) => refuse(uri),
    rename: (uri) => refuse(uri),
  };
  return vscode.Disposable.from(changed, vscode.workspace.registerFileSystemProvider(STATE_SCHEME, provider, { isCaseSensitive: true }));
}

/** What the disk refuses, in the words that VS Code understands. */
async function told<T>(uri: vscode.Uri, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (thrown) {
    throw isMissing(thrown) ? vscode.FileSystemError.FileNotFound(uri) : vscode.FileSystemError.Unavailable(thrownText(thrown));
  }
}

function refuse(uri: vscode.Uri): never {
  throw vscode.FileSystemError.NoPermissions(uri);
}
