/** The workspace folders that Weft is at work in: their repositories, the runs of this window, and everybody else's. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type Clock, systemClock } from '../domain/clock';
import type { RunEvent } from '../domain/event';
import { fail, ok, type Result } from '../domain/failure';
import type { RunState } from '../domain/run';
import type { Live } from '../engine/agents/live';
import { beginRun } from '../engine/begin';
import { cachedReader, type Life, lifeOf, listRuns, notElsewhere } from '../engine/journal/library';
import { RunRecord } from '../engine/journal/record';
import type { ProjectReader } from '../engine/project/project';
import { type RecoveryPorts, type Settled, settledText, settleLeft } from '../engine/recovery';
import { resumeRun } from '../engine/resume';
import type { LiveRun } from '../engine/run';
import type { RunPorts, RunRequest } from '../engine/runRequest';
import type { Controls } from '../engine/steering/controls';
import { asItStands } from '../engine/steering/elsewhere';
import { systemTime } from '../model/time';
import type { Repository } from '../repo/repository';
import { isWorkspace, openWorkspace } from '../repo/spanning';
import type { Workspace } from '../repo/workspace';
import { lazyProjectReader } from './agents/projectReader';
import { notify, showFailure } from './messages';
import { settingsOf } from './models/model';
import { includeIn } from './snapshots/snapshotSettings';
import { type Place, placeOf } from './workspace/place';
import { vscodeWorkspace } from './workspace/workspace';

/** Who works on the tasks of a run, and who checks what they do. */
export type RunAgents = Pick<RunPorts, 'acts' | 'worker' | 'check' | 'hold' | 'budget' | 'traffic' | 'width' | 'reuse'>;

/** A run of this window; `ended` resolves when it has finished, or was left, and nothing of it is under way. */
export interface DrivenRun {
  readonly record: RunRecord;
  readonly ended: Promise<Result<RunState>>;
  /** What is to be seen of it beside its record. */
  readonly live: Live;
  /** What else the person does to it. */
  readonly controls: Controls;
  stop(): void;
  /** Leaves it to whoever takes it over. */
  leave(): void;
  stopTask(task: string): void;
  /** Has the agent of a task that is held go on from the workspace as it is now. */
  rework(task: string, signal: AbortSignal): Promise<Result<void>>;
}

/** What a workspace of all folders of the window is called. */
export const ALL_FOLDERS = 'All folders';

/** One workspace folder, or all of the window's together, and what runs there. */
export interface Session {
  /** Tells it from every other, in every window. */
  readonly id: string;
  /** For a person. */
  readonly name: string;
  /** Whose settings hold; undefined: the window's. */
  readonly folder: vscode.WorkspaceFolder | undefined;
  readonly place: Place;
  readonly repo: Repository;
  readonly workspace: Workspace;
  /** Reads what agents are told of the project. */
  readonly project: ProjectReader;
  /** Runs that this window drives, by id. */
  readonly live: ReadonlyMap<string, DrivenRun>;
}

/** A run as it stands now, whoever drives it. */
export interface RunView {
  readonly session: Session;
  readonly state: RunState;
  readonly life: Life;
}

interface OpenSession extends Session {
  readonly watcher: vscode.FileSystemWatcher;
}

export class Sessions implements vscode.Disposable {
  private readonly open = new Map<string, Promise<Result<OpenSession>>>();
  /** Runs of this window, by the session's id. */
  private readonly lives = new Map<string, Map<string, DrivenRun>>();
  private reading: ReturnType<typeof cachedReader> | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly happened = new vscode.EventEmitter<{ readonly session: Session; readonly event: RunEvent; readonly state: RunState }>();
  /** Runs, or snapshots, are not what they were: views read again. */
  readonly onDidChange = this.changed.event;
  /** Something happened in a run that this window drives, or acted on. */
  readonly onDidHappen = this.happened.event;

  private readonly closed = new AbortController();
  /** Aborts when the window closes: what nobody waits for ends then. */
  readonly closing = this.closed.signal;

  /** What is looked at first loads the engine: that waits until VS Code has been told that Weft is active. */
  private readonly active = new Promise<void>((resolve) => {
    setImmediate(resolve);
  });

  constructor(
    private readonly context: Pick<vscode.ExtensionContext, 'asAbsolutePath'>,
    readonly clock: Clock = systemClock,
  ) {}

