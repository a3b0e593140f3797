/** The Runs tree: run, its tasks, the files that each agent changed. Reads the runs; acts through commands alone. */
import { posix } from 'node:path';
import * as vscode from 'vscode';
import { changeWord } from '../domain/changes';
import type { Clock } from '../domain/clock';
import { isComplete } from '../domain/run';
import { COMMANDS, VIEWS } from './names';
import { changesOf, type FileNode, type ProblemNode, type RunNode, type TaskNode } from './nodes';
import type { RunsFeed } from './runsFeed';
import type { RunView } from './session';
import { taskIcon } from './taskIcon';
import { runTooltip, taskTooltip } from './tooltips';
import { counted, runText, shortened, stageCounts, taskText, waitsForPerson } from './wording';

type Node = RunNode | TaskNode | FileNode | ProblemNode;

/** Elapsed times are drawn anew this often while something runs, in milliseconds. */
const TICK_MS = 1_000;
/** A longer goal is cut: the tree would push out of sight how far the run is. */
const GOAL_LENGTH = 32;
/** Nothing can be read under it. */
const ICON_SCHEME = 'weft-icon';

export function registerRunsView(feed: RunsFeed, clock: Clock): vscode.Disposable {
  const tree = new RunsTree(feed, clock);
  const view = vscode.window.createTreeView(VIEWS.runs, { treeDataProvider: tree, showCollapseAll: true });
  let ticking: NodeJS.Timeout | undefined;
  const update = async () => {
    const runs = await feed.runs();
    const conflicts = runs.reduce((sum, { state }) => sum + stageCounts(state).conflicted, 0);
    view.badge = conflicts === 0 ? undefined : { value: conflicts, tooltip: `${counted(conflicts, 'conflict')} to decide` };
    const ticks = view.visible && runs.some((run) => run.life === 'running');
    if (ticks && ticking === undefined) ticking = setInterval(() => tree.redraw(), TICK_MS);
    if (!ticks) {
      clearInterval(ticking);
      ticking = undefined;
    }
    tree.redraw();
  };
  return vscode.Disposable.from(
    view,
    feed.onDidChange(() => void update()),
    view.onDidChangeVisibility(() => void update()),
    new vscode.Disposable(() => clearInterval(ticking)),
  );
}

class RunsTree implements vscode.TreeDataProvider<Node> {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  /** Runs that were seen at work: they stay open when they end. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly feed: RunsFeed,
    private readonly clock: Clock,
  ) {}

  redraw(): void {
    this.changed.fire(undefined);
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) return (await this.feed.runs()).map((view) => ({ kind: 'run', view }));
    if (node.kind === 'run') return [...node.view.state.tasks.values()].map((task) => ({ kind: 'task', view: node.view, task }));
    if (node.kind !== 'task') return [];
    const changes = await changesOf(node);
    if (!changes.ok) return [{ kind: 'problem', id: `${taskKey(node)}/problem`, message: changes.failure.message }];
    return changes.value.map((change) => ({ kind: 'file', view: node.view, task: node.task, change }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'run') return this.runItem(node);
    if (node.kind === 'task') return this.taskItem(node);
    return node.kind === 'file' ? fileItem(node) : problemItem(node);
  }

  /** Tooltips are made when they are asked for: most never are. */
  resolveTreeItem(item: vscode.TreeItem, node: Node): vscode.TreeItem {
    if (node.kind === 'run') item.tooltip = runTooltip(node.view, this.clock.now());
    if (node.kind === 'task') item.tooltip = taskTooltip(node, this.clock.now());
    return item;
  }

  private runItem({ view }: RunNode): vscode.TreeItem {
    const { state, life } = view;
    if (life === 'running') this.seen.add(state.start.run);
    const open = this.seen.has(state.start.run);
    const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
    const text = runText(state, life, this.clock.now());
    const description = several ? `${view.session.folder.name} · ${text}` : text;
    return {
      id: runKey(view),
      label: shortened(state.start.plan.goal, GOAL_LENGTH),
      description,
      iconPath: runIcon(view),
      contextValue: runContext(view),
      collapsibleState: open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
      accessibilityInformation: { label: `${state.start.plan.goal}, ${description}` },
    };
  }

  private taskItem(node: TaskNode): vscode.TreeItem {
    const { view, task } = node;
    const description = taskText(task, view.state, view.life, this.clock.now());
    return {
      id: taskKey(node),
      label: task.task.title,
      description,
      iconPath: taskIcon(task.stage, view.life),
      contextValue: taskContext(node),
      collapsibleState: hasDraft(node) ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
      accessibilityInformation: { label: `${task.task.title}, ${description}` },
    };
  }
}

function runKey({ session, state }: RunView): string {
  return `${session.folder.uri.toString()}/${state.start.run}`;
}

function taskKey({ view, task }: TaskNode): string {
  return `${runKey(view)}/${task.task.id}`;
}

function hasDraft({ task }: TaskNode): boolean {
  return task.work.changeset !== null;
}

/** `run.running` where this window can stop it, `run.elsewhere` where another process drives it, else `run.finished`. */
function runContext({ session, state, life }: RunView): string {
  if (life !== 'running') return 'run.finished';
  return session.live.has(state.start.run) ? 'run.running' : 'run.elsewhere';
}

/** `task.landed.draft`: the stage, and whether there are changes to look at. */
function taskContext(node: TaskNode): string {
  const elsewhere = runContext(node.view) === 'run.elsewhere' ? 'elsewhere.' : '';
  return `task.${elsewhere}${stageWord(node)}${hasDraft(node) ? '.draft' : ''}`;
}

/** Of a run that nobody drives any more, nothing can be stopped, and what did not land is a draft that was kept. */
function stageWord({ view, task: { stage } }: TaskNode): string {
  if (view.life === 'running') return stage.kind;
  if (stage.kind === 'done') return 'stopped';
  return stage.kind === 'waiting' || stage.kind === 'running' ? 'interrupted' : stage.kind;
}

function runIcon({ state, life }: RunView): vscode.ThemeIcon {
  const counts = stageCounts(state);
  if (life === 'running' && !waitsForPerson(state)) return new vscode.ThemeIcon('sync~spin');
  if (counts.conflicted > 0) return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  if (isComplete(state)) return new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'));
  if (counts.failed > 0) return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
  return new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('testing.iconSkipped'));
}

function fileItem(node: FileNode): vscode.TreeItem {
  const { view, task, change } = node;
  const folder = posix.dirname(change.path);
  const conflict = task.stage.kind === 'conflicted' && task.stage.conflict.files.some((file) => file.path === change.path);
  const word = conflict ? `${changeWord(change)}, in conflict` : changeWord(change);
  const description = folder === '.' ? word : `${folder} · ${word}`;
  return {
    id: `${taskKey({ kind: 'task', view, task })}/${change.path}`,
    label: posix.basename(change.path),
    description,
    // For the icon of its kind of file, without what others say of the workspace's file: this is the agent's.
    resourceUri: vscode.Uri.from({ scheme: ICON_SCHEME, path: `/${change.path}` }),
    iconPath: vscode.ThemeIcon.File,
    tooltip: `${change.path}: ${word}`,
    contextValue: 'file',
    command: { command: COMMANDS.showChange, title: 'Show Change', arguments: [node] },
    collapsibleState: vscode.TreeItemCollapsibleState.None,
    accessibilityInformation: { label: `${change.path}, ${word}` },
  };
}

function problemItem({ id, message }: ProblemNode): vscode.TreeItem {
  return { id, label: message, iconPath: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')) };
}
