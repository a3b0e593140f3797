/** A run, once it has begun, to its last event: decides, does, and reports; one readable loop. */
import type { StopReason } from '../domain/event';
import { type Failure, fail, never, ok, type Result, thrownText } from '../domain/failure';
import type { TaskId } from '../domain/plan';
import type { RunState } from '../domain/run';
import { chainNow } from '../repo/land/land';
import { Acts } from './acts/acts';
import { Inbox } from './acts/inbox';
import { Agents } from './agents/agents';
import { followRequests } from './agents/asking';
import { Family } from './agents/family';
import { Live } from './agents/live';
import { escalateBudgets } from './budget/escalation';
import { Ledger } from './budget/ledger';
import type { RunRecord } from './journal/record';
import { Transcripts } from './journal/transcripts';
import { Conflicts } from './landing/conflicts';
import { landNothing } from './landing/landing';
import { Landings } from './landing/landings';
import { reworkOf } from './landing/stale';
import { contextOf } from './project/project';
import type { LiveRequest, RunPorts } from './runRequest';
import { tellGivenUp } from './schedule/breakers';
import { type Rank, rankOf } from './schedule/ranking';
import { type Decision, decide } from './schedule/scheduler';
import { Setbacks } from './schedule/setbacks';
import { Controls } from './steering/controls';
import { hearWishes, perform } from './steering/wishes';

export class LiveRun {
  private readonly agents: Agents;
  private readonly family: Family;
  private readonly inbox: Inbox;
  /** What the person does to it while it goes on. */
  readonly controls: Controls;
  private readonly conflicts: Conflicts;
  private readonly landings: Landings;
  /** Parents into whose drafts a child's changes are being merged. */
  private readonly joining = new Set<TaskId>();
  private readonly setbacks: Setbacks;
  /** Calls off landings that have not begun to write, when the run is stopped. */
  private readonly whole = new AbortController();
  private readonly under = new Set<Promise<void>>();
  /** What is to be seen of it now, beside its record. */
  readonly live: Live;
  private wake: (() => void) | undefined;
  private stirred = false;
  private broken: Failure | undefined;
  private isLeft = false;
  /** Holds as long as no task joins the run. */
  private ranked: { readonly waiters: RunState['waiters']; readonly rank: Rank } | undefined;

  constructor(
    readonly record: RunRecord,
    private readonly request: LiveRequest,
    private readonly ports: RunPorts,
  ) {
    this.live = new Live(record.state.start.run, ports);
    const context = contextOf(request.project, record.state.start.plan);
    this.family = new Family(record, ports.repo, context.heads);
    const ledger = new Ledger(record, ports.budget);
    this.inbox = new Inbox({ record, time: ports.time });
    this.conflicts = new Conflicts(record, ports.repo);
    const ended = () => this.stir();
    this.landings = new Landings({ record, ports, inbox: this.inbox, onStale: request.onStale, signal: this.whole.signal, ended });
    const transcripts = new Transcripts(ports.repo.stateDir, record.state.start.run, ports.clock);
    const run = (work: Promise<void>) => this.run(work);
    this.setbacks = new Setbacks({ record, time: ports.time, run, stir: () => this.stir() });
    const { live, family, inbox, setbacks } = this;
    const acts = new Acts({ record, repo: ports.repo, inbox, live, acts: ports.acts });
    const own = { record, run, live, family, acts, inbox, setbacks, context };
    this.agents = new Agents({ ...ports, ...own, reuse: ports.reuse, transcripts, ledger });
    const { heads: roles } = context;
    const baseOf = family.baseOf.bind(family);
    this.controls = new Controls({ record, roles, live, inbox, hold: ports.hold, land: this.landings.landPorts(), baseOf });
  }

  get id(): string {
    return this.record.state.start.run;
  }

