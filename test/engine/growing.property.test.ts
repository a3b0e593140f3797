/** Runs that grow while they go on: children, races, retries, stops and crashes, in any order; held to what a run promises. */
import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, integer, nat, property, record } from 'fast-check';
import type { Happening } from '../../src/domain/event';
import { type Plan, planSchema, type TaskId } from '../../src/domain/plan';
import { type RunState, reduce } from '../../src/domain/run';
import { type Child, childSchema } from '../../src/domain/spawn';
import { isIn, isOver, parentOf, type TaskState } from '../../src/domain/taskState';
import { lostRace, madeBy, racing, spawning } from '../../src/engine/offspring';
import { type Busy, type Decision, decide, type Limits } from '../../src/engine/scheduler';
import { checkSpawn } from '../../src/engine/spawnRules';
import { conflictOf, startOf } from '../support/run';

const LIMITS = { depth: 2, children: 4, perDepth: 6 };
/** A run that has not ended after so many steps never does. */
const STEPS = 3_000;
const BROKE = { kind: 'agent' as const, message: 'It broke.', fix: '' };

/** A call by which an agent asked for children; after a crash it is made again. */
interface Call {
  readonly call: string;
  readonly draft: null;
  readonly children: Child[];
}

/** A run and all that is under way for it, as the engine has it; `pick`: a number below another, that decides everything. */
class Simulation {
  state: RunState;
  readonly landings = new Map<TaskId, number>();
  private readonly happened: string[] = [];
  private readonly starting = new Set<TaskId>();
  private readonly ending = new Set<TaskId>();
  private readonly joining = new Map<TaskId, TaskId>();
  private landing: TaskId | undefined;
  private checking: readonly TaskId[] = [];
  /** Agents that are here: at work, or waiting for their children. */
  private readonly agents = new Set<TaskId>();
  private readonly calls = new Map<TaskId, Call>();
  private time = 1;
  private disturbed = 0;

  constructor(
    plan: Plan,
    private readonly limits: Limits,
    private readonly pick: (below: number) => number,
  ) {
    this.state = reduce(undefined, { ...startOf(plan), at: 0 });
  }

