/** The Snapshots tree: what the folders can be rolled back to, newest first. */
import * as vscode from 'vscode';
import type { Clock } from '../domain/clock';
import { listSnapshots } from '../repo/snapshot';
import { VIEWS } from './names';
import type { ProblemNode, SnapshotNode } from './nodes';
import type { Sessions } from './session';
import { ageText, counted, shortened } from './wording';

type Node = SnapshotNode | ProblemNode;

/** Listing starts git, and runs tell of every step: it is done no more often than this, in milliseconds. */
const PAUSE_MS = 400;
/** Ages are drawn anew this often, in milliseconds. */
const AGE_MS = 30_000;
/** A longer label is cut: the tree would push its age out of sight. */
const LABEL_LENGTH = 28;

export function registerSnapshotsView(sessions: Sessions, clock: Clock): vscode.Disposable {
  const changed = new vscode.EventEmitter<undefined>();
  let listed: Promise<Node[]> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const list = () => {
    listed ??= listAll(sessions);
    return listed;
  };
  const tree: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => (node === undefined ? list() : []),
    getTreeItem: (node) => (node.kind === 'snapshot' ? snapshotItem(node, clock.now()) : problemItem(node)),
  };
  const view = vscode.window.createTreeView(VIEWS.snapshots, { treeDataProvider: tree });
  const reread = () => {
    timer ??= setTimeout(async () => {
      timer = undefined;
      const before = await listed;
      listed = undefined;
      // Nobody looks: it is listed when somebody does.
      if (!view.visible || ids(await list()) !== ids(before)) changed.fire(undefined);
    }, PAUSE_MS);
  };
  const aging = setInterval(() => {
    if (view.visible) changed.fire(undefined);
  }, AGE_MS);
  return vscode.Disposable.from(
    view,
    changed,
    sessions.onDidChange(reread),
    vscode.workspace.onDidChangeWorkspaceFolders(reread),
    vscode.workspace.onDidGrantWorkspaceTrust(reread),
    new vscode.Disposable(() => {
      clearTimeout(timer);
      clearInterval(aging);
    }),
  );
}

function ids(nodes: readonly Node[] = []): string {
  return nodes.map(keyOf).join('\n');
}

function keyOf(node: Node): string {
  return node.kind === 'snapshot' ? `${node.session.folder.uri.toString()}/${node.snapshot.id}` : node.id;
}

async function listAll(sessions: Sessions): Promise<Node[]> {
  if (!vscode.workspace.isTrusted) return [];
  const nodes: Node[] = [];
  for (const session of await sessions.all()) {
    const snapshots = await listSnapshots(session.repo);
    if (snapshots.ok) nodes.push(...snapshots.value.map((snapshot): Node => ({ kind: 'snapshot', session, snapshot })));
    else nodes.push({ kind: 'problem', id: session.repo.root, message: snapshots.failure.message });
  }
  return nodes.sort((a, b) => timeOf(b) - timeOf(a));
}

function timeOf(node: Node): number {
  return node.kind === 'snapshot' ? node.snapshot.at : Number.POSITIVE_INFINITY;
}

function snapshotItem(node: SnapshotNode, now: number): vscode.TreeItem {
  const { snapshot, session } = node;
  const unsaved = snapshot.unsaved.length + snapshot.untitled.length;
  const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const parts = [...(several ? [session.folder.name] : []), ageText(now - snapshot.at), ...(unsaved > 0 ? ['with unsaved text'] : [])];
  const description = parts.join(' · ');
  return {
    id: keyOf(node),
    label: shortened(snapshot.label, LABEL_LENGTH),
    description,
    iconPath: new vscode.ThemeIcon('git-commit'),
    contextValue: 'snapshot',
    tooltip: tooltipOf(node),
    accessibilityInformation: { label: `${snapshot.label}, ${description}` },
  };
}

function tooltipOf({ snapshot }: SnapshotNode): string {
  const unsaved = [...snapshot.unsaved, ...snapshot.untitled.map(({ name }) => name)];
  const lines = [snapshot.label, new Date(snapshot.at).toLocaleString(), snapshot.id];
  if (unsaved.length > 0) lines.push(`Unsaved text in ${counted(unsaved.length, 'document')}: ${unsaved.slice(0, 10).join(', ')}`);
  return lines.join('\n');
}

function problemItem({ id, message }: ProblemNode): vscode.TreeItem {
  return { id, label: message, iconPath: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')) };
}
