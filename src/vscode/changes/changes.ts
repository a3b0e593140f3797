/** What an agent changed, as diffs: one file, or all files of its task. */
import * as vscode from 'vscode';
import type { Change } from '../../domain/changes';
import type { TaskState } from '../../domain/taskState';
import { changedFile } from '../../repo/history/hunks';
import { notify, showFailure } from '../messages';
import { COMMANDS } from '../names';
import { changesOf, type FileNode, type TaskNode } from '../runs/nodes';
import type { RunView } from '../session';
import { uriOf } from '../workspace/place';
import { blobUri } from './blobs';
import { draftUri } from './liveDrafts';

export function registerChanges(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand(COMMANDS.showChange, (node: FileNode) => showChange(node)),
    vscode.commands.registerCommand(COMMANDS.showTask, (node: TaskNode) => showTask(node)),
  );
}

async function showChange({ view, task, change }: FileNode): Promise<void> {
  const { session } = view;
  const landed = await landedSides(view, task, change.path);
  // While its agent works, the diff follows it.
  const isAtWork = task.stage.kind === 'running';
  const draft = isAtWork ? draftUri(view.state.start.run, task.task.id, change.path) : blobUri(session, change.path, change.after);
  const [before, after] = landed ?? [blobUri(session, change.path, change.before), draft];
  await vscode.commands.executeCommand('vscode.diff', before, after, `${change.path} (${task.task.title})`);
}

/** Of what has landed, the file as it was in the workspace before and after: its hunks are those that can be undone. */
async function landedSides({ session, state }: RunView, { task, stage, landing }: TaskState, path: string) {
  if (stage.kind !== 'landed' || landing === null) return undefined;
  const file = await changedFile(session.repo, landing, path);
  // What the agent changed may have been in the workspace before it landed: its own draft tells then.
  if (!file.ok) return undefined;
  const side = (name: 'before' | 'after') => {
    const of = { run: state.start.run, task: task.id, path: file.value.path, side: name };
    return blobUri(session, (name === 'before' ? file.value.from : null) ?? file.value.path, file.value[name], of);
  };
  return [side('before'), side('after')] as const;
}

async function showTask(node: TaskNode): Promise<void> {
  const changes = await changesOf(node);
  if (!changes.ok) return showFailure(changes.failure);
  if (changes.value.length === 0) {
    void notify('information', `Weft: “${node.task.task.title}” changed no files.`);
    return;
  }
  const files = changes.value.map((change) => sidesOf(node.view, change));
  await vscode.commands.executeCommand('vscode.changes', node.task.task.title, files);
}

/** The file itself, what it was, and what the agent made of it; a side that does not have it is left out. */
function sidesOf({ session }: RunView, { path, before, after }: Change): [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined] {
  const side = (entry: Change['before']) => (entry === null ? undefined : blobUri(session, path, entry));
  return [uriOf(session.place, path), side(before), side(after)];
}
