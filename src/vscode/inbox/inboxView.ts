/** The Inbox: all that waits for the person in the runs of this window's folders. Reads the runs; acts through commands alone. */
import * as vscode from 'vscode';
import type { Clock } from '../../domain/clock';
import { counted } from '../../domain/figures';
import { VIEWS } from '../names';
import type { RunsFeed } from '../runs/runsFeed';
import { type InboxNode, inboxItem, inboxKey, inboxNodes } from './inboxRows';

/** How long is left is drawn anew this often, in milliseconds. */
const AGE_MS = 30_000;

export function registerInboxView(feed: RunsFeed, clock: Clock): vscode.Disposable {
  const changed = new vscode.EventEmitter<undefined>();
  let nodes: readonly InboxNode[] = [];
  let drawn = '';
  const tree: vscode.TreeDataProvider<InboxNode> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => (node === undefined ? [...nodes] : []),
    getTreeItem: (node) => inboxItem(node, clock.now()),
  };
  const view = vscode.window.createTreeView(VIEWS.inbox, { treeDataProvider: tree });
  const update = async () => {
    nodes = inboxNodes(await feed.runs());
    view.badge = nodes.length === 0 ? undefined : { value: nodes.length, tooltip: `${counted(nodes.length, 'decision')} to make` };
    // Runs tell of every step: rows are drawn anew where one of them differs.
    const now = JSON.stringify(nodes.map((node) => [inboxKey(node), inboxItem(node, clock.now())]));
    if (now === drawn) return;
    drawn = now;
    changed.fire(undefined);
  };
  void update();
  const aging = setInterval(() => {
    if (view.visible && nodes.length > 0) void update();
  }, AGE_MS);
  return vscode.Disposable.from(
    view,
    changed,
    feed.onDidChange(() => void update()),
    new vscode.Disposable(() => clearInterval(aging)),
  );
}
