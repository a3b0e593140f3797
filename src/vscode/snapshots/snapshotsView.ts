/** The Snapshots tree: what the folders can be rolled back to, newest first. */

import * as vscode from 'vscode';
import type { Clock } from '../../domain/clock';
import { ageText, counted, sizeText } from '../../domain/figures';
import { exactly } from '../../domain/inboxText';
import { listSnapshots, type Snapshot } from '../../repo/snapshot/snapshot';
import { VIEWS } from '../names';
import type { ProblemNode, SnapshotNode } from '../runs/nodes';
import { shortened } from '../runs/wording';
import type { Sessions } from '../session';
import { snapshotSizes } from './snapshotSizes';

type Node = SnapshotNode | ProblemNode;

/** Listing starts git, and runs tell of every step: it is done no more often than this, in milliseconds. */
const PAUSE_MS = 400;
/** Ages are drawn anew this often, in milliseconds. */
const AGE_MS = 30_000;
/** A longer label is cut: the tree would push its age out of sight. */
const LABEL_LENGTH = 28;
/** So many documents are named. */
const MAX_NAMED = 10;

export function registerSnapshotsView(sessions: Sessions, clock: Clock): vscode.Disposable {
  const changed = new vscode.EventEmitter<Node | undefined>();
  const sizes = snapshotSizes((node) => changed.fire(node));
  let listed: Promise<Node[]> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const list = async () => {
    listed ??= listAll(sessions);
    const nodes = await listed;
    sizes.measure(nodes.flatMap((node) => (node.kind === 'snapshot' ? [node] : [])));
    return nodes;
  };
  const tree: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => (node === undefined ? list() : []),
    getTreeItem: (node) => (node.kind === 'snapshot' ? snapshotItem(node, clock.now(), sizes.of(node)) : problemItem(node)),
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
    sizes,
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
  return node.kind === 'snapshot' ? `${node.session.id}/${node.snapshot.id}` : node.id;
}

async function listAll(sessions: Sessions): Promise<Node[]> {
  if (!vscode.workspace.isTrusted) return [];
  const nodes: Node[] = [];
  for (const session of await sessions.all()) {
    const snapshots = await listSnapshots(session.repo);
    if (snapshots.ok) nodes.push(...snapshots.value.map((snapshot): Node => ({ kind: 'snapshot', session, snapshot })));
    else nodes.push({ kind: 'problem', id: session.id, message: snapshots.failure.message });
  }
  return nodes.sort((a, b) => timeOf(b) - timeOf(a));
}

function timeOf(node: Node): number {
  return node.kind === 'snapshot' ? node.snapshot.at : Number.POSITIVE_INFINITY;
}

/** Why a snapshot was taken, as its picture and in words. */
const CAUSES: Readonly<Record<Snapshot['cause'], { readonly icon: string; readonly text: string }>> = {
  run: { icon: 'play-circle', text: 'Taken before a run.' },
  rollback: { icon: 'history', text: 'Taken before files went back: rolling back to it takes that back.' },
  hand: { icon: 'save-all', text: 'Taken by hand.' },
};

function snapshotItem(node: SnapshotNode, now: number, bytes: number | undefined): vscode.TreeItem {
  const { snapshot, session } = node;
  const unsaved = snapshot.unsaved.length + snapshot.untitled.length;
  const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const parts = [
    ...(several ? [session.name] : []),
    ageText(now - snapshot.at),
    ...(bytes === undefined ? [] : [sizeText(bytes)]),
    ...(unsaved > 0 ? [`${unsaved} unsaved`] : []),
  ];
  const description = parts.join(' · ');
  return {
    id: keyOf(node),
    label: shortened(snapshot.label, LABEL_LENGTH),
    description,
    iconPath: new vscode.ThemeIcon(CAUSES[snapshot.cause].icon),
    contextValue: 'snapshot',
    tooltip: tooltipOf(snapshot, bytes),
    accessibilityInformation: { label: `${snapshot.label}, ${description}` },
  };
}

function tooltipOf(snapshot: Snapshot, bytes: number | undefined): string {
  const { label, at, id, cause, unsaved, untitled, include, tooLarge } = snapshot;
  const lines = [label, `${new Date(at).toLocaleString()} · ${id}`, CAUSES[cause].text];
  if (bytes !== undefined)
    lines.push(
      `${sizeText(bytes)} on disk that neither the snapshots before and after it nor a branch have: about what deleting it gives back.`,
    );
  if (unsaved.length > 0) lines.push(`Unsaved text of ${counted(unsaved.length, 'file')}: ${namesOf(unsaved)}`);
  if (untitled.length > 0) lines.push(`${counted(untitled.length, 'text')} without a file: ${namesOf(untitled.map(({ name }) => name))}`);
  if (include.length > 0) lines.push(`Ignored files that are in it: ${include.map(exactly).join(', ')}`);
  if (tooLarge !== null) lines.push(`Too large to be in it: ${counted(tooLarge.count, 'ignored file')}, ${sizeText(tooLarge.bytes)}`);
  return lines.join('\n');
}

function namesOf(names: readonly string[]): string {
  return `${names.slice(0, MAX_NAMED).map(exactly).join(', ')}${names.length > MAX_NAMED ? ', …' : ''}`;
}

function problemItem({ id, message }: ProblemNode): vscode.TreeItem {
  return { id, label: message, iconPath: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')) };
}
