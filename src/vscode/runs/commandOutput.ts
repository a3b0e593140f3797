/** What commands of a task's agent print, as a read-only document that follows them. */
import * as vscode from 'vscode';
import { addressOf, readTaskAddress, type TaskAddress } from '../address';
import { COMMANDS, OUTPUT_SCHEME } from '../names';
import type { Sessions } from '../session';
import { type TaskTarget, taskTarget } from '../targets';

/** Between two looks of an editor at what comes in many pieces. */
const FOLLOW_MS = 300;

const NOTHING =
  'No command of this task has printed anything in this window.\n\nWhat an agent was told of a command that ran before, or elsewhere, is in “Weft: Show Trace of Task”.\n';

export function registerCommandOutput(sessions: Sessions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  /** Ends following, by document. */
  const followed = new Map<string, () => void>();
  const unfollow = (uri: vscode.Uri) => {
    followed.get(uri.toString())?.();
    followed.delete(uri.toString());
  };
  return vscode.Disposable.from(
    changed,
    {
      dispose: () => {
        for (const end of followed.values()) end();
      },
    },
    vscode.workspace.registerTextDocumentContentProvider(OUTPUT_SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) => {
        const address = readTaskAddress(uri);
        if (address === undefined) return '';
        if (!followed.has(uri.toString()))
          followed.set(
            uri.toString(),
            follow(sessions, address, () => changed.fire(uri)),
          );
        return printedBy(sessions, address) ?? NOTHING;
      },
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => unfollow(uri)),
    vscode.commands.registerCommand(COMMANDS.showOutput, (row: unknown) => showOutput(sessions, row)),
  );
}

function printedBy(sessions: Sessions, { run, task }: TaskAddress): string | undefined {
  return sessions.driven(run)?.live.state.printed.get(task);
}

/** Tells of what is printed, not more often than anybody can read; the function that comes back ends that. */
function follow(sessions: Sessions, { run, task }: TaskAddress, tell: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const unread = sessions.driven(run)?.live.read((printed) => {
    if (printed !== task) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      tell();
    }, FOLLOW_MS);
  });
  return () => {
    clearTimeout(timer);
    unread?.();
  };
}

async function showOutput(sessions: Sessions, row: unknown): Promise<void> {
  const wanted = ({ view, task }: TaskTarget) => printedBy(sessions, { run: view.state.start.run, task: task.task.id }) !== undefined;
  const none = 'No command of an agent has printed anything in this window yet.';
  const target = await taskTarget(sessions, row, { wanted, title: 'Weft: Show Command Output', none, takeOnly: true });
  if (target === undefined) return;
  const { task } = target.task;
  const uri = addressOf(OUTPUT_SCHEME, `Output of ${task.id}.log`, { run: target.view.state.start.run, task: task.id });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
}
