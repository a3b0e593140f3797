/** A run and what is under way for it, played without doing any of it: everything that can come next, in any order, held to what a run promises. */
import assert from 'node:assert/strict';
import type { BreakerState, Happening } from '../../src/domain/event';
import type { Failure, FailureKind } from '../../src/domain/failure';
import type { Plan, TaskId } from '../../src/domain/plan';
import { openItems } from '../../src/domain/reduceInbox';
import { BUILT_IN_HEADS, type Role } from '../../src/domain/role';
import type { RunState } from '../../src/domain/run';
import { CONFLICTS } from '../../src/domain/settings';
import { isIn, isOver, parentOf, type TaskState } from '../../src/domain/taskState';
import type { ConflictDecision } from '../../src/engine/landing/conflicts';
import { afterFailure } from '../../src/engine/schedule/attempts';
import { afterAttempt } from '../../src/engine/schedule/breakers';
import { lostRace, madeBy, racing, spawning } from '../../src/engine/schedule/offspring';
import { type Busy, type Decision, decide, type Limits } from '../../src/engine/schedule/scheduler';
import { checkSpawn } from '../../src/engine/schedule/spawnRules';
import { agentOf, keyOf } from '../../src/engine/schedule/standIn';
import { addedByPerson } from './addedByPerson';
import { anyCall, type Call } from './anyCall';
import { deciding } from './deciding';
import { assertSound } from './invariants';
import { PlayedRecord } from './playedRecord';
import { type AtOnce, assertLimits, assertTimely } from './promises';
import { redCheck } from './redCheck';
import { conflictOf, startOf } from './run';

/** A run that has not ended after so many steps never does. */
const STEPS = 3_000;
const KINDS: readonly FailureKind[] = ['agent', 'timeout', 'crash', 'model', 'loop', 'auth', 'refused', 'input'];
/** Also that nobody answers in time: the agent goes on without. */
const ANSWERS = [{ kind: 'said', text: 'This.' }, { kind: 'denied', reason: 'No.' }, { kind: 'expired' }] as const;
const BROKE: Failure = { kind: 'agent', message: 'It broke.', fix: '' };

export interface Chance {
  /** Of eight times that an agent does something, in how many it fails, spawns, and is done; and of those that are left, asks. */
  readonly fails: number;
  readonly spawns: number;
  readonly isDone: number;
  readonly asks: number;
}

/** Whether an agent waits, and has given its place back. */
function isWaiting({ stage }: TaskState): boolean {
  return stage.kind === 'awaiting' || stage.kind === 'asking';
}

/** A run and all that is under way for it, as the engine has it; `pick`: a number below another, that decides everything. */
export class Simulation {
  readonly played: PlayedRecord;
  private readonly starting = new Set<TaskId>();
  private readonly ending = new Set<TaskId>();
  private readonly joining = new Map<TaskId, TaskId>();
  private readonly resting = new Set<TaskId>();
  private readonly settling = new Map<TaskId, ConflictDecision>();
  private readonly rows = new Map<string, Parameters<typeof afterAttempt>[0]>();
  private landing: TaskId | undefined;
  private checking: readonly TaskId[] = [];
  /** Agents that are here: at work, or waiting for their children, or for an answer. */
  private readonly agents = new Set<TaskId>();
  private readonly calls = new Map<TaskId, Call>();
  private disturbed = 0;
  private running: AtOnce | undefined;

  constructor(
    plan: Plan,
    private limits: Limits,
    private readonly pick: (below: number) => number,
    private readonly chance: Chance,
  ) {
    const conflicts = CONFLICTS[pick(CONFLICTS.length)] ?? 'ask';
    this.played = new PlayedRecord({ ...startOf(plan), attempts: 2, conflicts, at: 1 });
  }

  private get state(): RunState {
    return this.played.state;
  }

