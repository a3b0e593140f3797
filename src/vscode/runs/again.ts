/** How a person wants a task worked on again. */
import * as vscode from 'vscode';
import { counted } from '../../domain/figures';
import { isReversal, type TaskState } from '../../domain/taskState';
import type { Again } from '../../engine/steering/kept';
import { shortened } from './wording';

const TITLE_LENGTH = 40;

/** Asks from where, where there is a choice, and for a hint; undefined where the person changed their mind. */
export async function askAgain(task: TaskState): Promise<Again | undefined> {
  const title = `Weft: Retry “${shortened(task.task.title, TITLE_LENGTH)}”`;
  const fresh = task.work.changeset === null ? false : await asksFresh(task, title);
  if (fresh === undefined) return undefined;
  const hint = await vscode.window.showInputBox({
    title,
    prompt: 'What should its agent know, or do otherwise? Leave it empty to let it find out.',
    placeHolder: 'The tests need the server of test/server.ts; do not change the schema',
    ignoreFocusOut: true,
  });
  return hint === undefined ? undefined : { fresh, hint: hint.trim() };
}

async function asksFresh({ work, stage }: TaskState, title: string): Promise<boolean | undefined> {
  const { length } = work.changes;
  const go = {
    label: 'Go On from Its Draft',
    description: length === 0 ? 'what its agent did is kept' : `${counted(length, 'changed file')} kept`,
    fresh: false,
  };
  const anew = { label: 'Begin Anew', description: 'from the workspace as it is, without its draft', fresh: true };
  // What is in conflict does not fit with the workspace: only a new beginning is sure to work.
  const choices = stage.kind === 'conflicted' && !isReversal(stage) ? [anew, go] : [go, anew];
  return (await vscode.window.showQuickPick(choices, { title, placeHolder: 'What its agent begins with' }))?.fresh;
}
