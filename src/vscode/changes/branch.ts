/** Handing a run on as a branch of the person's repository. */
import * as vscode from 'vscode';
import { ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { exportRun } from '../../engine/history/export';
import { notify, saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { Sessions } from '../session';
import { runTarget } from '../targets';

/** A goal is longer than a branch's name should be. */
const NAME_LENGTH = 40;

export function registerBranch(sessions: Sessions): vscode.Disposable {
  return vscode.commands.registerCommand(COMMANDS.createBranch, async (row: unknown) => {
    if (!saysTrusted()) return;
    const done = await createBranch(sessions, row);
    if (!done.ok) await showFailure(done.failure);
  });
}

async function createBranch(sessions: Sessions, row: unknown): Promise<Result<void>> {
  const view = await runTarget(sessions, row, {
    wanted: ({ state }) => [...state.tasks.values()].some((task) => task.stage.kind === 'landed'),
    title: 'Weft: Create Branch from Run',
    none: 'No run has a task in the workspace that could be handed on.',
  });
  if (view === undefined) return ok();
  const branch = await vscode.window.showInputBox({
    title: 'Weft: Create Branch from Run',
    prompt: 'One commit for each landed task. The branch that is checked out stays as it is, and nothing is pushed.',
    value: `weft/${slugOf(view.state.start.plan.goal)}`,
    validateInput: (value) => (value.trim() === '' ? 'Give the branch a name.' : undefined),
  });
  if (branch === undefined) return ok();
  const edits = await vscode.window.showQuickPick(
    [
      { label: 'The agents’ work alone', description: 'on top of the commit that was checked out when the run began', withEdits: false },
      { label: 'With my own edits', description: 'made before and during the run, as commits of their own', withEdits: true },
    ],
    { title: `Weft: What goes into ${branch}?` },
  );
  if (edits === undefined) return ok();
  const wanted = { branch: branch.trim(), withEdits: edits.withEdits };
  const made = await withProgress(`Weft: creating ${branch}`, (signal) => exportRun(view.state, view.session.repo, wanted, signal));
  if (!made.ok) return made;
  const { name, commits, leftOut, ignored } = made.value;
  const also = [
    ...(leftOut.length === 0 ? [] : [` Left out, being in repositories of their own: ${leftOut.join(', ')}.`]),
    ...(ignored.length === 0 ? [] : [` Left out, being ignored by git: ${ignored.join(', ')}.`]),
  ].join('');
  void notify('information', `Weft: The branch ${name} has ${counted(commits.length, 'commit')} of this run.${also}`);
  return ok();
}

function slugOf(text: string): string {
  const words = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_LENGTH);
  return words.replaceAll(/^-+|-+$/g, '') || 'run';
}
