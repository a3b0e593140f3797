/** Read-only documents that show a file of a draft, and follow it while its agent works. */
import * as vscode from 'vscode';
import { failureText } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import { contentOf } from '../../repo/filters';
import { lookUp } from '../../repo/trees';
import { addressOf, readTaskAddress } from '../address';
import { DRAFT_SCHEME } from '../names';
import type { RunView, Sessions } from '../session';
import { uriOf } from '../workspace/place';

/** The address of a file as a task's agent has it now. Its path is the file's own, so that editors know the language. */
export function draftUri(run: string, task: string, path: string): vscode.Uri {
  return addressOf(DRAFT_SCHEME, path, { run, task });
}

export function registerLiveDrafts(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  /** The commit that each open document shows. */
  const shown = new Map<string, string>();
  const follow = () => {
    for (const { uri } of vscode.workspace.textDocuments) {
      const query = uri.scheme === DRAFT_SCHEME ? readTaskAddress(uri) : undefined;
      const run = query === undefined ? undefined : sessions.driven(query.run);
      if (query === undefined || run === undefined) continue;
      if (commitOf(run.record.state, query.task, run.live.state.drafts.get(query.task)?.commit) !== shown.get(uri.toString()))
        changed.fire(uri);
    }
  };
  return vscode.Disposable.from(
    changed,
    sessions.onDidChange(follow),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => shown.delete(uri.toString())),
    vscode.workspace.registerTextDocumentContentProvider(DRAFT_SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: async (uri) => {
        const query = readTaskAddress(uri);
        if (query === undefined) throw vscode.FileSystemError.FileNotFound(uri);
        // Filters of a repository's configuration are programs, and would be run.
        if (!vscode.workspace.isTrusted) throw vscode.FileSystemError.NoPermissions('Weft shows this only in a trusted workspace.');
        const view = await sessions.find(query.run);
        if (view === undefined) return '';
        const live = view.session.live.get(query.run)?.live.state.drafts.get(query.task)?.commit;
        const commit = commitOf(view.state, query.task, live);
        shown.set(uri.toString(), commit);
        return textAt(view, commit, uri.path.slice(1));
      },
    }),
  );
}

/** What the draft is now: as the agent has it, as it was kept, or as it began. */
function commitOf(state: RunState, task: string, live: string | undefined): string {
  const work = state.tasks.get(task)?.work;
  return live ?? work?.changeset ?? work?.base ?? '';
}

/** The text of a file in a commit; empty where the commit has none. */
async function textAt({ session }: RunView, commit: string, path: string): Promise<string> {
  if (commit === '') return '';
  const found = await lookUp(session.repo, commit, [path]);
  if (!found.ok) throw vscode.FileSystemError.Unavailable(failureText(found.failure));
  const entry = found.value.get(path);
  if (entry === undefined || entry === 'folder') return '';
  const content = await contentOf(session.repo, path, entry);
  if (!content.ok) throw vscode.FileSystemError.Unavailable(failureText(content.failure));
  // In the encoding that the person's settings have for the file itself.
  return vscode.workspace.decode(content.value.bytes, { uri: uriOf(session.place, path) });
}