  /** To the end of the run. */
  drive(): void {
    for (let step = 0; !this.isOver; step++) {
      assert.ok(step < STEPS, `it never ends: ${this.played.happened.slice(-50).join(', ')}`);
      const busy = this.busy();
      const decisions = decide(this.state, this.limits, busy);
      const atWork = [...this.agents].filter((id) => !isWaiting(this.task(id)));
      for (const decision of decisions) assertTimely(this.state, decision, { busy, atWork: [...atWork, ...this.starting] });
      for (const decision of decisions) this.perform(decision);
      this.running = assertLimits(this.state, this.limits, this.starting, this.running);
      assertSound(this.state);
      if (this.isOver) break;
      const possible = this.possible();
      assert.ok(decisions.length > 0 || possible.length > 0, `it stands still: ${this.played.happened.join(', ')}`);
      possible[this.pick(possible.length)]?.();
      this.disturb();
    }
  }

  private get isPaused(): boolean {
    return this.state.phase === 'paused';
  }

  private get isOver(): boolean {
    return this.state.phase === 'finished';
  }

  private busy(): Busy {
    return {
      starting: this.starting,
      landing: this.landing,
      checking: new Set(this.checking),
      joining: new Set(this.joining.keys()),
      settling: new Set(this.settling.keys()),
      ending: this.ending,
      resting: this.resting,
    };
  }

  private emit(...happenings: Happening[]): void {
    this.played.emit(...happenings);
  }

  private task(id: TaskId): TaskState {
    return this.played.task(id);
  }

  private perform(decision: Decision): void {
    switch (decision.kind) {
      case 'start':
        this.starting.add(decision.task);
        break;
      case 'resume':
        if (this.agents.has(decision.task)) this.emit({ type: 'task.resumed', task: decision.task });
        else this.starting.add(decision.task);
        break;
      case 'race':
        this.emit(...racing(this.state, this.task(decision.task)));
        break;
      case 'choose':
        this.emit({ type: 'task.chosen', task: decision.task, candidate: decision.candidate });
        break;
      case 'lose':
        this.emit({ type: 'task.failed', task: decision.task, failure: lostRace(this.state, this.task(decision.task)), draft: null });
        break;
      case 'join':
        this.joining.set(decision.parent, decision.task);
        break;
      case 'switch':
        this.emit({ type: 'task.switched', task: decision.task, as: decision.as });
        break;
      case 'giveUp':
        this.emit({ type: 'task.failed', task: decision.task, failure: BROKE, draft: null });
        break;
      case 'land':
        // What changed nothing is in at once, whatever lands.
        if (this.task(decision.task).work.changeset === null) this.land(decision.task);
        else this.landing = decision.task;
        break;
      case 'check':
        this.checking = decision.tasks;
        break;
      case 'arbitrate':
      case 'rule':
      case 'settle':
      case 'leaveOpen':
        this.settling.set(decision.task, decision);
        break;
      case 'doom':
        this.emit({ type: 'task.doomed', task: decision.task, because: decision.because });
        break;
      case 'stop':
        this.stop(decision.task);
        break;
      case 'finish':
        this.emit({ type: 'run.finished' });
        break;
      case 'leave':
        throw new Error('These runs have no budgets.');
    }
  }

  private stop(id: TaskId): void {
    if (this.agents.has(id) || this.starting.has(id)) this.ending.add(id);
    else this.emit({ type: 'task.stopped', task: id, draft: null });
  }

  /** All that could come next; each does it. */
  private possible(): (() => void)[] {
    const all: (() => void)[] = [];
    for (const id of this.starting) all.push(() => this.begin(id));
    for (const id of this.resting) all.push(() => this.resting.delete(id));
    for (const [key, { state }] of this.state.breakers) if (state === 'open') all.push(() => this.turn(key, 'half-open'));
    if (this.isPaused) all.push(() => this.emit({ type: 'run.continued' }));
    for (const id of this.agents) all.push(() => this.goOn(id));
    for (const { id } of openItems(this.state))
      all.push(() => this.emit({ type: 'inbox.answered', item: id, answer: ANSWERS[this.pick(ANSWERS.length)] ?? ANSWERS[0] }));
    for (const [parent, child] of this.joining) all.push(() => this.join(parent, child));
    for (const decision of this.settling.values()) all.push(() => this.decideConflict(decision));
    const { landing } = this;
    if (landing !== undefined) {
      all.push(() => {
        this.landing = undefined;
        this.land(landing);
      });
    }
    if (this.checking.length > 0 && !this.isPaused) all.push(() => this.check());
    if (this.limits.undecided === 'wait') {
      for (const { task, stage } of this.state.tasks.values()) {
        if (stage.kind === 'conflicted' && stage.resolved.size === 0)
          all.push(() => this.emit({ type: 'task.resolved', task: task.id, path: 'f', entry: null }));
      }
    }
    return all;
  }