  /** To the end of the run. */
  drive(): void {
    for (let step = 0; !this.isOver; step++) {
      assert.ok(step < STEPS, `it never ends: ${this.happened.slice(-50).join(', ')}`);
      const decisions = decide(this.state, this.limits, this.busy());
      for (const decision of decisions) this.perform(decision);
      this.holdLimits();
      if (this.isOver) break;
      const possible = this.possible();
      assert.ok(decisions.length > 0 || possible.length > 0, `it stands still: ${this.happened.join(', ')}`);
      possible[this.pick(possible.length)]?.();
      this.disturb();
    }
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
      ending: this.ending,
      resting: new Set(),
    };
  }

  private emit(...happenings: Happening[]): void {
    for (const happening of happenings) {
      this.happened.push('task' in happening ? `${happening.type} ${happening.task}` : happening.type);
      if (happening.type === 'task.landed' || happening.type === 'task.joined')
        this.landings.set(happening.task, (this.landings.get(happening.task) ?? 0) + 1);
      this.state = reduce(this.state, { ...happening, at: this.time++ });
    }
  }

  private task(id: TaskId): TaskState {
    const task = this.state.tasks.get(id);
    assert.ok(task);
    return task;
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
      case 'land':
        // What changed nothing is in at once, whatever lands.
        if (this.task(decision.task).work.changeset === null) this.land(decision.task);
        else this.landing = decision.task;
        break;
      case 'check':
        this.checking = decision.tasks;
        break;
      case 'doom':
        this.emit({ type: 'task.doomed', task: decision.task, because: decision.because });
        break;
      case 'stop':
        this.stop(decision.task);
        break;
      case 'switch':
      case 'giveUp':
        assert.fail(`${decision.kind} ${decision.task}, and no breaker is open`);
        break;
      case 'finish':
        this.emit({ type: 'run.finished' });
        break;
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
    for (const id of this.agents) all.push(() => this.goOn(id));
    for (const [parent, child] of this.joining) all.push(() => this.join(parent, child));
    const { landing } = this;
    if (landing !== undefined) {
      all.push(() => {
        this.landing = undefined;
        this.land(landing);
      });
    }
    if (this.checking.length > 0) all.push(() => this.check());
    if (this.limits.conflicts === 'wait') {
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
    const task = this.task(id);
    for (const on of task.task.dependsOn) assert.ok(isIn(this.task(on).stage), `${id} starts before ${on} is in`);
    const calls = task.stage.kind === 'awaiting' || task.work.interrupted;
    this.emit({ type: 'task.started', task: id, base: 'c', draft: task.work.next?.draft ?? task.work.changeset });
    this.agents.add(id);
    // An agent whose process went makes its last call again; one that begins anew does not know it.
    const call = this.calls.get(id);
    if (calls && call !== undefined) this.spawn(id, call);
    else this.calls.delete(id);
  }

  /** An agent does something, or ends. */
  private goOn(id: TaskId): void {
    const { stage, work } = this.task(id);
    const draft = this.pick(2) === 0 ? null : `d${this.time}`;
    const turn = this.pick(8);
    if (this.ending.has(id)) this.end(id, { type: 'task.stopped', task: id, draft: null });
    // While it waits, it can only run out of time.
    else if (turn === 0) this.failOrRetry(id, work);
    else if (stage.kind === 'awaiting') return;
    else if (turn < 4) this.end(id, { type: 'task.done', task: id, summary: '', changeset: draft, changes: [] });
    else if (turn < 7) this.spawn(id, this.newCall(id));
  }

  private failOrRetry(id: TaskId, work: TaskState['work']): void {
    if (work.failures.length > 0 || this.pick(2) === 0) this.end(id, { type: 'task.failed', task: id, failure: BROKE, draft: null });
    else this.end(id, { type: 'task.retrying', task: id, failure: BROKE, draft: work.changeset, waitMs: 0, message: 'Again.' });
  }

  private end(id: TaskId, happening: Happening): void {
    this.agents.delete(id);
    this.ending.delete(id);
    this.emit(happening);
  }

  private newCall(id: TaskId): Call {
    const names = Array.from({ length: 1 + this.pick(3) }, (_, at) => `p${at}`);
    const children = names.map((name, at) =>
      childSchema.parse({
        name,
        title: name,
        instructions: `Do ${name} for ${id}.`,
        dependsOn: names.slice(0, at).filter(() => this.pick(3) === 0),
      }),
    );
    // A server may give each of an agent's calls the same id.
    return { call: `c${this.pick(2)}`, draft: null, children };
  }

  /** As an agent's run does it; a crash may cut it off anywhere. */
  private spawn(id: TaskId, call: Call): void {
    const before = madeBy(this.state, id, call);
    if (before.length === call.children.length && before.every(({ stage }) => isOver(stage))) return;
    if (!checkSpawn(this.state, this.task(id), call.children, before.length).ok) return;
    this.calls.set(id, call);
    const happenings = spawning(this.state, id, call);
    const isCutOff = this.pick(10) === 0;
    this.emit(...(isCutOff ? happenings.slice(0, this.pick(happenings.length)) : happenings));
    if (isCutOff) this.crash();
  }

  private join(parent: TaskId, child: TaskId): void {
    this.joining.delete(parent);
    if (this.task(child).stage.kind !== 'done' || this.task(parent).stage.kind !== 'awaiting') return;
    if (this.pick(8) === 0) this.emit({ type: 'task.failed', task: child, failure: BROKE, draft: null });
    else this.emit({ type: 'task.joined', task: child, before: 'c', after: `j${this.time}`, conflicts: [] });
  }

  private land(id: TaskId): void {
    const { stage, work } = this.task(id);
    if (stage.kind !== 'done' && stage.kind !== 'conflicted') return;
    if (stage.kind === 'done' && work.changeset !== null && this.pick(4) === 0) {
      const conflict = conflictOf('f');
      this.emit({ type: 'task.conflicted', task: id, conflict });
    } else this.emit({ type: 'task.landed', task: id, before: 'c', after: 'c' });
  }

  private check(): void {
    const tasks = this.checking;
    this.checking = [];
    for (const id of tasks) {
      const { stage, work } = this.task(id);
      if (stage.kind !== 'done') continue;
      if (this.pick(2) === 0) {
        this.land(id);
        continue;
      }
      const raced = [...this.state.tasks.values()].filter(({ origin }) => origin.kind === 'candidate' && origin.parent === id);
      const winner = raced.filter((one) => one.stage.kind === 'joined').at(-1);
      if (winner !== undefined && raced.some((one) => !isOver(one.stage)))
        this.emit({ type: 'task.passedOver', task: id, candidate: winner.task.id, failure: BROKE });
      else if (work.reworks.check >= 2) this.emit({ type: 'task.failed', task: id, failure: BROKE, draft: work.changeset });
      else this.emit({ type: 'task.reworked', task: id, why: 'check', next: { base: 'c', draft: work.changeset, message: 'Mend it.' } });
    }
  }

  /** Now and then the person stops something, or has it done again, or all of it goes. */
  private disturb(): void {
    const what = this.pick(60);
    if (what > 4 || this.disturbed > 6) return;
    this.disturbed++;
    const all = [...this.state.tasks.values()];
    const task = all[this.pick(all.length)];
    if (task === undefined) return;
    const { id } = task.task;
    const { kind } = task.stage;
    if (what < 2) {
      const isWritten = this.landing === id || this.checking.includes(id);
      if (this.agents.has(id) || this.starting.has(id) || kind === 'waiting' || kind === 'awaiting' || (kind === 'done' && !isWritten))
        this.stop(id);
    } else if (what === 2 && (kind === 'failed' || kind === 'stopped') && parentOf(task) === undefined && this.state.phase === 'running') {
      this.emit({ type: 'task.again', task: id });
    } else if (what === 3) this.crash();
    else if (what === 4 && this.pick(4) === 0) {
      this.emit({ type: 'run.stopping' });
      for (const at of [...this.agents, ...this.starting]) this.ending.add(at);
    }
  }

  /** Everything goes but the journal, and another process takes over. */
  private crash(): void {
    for (const set of [this.starting, this.ending, this.agents, this.joining]) set.clear();
    this.landing = undefined;
    this.checking = [];
    this.emit({ type: 'run.taken', pid: 2 });
  }

  private holdLimits(): void {
    const all = [...this.state.tasks.values()];
    const running = all.filter(({ task, stage }) => stage.kind === 'running' || this.starting.has(task.id));
    assert.ok(running.length <= this.limits.maxWorkers, `${running.length} at once`);
    for (const task of all) {
      assert.ok(task.depth <= LIMITS.depth);
      assert.ok(all.filter(({ origin }) => origin.kind === 'child' && origin.parent === task.task.id).length <= LIMITS.children);
      if (task.stage.kind === 'doomed') assert.ok(task.task.dependsOn.includes(task.stage.because));
    }
    for (let depth = 1; depth <= LIMITS.depth; depth++) assert.ok(all.filter((task) => task.depth === depth).length <= LIMITS.perDepth);
  }
}