  /** Resolves when the run has finished, or was left, and nothing of it is under way. Failures of tasks are in the state; a failure here means that the journal could not be kept. */
  async drive(): Promise<Result<RunState>> {
    const unlisten = this.record.listen((event) => {
      this.stir();
      if (event.type === 'task.landed' || event.type === 'task.undone') this.live.stir();
    });
    this.inbox.begin();
    this.setbacks.begin(() => this.attempt(() => this.stop('timeout')));
    const over = new AbortController();
    const { record, inbox } = this;
    const unasked = this.request.limits.undecided === 'wait' ? escalateBudgets({ record, inbox }) : () => undefined;
    const unfollow = followRequests({ ...this.ports, record, live: this.live });
    const adapting = this.ports.width?.follow(this.record, () => this.stir(), over.signal);
    const deafen = hearWishes(this.ports.repo.stateDir, this.record.state, (wish, signal) => perform(this, wish, signal));
    while (this.record.state.phase !== 'finished' && this.broken === undefined && !this.isLeft) {
      this.stirred = false;
      this.attempt(() => this.perform(this.decide()));
      await this.next();
    }
    if (this.isLeft) await this.landed();
    this.setbacks.close();
    this.inbox.close();
    this.agents.stopAll();
    await Promise.all(this.under);
    over.abort();
    await Promise.all([this.live.close(), deafen(), adapting]);
    unlisten();
    unfollow();
    unasked();
    return this.broken === undefined ? ok(this.record.state) : { ok: false, failure: this.broken };
  }

  /** Stops everything: requests in flight are aborted, what agents did is kept, nothing new starts. */
  stop(why: StopReason = 'person'): void {
    const { phase } = this.record.state;
    if (phase === 'stopping' || phase === 'finished') return;
    this.record.emit({ type: 'run.stopping', ...(why === 'person' ? {} : { why }) });
    this.whole.abort();
    this.landings.callOff();
    this.agents.stopAll();
  }

  /** Leaves the run as a crash would, for whoever takes it over: what is being landed comes to its end, and nothing is put on record after that. */
  leave(): void {
    this.isLeft = true;
    this.stir();
  }

  private async landed(): Promise<void> {
    while (this.landings.isWriting) {
      this.stirred = false;
      await this.next();
    }
    this.record.freeze();
    this.whole.abort();
    this.landings.callOff();
  }

  /** Stops one task; tasks that depend on it are doomed, the others go on. */
  stopTask(task: TaskId): void {
    if (this.agents.stop(task)) return;
    if (this.canStop(task)) {
      const draft = this.record.state.tasks.get(task)?.work.changeset ?? null;
      this.record.emit({ type: 'task.stopped', task, draft });
      this.landings.callOffIfIdle();
    }
  }

  /** Has the agent of a task that is held go on from the workspace as it is now. Fails where its work is in conflict with it. */
  async rework(id: TaskId, signal: AbortSignal): Promise<Result<void>> {
    const { start, tasks } = this.record.state;
    const task = tasks.get(id);
    if (task?.stage.kind !== 'held' || task.stage.item !== null)
      return fail('input', 'The task does not wait for a decision.', 'Look at the Runs view for what it does.');
    const rework = await reworkOf(this.landings.landPorts(), start.run, task, { files: task.work.stale, signal });
    if (!rework.ok) return rework;
    if (rework.value === undefined)
      return fail('input', `“${task.task.title}” is in conflict with the workspace.`, 'Land it: the conflict opens for you to decide.');
    if (this.record.state.tasks.get(id)?.stage.kind === 'held') this.landings.sendBack(id, 'stale', rework.value);
    return ok();
  }

  /** Whether no agent is at work on a task, but something is to come of it: it waits to start, for its candidates, to be checked, or to land. */
  private canStop(task: TaskId): boolean {
    const kind = this.record.state.tasks.get(task)?.stage.kind;
    return kind === 'waiting' || kind === 'awaiting' || kind === 'asking' || (kind === 'done' && !this.landings.isAt(task));
  }

  private decide(): Decision[] {
    const { state } = this.record;
    if (this.ranked?.waiters !== state.waiters) this.ranked = { waiters: state.waiters, rank: rankOf(state, this.request.estimates) };
    const busy = {
      starting: this.agents.starting,
      ...this.landings.busy,
      joining: this.joining,
      settling: this.conflicts.settling,
      ending: this.agents.ending,
      resting: this.setbacks.rests,
    };
    const maxWorkers = Math.min(state.limits.maxWorkers, this.ports.width?.most ?? state.limits.maxWorkers);
    return decide(state, { ...this.request.limits, ...state.limits, maxWorkers }, busy, this.ranked.rank);
  }