  private begin(id: TaskId): void {
    this.starting.delete(id);
    if (this.ending.delete(id)) {
      this.emit({ type: 'task.stopped', task: id, draft: null });
      return;
    }
    // It begins when the run goes on.
    if (this.isPaused) return;
    const task = this.task(id);
    for (const on of task.task.dependsOn) assert.ok(isIn(this.task(on).stage), `${id} starts before ${on} is in`);
    const calls = isWaiting(task) || task.work.interrupted;
    this.emit({ type: 'task.started', task: id, base: 'c', draft: task.work.next?.draft ?? task.work.changeset });
    this.agents.add(id);
    // An agent whose process went makes its last call again; one that begins anew does not know it.
    const call = this.calls.get(id);
    if (calls && call !== undefined) this.spawn(id, call);
    else this.calls.delete(id);
  }

  /** An agent does something, or ends. */
  private goOn(id: TaskId): void {
    const { fails, spawns, isDone } = this.chance;
    const changeset = this.pick(2) === 0 ? null : `d${this.played.time}`;
    const turn = this.pick(8);
    if (this.ending.has(id)) this.end(id, { type: 'task.stopped', task: id, draft: null });
    else if (turn < fails) this.fail(id);
    // While it waits, it can only break.
    else if (isWaiting(this.task(id))) return;
    else if (turn < fails + isDone) {
      const { key } = this.who(id);
      this.end(id, { type: 'task.done', task: id, summary: '', changeset, changes: [] });
      this.heard(key, undefined);
    } else if (turn < fails + isDone + spawns) this.spawn(id, anyCall(id, this.pick));
    else if (this.pick(8) < this.chance.asks && this.state.phase !== 'stopping') this.ask(id);
  }

  private fail(id: TaskId): void {
    const task = this.task(id);
    const kind = KINDS[this.pick(KINDS.length)] ?? 'agent';
    const failure = { ...BROKE, kind };
    const { key } = this.who(id);
    const draft = task.work.changeset;
    // It starts again when its children are over.
    if (kind === 'crash' && isWaiting(task)) this.agents.delete(id);
    else {
      const next = afterFailure(this.state, task, { failure, draft, told: undefined, random: 0 });
      if (next.kind === 'retry') {
        const { kind: _, ...attempt } = next;
        if (next.waitMs > 0) this.resting.add(id);
        this.end(id, { type: 'task.retrying', task: id, failure, draft, ...attempt });
      } else this.end(id, { type: 'task.failed', task: id, failure, draft });
    }
    this.heard(key, failure);
  }

  private who(id: TaskId): { readonly role: Role; readonly key: string } {
    const agent = agentOf(this.state.start, this.task(id));
    return { role: agent.role, key: keyOf(agent) };
  }

  private heard(key: string, failure: Failure | undefined): void {
    const next = afterAttempt(this.rows.get(key), this.state.breakers.get(key)?.state ?? 'closed', failure);
    this.rows.set(key, next.row);
    if (next.to !== undefined) this.turn(key, next.to.state);
  }

  private turn(key: string, state: BreakerState): void {
    this.emit({ type: 'run.breaker', key, state, why: 'It broke.', waitMs: 1 });
  }

  private end(id: TaskId, happening: Happening): void {
    this.agents.delete(id);
    this.ending.delete(id);
    this.emit(happening);
  }

  /** As an agent's run does it; a crash may cut it off anywhere. */
  private spawn(id: TaskId, call: Call): void {
    const before = madeBy(this.state, id, call);
    if (before.length === call.children.length && before.every(({ stage }) => isOver(stage))) return;
    if (!checkSpawn(this.state, this.task(id), { children: call.children, there: before.length }).ok) return;
    this.calls.set(id, call);
    const happenings = spawning(this.state, id, call, BUILT_IN_HEADS);
    const isCutOff = this.pick(10) === 0;
    this.emit(...(isCutOff ? happenings.slice(0, this.pick(happenings.length)) : happenings));
    if (isCutOff) this.crash();
  }

