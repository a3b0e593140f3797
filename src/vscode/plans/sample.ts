/** The sample: a copy of a small project in a temporary folder, opened in a window of its own, with a way to begin. */
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { listRunIds } from '../../engine/journal/journal';
import { copySample, isSample, SAMPLE_GOAL, SAMPLE_MODEL } from '../../repo/sample';
import { notify, showFailure } from '../messages';
import { COMMANDS } from '../names';
import type { Sessions } from '../session';

export function registerSample(context: vscode.ExtensionContext, sessions: Sessions): vscode.Disposable {
  const offer = async () => {
    if (await isFreshSample(sessions)) await offerSample();
  };
  void offer();
  return vscode.Disposable.from(
    vscode.commands.registerCommand(COMMANDS.trySample, async () => {
      if (await isFreshSample(sessions)) {
        await dispatchSample();
        return;
      }
      const opened = await openSample(context);
      if (!opened.ok) await showFailure(opened.failure);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void offer()),
  );
}

/** Whether this window shows a copy of the sample that nothing was run on yet. */
async function isFreshSample(sessions: Sessions): Promise<boolean> {
  const [folder, ...more] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined || more.length > 0 || !vscode.workspace.isTrusted) return false;
  if (folder.uri.scheme !== 'file') return false;
  const session = await sessions.of(folder);
  return session.ok && (await isSample(folder.uri.fsPath)) && (await listRunIds(session.value.repo.stateDir)).length === 0;
}

async function offerSample(): Promise<void> {
  const text = 'This is a copy of Weft’s sample: a small tea shop with work left to do, which agents can finish side by side.';
  await notify('information', text, [{ title: 'Dispatch the Sample', act: dispatchSample }]);
}

async function dispatchSample(): Promise<void> {
  await vscode.commands.executeCommand(COMMANDS.dispatch, SAMPLE_GOAL);
}

async function openSample(context: vscode.ExtensionContext): Promise<Result<void>> {
  let folder: string;
  try {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'weft-sample-')));
  } catch (thrown) {
    return fail('file', `There is no place for the sample: ${thrownText(thrown)}.`, 'Free some disk space, then try again.');
  }
  const copied = await copySample(vscode.Uri.joinPath(context.extensionUri, 'media').fsPath, folder, SAMPLE_MODEL);
  if (!copied.ok) return copied;
  // A window that shows nothing yet may as well show the sample.
  const forceNewWindow = vscode.workspace.workspaceFolders !== undefined;
  await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceNewWindow });
  return ok();
}
