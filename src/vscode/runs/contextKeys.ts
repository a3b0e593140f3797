/** Keeps the context keys up by which menus, and the command palette, offer what can be done at all. */
import * as vscode from 'vscode';
import { waitingIn } from '../../domain/waiting';
import { CONTEXT } from '../names';
import type { RunView } from '../session';
import type { RunsFeed } from './runsFeed';
import { stageCounts } from './wording';

type Key = (typeof CONTEXT)[keyof typeof CONTEXT];

export function registerContextKeys(feed: RunsFeed): vscode.Disposable {
  const last = new Map<Key, boolean>();
  const update = async () => {
    for (const [key, holds] of contextOf(await feed.runs())) {
      if (last.get(key) === holds) continue;
      last.set(key, holds);
      await vscode.commands.executeCommand('setContext', key, holds);
    }
  };
  void update();
  return feed.onDidChange(() => void update());
}

function contextOf(runs: readonly RunView[]): Map<Key, boolean> {
  return new Map<Key, boolean>([
    [CONTEXT.runs, runs.length > 0],
    [CONTEXT.running, runs.some(({ life }) => life === 'running')],
    [CONTEXT.waiting, runs.some(({ state }) => waitingIn(state).length > 0)],
    [CONTEXT.conflicts, runs.some(({ state }) => stageCounts(state).conflicted > 0)],
  ]);
}