  /** Of what is asked alike there is one item. */
  private ask(id: TaskId): void {
    const key = `k${this.pick(2)}`;
    const item = openItems(this.state).find((one) => one.key === key)?.id ?? String(this.state.inbox.size + 1);
    const ask = { kind: 'question' as const, question: 'Which?', options: [] };
    const draft = this.task(id).work.changeset;
    this.emit({ type: 'inbox.asked', item, key, by: { task: id, call: `q${this.played.time}` }, draft, ask, seconds: null });
  }

  private join(parent: TaskId, child: TaskId): void {
    this.joining.delete(parent);
    if (this.task(child).stage.kind !== 'done' || this.task(parent).stage.kind !== 'awaiting') return;
    if (this.pick(8) === 0) this.emit({ type: 'task.failed', task: child, failure: BROKE, draft: null });
    else this.emit({ type: 'task.joined', task: child, before: 'c', after: `j${this.played.time}`, conflicts: [] });
  }

  private decideConflict(decision: ConflictDecision): void {
    this.settling.delete(decision.task);
    this.emit(...deciding(this.state, decision, this.pick));
  }

  private land(id: TaskId): void {
    const { stage, work } = this.task(id);
    if (this.isPaused || (stage.kind !== 'done' && stage.kind !== 'conflicted')) return;
    if (stage.kind === 'done' && work.changeset !== null && this.pick(4) === 0) {
      const conflict = conflictOf('f');
      this.emit({ type: 'task.conflicted', task: id, conflict });
    } else this.emit({ type: 'task.landed', task: id, before: 'c', after: 'c' });
  }

  private check(): void {
    const tasks = this.checking;
    this.checking = [];
    for (const id of tasks) {
      const task = this.task(id);
      if (task.stage.kind !== 'done') continue;
      if (this.pick(2) === 0) this.land(id);
      else this.emit(redCheck(this.state, task, BROKE));
    }
  }

  /** Now and then the person stops something, or has it done again, or all of it goes. */
  private disturb(): void {
    const what = this.pick(60);
    if (what > 7 || this.disturbed > 6) return;
    this.disturbed++;
    const all = [...this.state.tasks.values()];
    const task = all[this.pick(all.length)];
    if (task === undefined) return;
    const { id } = task.task;
    const { kind } = task.stage;
    if (what < 2) {
      const isWritten = this.landing === id || this.checking.includes(id);
      if (this.agents.has(id) || this.starting.has(id) || kind === 'waiting' || isWaiting(task) || (kind === 'done' && !isWritten))
        this.stop(id);
    } else if (what === 2 && (kind === 'failed' || kind === 'stopped') && parentOf(task) === undefined && this.state.phase === 'running') {
      this.resting.delete(id);
      this.rows.clear();
      this.emit({ type: 'task.again', task: id });
    } else if (what === 3) this.crash();
    else if (what === 5 && this.state.phase === 'running') this.emit({ type: 'run.paused' });
    else if (what === 7) this.limit();
    else if (what === 6 && this.state.phase === 'running') this.emit(addedByPerson(this.state, this.pick));
    else if (what === 4 && this.pick(4) === 0) {
      this.emit({ type: 'run.stopping', ...(this.pick(2) === 0 && { why: 'timeout' }) });
      for (const at of [...this.agents, ...this.starting]) this.ending.add(at);
    }
  }

  /** The person changes how many run at once. */
  private limit(): void {
    const { pools = {} } = this.limits;
    const maxWorkers = 1 + this.pick(6);
    const changed = Object.fromEntries(Object.keys(pools).map((role) => [role, 1 + this.pick(3)]));
    this.limits = { ...this.limits, maxWorkers, ...(this.limits.pools !== undefined && { pools: changed }) };
    this.emit({ type: 'run.limited', limits: { maxWorkers, pools: changed } });
  }

  /** Everything goes but the journal, and another process takes over. */
  private crash(): void {
    for (const set of [this.starting, this.ending, this.agents, this.joining, this.resting, this.settling, this.rows]) set.clear();
    this.landing = undefined;
    this.checking = [];
    this.emit({ type: 'run.taken', pid: 2 });
    if (this.isPaused) this.emit({ type: 'run.continued' });
  }
}