  /** The session of a workspace folder; opens its repository the first time. Fails, and starts nothing, in an untrusted workspace. */
  of(folder: vscode.WorkspaceFolder): Promise<Result<Session>> {
    return this.ofAll([folder]);
  }

  /** As {@link of}, for several folders together: a run there spans them. */
  async ofAll(folders: readonly vscode.WorkspaceFolder[]): Promise<Result<Session>> {
    // git itself would run what such a folder configures.
    if (!vscode.workspace.isTrusted)
      return fail(
        'input',
        `The folder ${folders.map(({ name }) => name).join(', ')} is in Restricted Mode.`,
        'Trust the workspace, then try again.',
      );
    const key = folders
      .map(({ uri }) => uri.toString())
      .sort()
      .join('\n');
    await this.active;
    const known = this.open.get(key) ?? this.openSession(folders);
    this.open.set(key, known);
    const session = await known;
    // git may have been installed, or the folder repaired, before the next try.
    if (!session.ok) this.open.delete(key);
    return session;
  }

  /** The sessions of all folders of the window that can be opened, and the one of all together where there was a run in it. */
  async all(): Promise<Session[]> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
    if (!vscode.workspace.isTrusted) return [];
    await this.active;
    const spans = folders.length > 1 && (await isWorkspace(folders.map(({ uri }) => uri.fsPath)));
    const sessions = await Promise.all([...folders.map((folder) => this.of(folder)), ...(spans ? [this.ofAll(folders)] : [])]);
    // Two folders of the window may be one on disk.
    const found = new Map(sessions.flatMap((session) => (session.ok ? [[session.value.id, session.value] as const] : [])));
    return [...found.values()];
  }

  /** All runs of these folders, newest first. */
  async runs(): Promise<RunView[]> {
    const views: RunView[] = [];
    for (const session of await this.all()) {
      for (const state of (await listRuns(session.repo, this.reader())).runs) {
        const now =
          session.live.get(state.start.run)?.record.state ?? asItStands(state, { stateDir: session.repo.stateDir, read: this.reader() });
        views.push({ session, state: now, life: lifeOf(now) });
      }
    }
    return views.sort((a, b) => b.state.start.at - a.state.start.at);
  }

  private reader(): ReturnType<typeof cachedReader> {
    this.reading ??= cachedReader();
    return this.reading;
  }

  /** A run by its id; undefined where no folder of the window has it. */
  async find(run: string): Promise<RunView | undefined> {
    return (await this.runs()).find((view) => view.state.start.run === run);
  }

  /** A run that this window drives. */
  driven(run: string): DrivenRun | undefined {
    for (const live of this.lives.values()) {
      const found = live.get(run);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The sessions in which this window drives a run now. */
  async atWork(): Promise<Session[]> {
    const sessions = await Promise.all(this.open.values());
    return sessions.flatMap((session) => (session.ok && session.value.live.size > 0 ? [session.value] : []));
  }

  /** Takes the snapshot and starts the run, which goes on by itself. */
  async start(session: Session, request: RunRequest, agents: RunAgents, signal: AbortSignal): Promise<Result<DrivenRun>> {
    const settled = await this.settle(session);
    if (!settled.ok) return settled;
    const begun = await beginRun(request, { ...this.ports(session), ...agents }, signal);
    if (!begun.ok) return begun;
    const run = begun.value;
    run.record.listen((event, state) => this.tell(session, event, state));
    const driven = this.drive(session, run);
    this.tell(session, run.record.state.start, run.record.state);
    return ok(driven);
  }

  /** Takes over a run that was cut off, which goes on by itself. */
  async resume(session: Session, run: string, agents: RunAgents): Promise<Result<DrivenRun>> {
    const settled = await this.settle(session);
    if (!settled.ok) return settled;
    const listener = (event: RunEvent, state: RunState) => this.tell(session, event, state);
    const request = { run, undecided: 'wait' as const, paused: 'stay' as const, listener };
    const resumed = await resumeRun(request, { ...this.ports(session), ...agents }, this.closing);
    return resumed.ok ? ok(this.drive(session, resumed.value)) : resumed;
  }

  private drive(session: Session, run: LiveRun): DrivenRun {
    run.live.listen(() => this.changed.fire());
    const ended = run.drive().finally(() => {
      this.liveIn(session.id).delete(run.id);
      run.record.close();
      this.refresh();
    });
    const driven: DrivenRun = {
      record: run.record,
      ended,
      live: run.live,
      controls: run.controls,
      stop: () => run.stop(),
      leave: () => run.leave(),
      stopTask: (task) => run.stopTask(task),
      rework: (task, signal) => run.rework(task, signal),
    };
    this.liveIn(session.id).set(run.id, driven);
    return driven;
  }

  /** Adds to a run's record: the live one, or, where the run has ended, its journal's. Fails where another process drives the run. */
  async withRecord<T>(view: RunView, use: (record: RunRecord) => Promise<Result<T>>): Promise<Result<T>> {
    const { session, state } = view;
    const settled = await this.settle(session);
    if (!settled.ok) return settled;
    const live = session.live.get(state.start.run);
    if (live !== undefined) return use(live.record);
    const free = notElsewhere(state);
    if (!free.ok) return free;
    const record = RunRecord.open(session.repo.stateDir, state.start.run, this.clock);
    if (!record.ok) return record;
    record.value.listen((event, now) => this.tell(session, event, now));
    try {
      return await use(record.value);
    } finally {
      record.value.close();
    }
  }

  /** Makes whole again what was cut off in a folder, and tells the person. */
  async settle(session: Session): Promise<Result<void>> {
    const settled = await settleLeft(this.recovery(session), new AbortController().signal);
    return settled.ok ? ok() : settled;
  }

  private ports(session: Session) {
    return { ...this.recovery(session), project: session.project, time: systemTime, read: this.reader() };
  }

  /** What settles what was cut off in a folder, and tells the person. */
  recovery({ repo, workspace, live }: Session): RecoveryPorts {
    return { repo, workspace, clock: this.clock, openRecord: (run) => live.get(run)?.record, onSettled: tellSettled };
  }

  /** Has the views read everything again. */
  refresh(): void {
    this.changed.fire();
  }

  /** Leaves what this window drives to whoever takes it over; resolves when nothing of it is under way here. */
  async leaveAll(): Promise<void> {
    const all = [...this.lives.values()].flatMap((live) => [...live.values()]);
    for (const run of all) run.leave();
    await Promise.all(all.map((run) => run.ended));
  }

  dispose(): void {
    this.closed.abort();
    for (const opened of this.open.values()) {
      void opened.then((session) => {
        if (!session.ok) return;
        session.value.watcher.dispose();
        void session.value.repo.objects.dispose();
      });
    }
    this.changed.dispose();
    this.happened.dispose();
  }

  private async openSession(folders: readonly vscode.WorkspaceFolder[]): Promise<Result<OpenSession>> {
    const far = folders.find(({ uri }) => uri.scheme !== 'file');
    if (far !== undefined)
      return fail('input', `The folder ${far.name} is not on this machine's disk.`, 'Open a local folder, or one in a remote window.');
    const [first, ...more] = folders;
    const folder = more.length === 0 ? first : undefined;
    const repo = await openWorkspace(
      folders.map(({ uri }) => uri.fsPath),
      () => includeIn(folder),
    );
    if (!repo.ok) return repo;
    // What the CLI, or another window, does in this folder shows up in its journals.
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(repo.value.stateDir), 'runs/*/journal.jsonl'),
    );
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) event(() => this.changed.fire());
    const place = placeOf(folders, repo.value);
    const id = basename(repo.value.stateDir);
    const workspace = vscodeWorkspace(place);
    const name = folder?.name ?? ALL_FOLDERS;
    const project = lazyProjectReader(this.context, repo.value, () => settingsOf(folder).lessons !== 'off');
    const session = { id, name, folder, place, repo: repo.value, workspace, project, live: this.liveIn(id), watcher };
    const settled = await this.settle(session);
    // What cannot be settled is in the way of landings, and of nothing else.
    if (!settled.ok) void showFailure(settled.failure);
    return ok(session);
  }

  private liveIn(id: string): Map<string, DrivenRun> {
    const live = this.lives.get(id) ?? new Map<string, DrivenRun>();
    this.lives.set(id, live);
    return live;
  }

  private tell(session: Session, event: RunEvent, state: RunState): void {
    this.happened.fire({ session, event, state });
    this.changed.fire();
  }
}

function tellSettled(settled: Settled): void {
  void notify('warning', `Weft: ${settledText(settled)}`);
}
