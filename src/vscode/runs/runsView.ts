/** The Runs tree: run, its tasks, under each what was made for it and the files that its agent changed. Reads the runs; acts through commands alone. */
import * as vscode from 'vscode';
import type { Clock } from '../../domain/clock';
import type { TaskId } from '../../domain/plan';
import { ownTasks, type RunState, waitsForPerson } from '../../domain/run';
import type { TaskState } from '../../domain/taskState';
import { families } from '../../engine/schedule/offspring';
import { isPaused } from '../../engine/schedule/pausing';
import { VIEWS } from '../names';
import type { RunView } from '../session';
import { changesOf, type FileNode, liveOf, type ProblemNode, type RunNode, type TaskNode } from './nodes';
import type { RunsFeed } from './runsFeed';
import { fileItem, problemItem, runItem, runKey, taskItem, taskKey } from './runsRows';
import { runTooltip, taskTooltip } from './tooltips';

type Node = RunNode | TaskNode | FileNode | ProblemNode;

/** Elapsed times are drawn anew this often while something runs, in milliseconds. */
const TICK_MS = 1_000;

export function registerRunsView(feed: RunsFeed, clock: Clock): vscode.Disposable {
  const tree = new RunsTree(feed, clock);
  const view = vscode.window.createTreeView(VIEWS.runs, { treeDataProvider: tree, showCollapseAll: true });
  let ticking: NodeJS.Timeout | undefined;
  const update = async () => {
    const runs = await feed.runs();
    const ticks = view.visible && runs.some((run) => run.life === 'running' && !waitsForPerson(run.state) && !isPaused(run.state));
    if (ticks && ticking === undefined) ticking = setInterval(() => void tree.redraw(), TICK_MS);
    if (!ticks) {
      clearInterval(ticking);
      ticking = undefined;
    }
    await tree.redraw();
  };
  return vscode.Disposable.from(
    view,
    feed.onDidChange(() => void update()),
    view.onDidChangeVisibility(() => void update()),
    new vscode.Disposable(() => clearInterval(ticking)),
  );
}

/** A row, as VS Code knows it, and what it was last drawn as. */
interface Row {
  readonly node: RunNode | TaskNode;
  drawn: string;
}

class RunsTree implements vscode.TreeDataProvider<Node> {
  private readonly changed = new vscode.EventEmitter<Node[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  /** Runs that were seen at work: they stay open when they end. */
  private readonly seen = new Set<string>();
  /** Rows keep their identity, so that only those that differ are drawn anew: a tooltip would close under the mouse. */
  private readonly rows = new Map<string, Row>();
  private order = '';
  /** What was made for which task, by {@link RunState.waiters}, which is the same as long as no task joins the run. */
  private readonly families = new WeakMap<RunState['waiters'], ReadonlyMap<TaskId, readonly TaskState[]>>();

  constructor(
    private readonly feed: RunsFeed,
    private readonly clock: Clock,
  ) {}

  async redraw(): Promise<void> {
    const runs = await this.feed.runs();
    const order = runs.map(runKey).join('\n');
    if (order !== this.order) {
      this.order = order;
      this.rows.clear();
      this.changed.fire(undefined);
      return;
    }
    const differing = runs
      .flatMap((view) => [runNode(view), ...taskNodes(view, [...view.state.tasks.values()])])
      .flatMap((fresh) => this.renew(fresh) ?? []);
    if (differing.length > 0) this.changed.fire(differing);
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) return (await this.feed.runs()).map((view) => this.rowOf(runNode(view)).node);
    if (node.kind === 'run') return taskNodes(node.view, ownTasks(node.view.state)).map((task) => this.rowOf(task).node);
    if (node.kind !== 'task') return [];
    const made = taskNodes(node.view, this.madeFor(node)).map((task) => this.rowOf(task).node);
    const changes = await changesOf(node);
    if (!changes.ok) return [...made, { kind: 'problem', id: `${taskKey(node)}/problem`, message: changes.failure.message }];
    const files = changes.value.map((change): FileNode => ({ kind: 'file', view: node.view, task: node.task, change }));
    return [...made, ...files];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'file') return fileItem(node);
    if (node.kind === 'problem') return problemItem(node);
    const item = this.itemOf(node);
    this.rowOf(node).drawn = this.drawing(node, item);
    return item;
  }

  /** Tooltips are made when they are asked for: most never are. */
  resolveTreeItem(item: vscode.TreeItem, node: Node): vscode.TreeItem {
    if (node.kind === 'run') item.tooltip = runTooltip(node.view, this.clock.now());
    if (node.kind === 'task') item.tooltip = taskTooltip(node, this.clock.now());
    return item;
  }

  private itemOf(node: RunNode | TaskNode): vscode.TreeItem {
    if (node.kind === 'task') return taskItem(node, this.clock.now(), this.madeFor(node).length);
    const { life, state } = node.view;
    if (life === 'running') this.seen.add(state.start.run);
    return runItem(node, this.clock.now(), this.seen.has(state.start.run));
  }

  /** The row for a node, which from now on stands for what the node says. */
  private rowOf(fresh: RunNode | TaskNode): Row {
    const key = fresh.kind === 'run' ? runKey(fresh.view) : taskKey(fresh);
    const known = this.rows.get(key);
    if (known === undefined) {
      const row = { node: fresh, drawn: '' };
      this.rows.set(key, row);
      return row;
    }
    Object.assign(known.node, fresh);
    return known;
  }

  /** The node of a row that VS Code shows and that would look different now. */
  private renew(fresh: RunNode | TaskNode): Node | undefined {
    const row = this.rowOf(fresh);
    return row.drawn !== '' && row.drawn !== this.drawing(row.node, this.itemOf(row.node)) ? row.node : undefined;
  }

  /** What a row looks like, and what is under it: tasks, and of a running task its draft as it is now. */
  private drawing(node: RunNode | TaskNode, item: vscode.TreeItem): string {
    if (node.kind === 'run') return JSON.stringify([item, ownTasks(node.view.state).length]);
    return JSON.stringify([item, liveOf(node.view)?.drafts.get(node.task.task.id)?.commit, this.madeFor(node).length]);
  }

  /** What was made for a task: known anew only when a task has joined the run. */
  private madeFor({ view, task }: TaskNode): readonly TaskState[] {
    const { state } = view;
    const made = this.families.get(state.waiters) ?? families(state);
    this.families.set(state.waiters, made);
    return made.get(task.task.id)?.flatMap(({ task: { id } }) => state.tasks.get(id) ?? []) ?? [];
  }
}

function runNode(view: RunView): RunNode {
  return { kind: 'run', view };
}

function taskNodes(view: RunView, tasks: readonly TaskState[]): TaskNode[] {
  return tasks.map((task) => ({ kind: 'task', view, task }));
}