const shapes = array(
  record({
    on: array(nat(5), { maxLength: 2 }),
    candidates: constantFrom(1, 1, 2, 3),
    pick: constantFrom('first' as const, 'best' as const),
    check: constantFrom(undefined, 'test'),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('a run that grows', () => {
  it('starts nothing too early, keeps its limits, forgets nothing, brings nothing in twice, and comes to an end', async () => {
    const limits = record({ maxWorkers: integer({ min: 1, max: 4 }), conflicts: constantFrom('wait' as const, 'leave' as const) });
    await check(
      property(shapes, limits, array(nat(5_039), { minLength: 50, maxLength: 400 }), (rows, limit, picks) => {
        const tasks = rows.map(({ on, candidates, pick, check: command }, at) => ({
          id: `t${at}`,
          title: `Task ${at}`,
          instructions: `Do ${at}.`,
          dependsOn: [...new Set(on.filter((one) => one < at))].map((one) => `t${one}`),
          candidates,
          pick,
          ...(command === undefined ? {} : { check: command }),
        }));
        let at = 0;
        const pick = (below: number) => ((picks[at++ % picks.length] ?? 0) + Math.floor(at / picks.length)) % Math.max(1, below);
        const run = new Simulation(planSchema.parse({ goal: 'A goal', tasks, limits: LIMITS }), limit, pick);
        run.drive();
        for (const task of run.state.tasks.values()) {
          const { id } = task.task;
          const { kind } = task.stage;
          assert.ok(
            isOver(task.stage) || (kind === 'conflicted' && (limit.conflicts === 'leave' || run.state.phase === 'finished')),
            `${id} is ${kind}`,
          );
          assert.ok((run.landings.get(id) ?? 0) <= 1, `${id} came in twice`);
          assert.equal(isIn(task.stage), task.origin.kind === 'candidate' ? kind === 'joined' : run.landings.has(id), `${id} is ${kind}`);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