  private perform(decisions: readonly Decision[]): void {
    // Tasks that start together begin from the same look at the workspace.
    let base: Promise<Result<string>> | undefined;
    const ground = () => {
      base ??= this.baseNow();
      return base;
    };
    for (const decision of decisions) {
      switch (decision.kind) {
        case 'start':
          this.run(this.agents.start(decision.task, this.baseOf(decision.task) ?? ground()));
          break;
        case 'resume':
          this.resume(decision.task);
          break;
        case 'race':
          this.family.race(decision.task);
          break;
        case 'choose':
          this.record.emit({ type: 'task.chosen', task: decision.task, candidate: decision.candidate });
          break;
        case 'lose':
          this.family.lose(decision.task);
          break;
        case 'join':
          this.run(this.join(decision.task, decision.parent));
          break;
        case 'switch':
          this.record.emit({ type: 'task.switched', task: decision.task, as: decision.as });
          break;
        case 'giveUp':
          tellGivenUp(this.record, decision.task);
          break;
        case 'arbitrate':
        case 'rule':
        case 'settle':
        case 'leaveOpen':
          this.run(this.conflicts.perform(decision));
          break;
        case 'land':
          if (!landNothing(this.record, decision.task)) this.run(this.landings.land(decision.task));
          break;
        case 'check':
          this.run(this.landings.checkAndLand(decision.tasks));
          break;
        case 'doom':
          this.record.emit({ type: 'task.doomed', task: decision.task, because: decision.because });
          break;
        case 'stop':
          if (!this.agents.stop(decision.task)) {
            const draft = this.record.state.tasks.get(decision.task)?.work.changeset ?? null;
            this.record.emit({ type: 'task.stopped', task: decision.task, draft });
          }
          break;
        case 'leave':
          this.leave();
          break;
        case 'finish':
          this.record.emit({ type: 'run.finished' });
          break;
        default:
          never(decision);
      }
    }
  }

  /** The agent of a task whose children are over, or that has its answer, goes on; where its process went meanwhile, it starts again, and finds them. */
  private resume(id: TaskId): void {
    const base = this.record.state.tasks.get(id)?.work.base ?? '';
    if (this.family.isWaiting(id)) this.family.resume(id);
    else if (this.inbox.isWaiting(id)) this.inbox.resume(id);
    else this.run(this.agents.start(id, Promise.resolve(ok(base))));
  }

  /** Where a child's draft begins; undefined where a task is none. */
  private baseOf(id: TaskId): Promise<Result<string>> | undefined {
    const task = this.record.state.tasks.get(id);
    const base = task && this.family.baseOf(task);
    return base === undefined ? undefined : Promise.resolve(ok(base));
  }

  private async join(id: TaskId, parent: TaskId): Promise<void> {
    this.joining.add(parent);
    try {
      await this.family.join(id);
    } finally {
      this.joining.delete(parent);
      this.stir();
    }
  }

  /** The snapshot as long as nothing has landed, then the workspace as it is. */
  private async baseNow(): Promise<Result<string>> {
    const { start, tasks } = this.record.state;
    // What landed and changed nothing has no commit of its own.
    const fresh = [...tasks.values()].every(({ landing }) => landing === null || landing.before === landing.after);
    return fresh ? ok(start.commit) : chainNow(this.landings.landPorts(), start.run, this.whole.signal);
  }

  private run(work: Promise<void>): void {
    const settled = work
      .catch((thrown: unknown) => this.fall(thrown))
      .finally(() => {
        this.under.delete(settled);
        this.stir();
      });
    this.under.add(settled);
  }

  private attempt(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.fall(thrown);
    }
  }

  /** A journal that cannot be written, or a bug: nothing more is started, and the person is told. */
  private fall(thrown: unknown): void {
    this.broken ??= fail(
      'file',
      `The run cannot go on: ${thrownText(thrown)}.`,
      'What landed stays; its snapshot can be rolled back to.',
    ).failure;
    this.whole.abort();
    this.landings.callOff();
    this.stir();
  }

  private stir(): void {
    this.stirred = true;
    this.wake?.();
  }

  private next(): Promise<void> {
    if (this.stirred) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}
