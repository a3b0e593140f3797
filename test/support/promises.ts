/** What a run promises, of every moment and of its end. */
import assert from 'node:assert/strict';
import { parseEvent, type RunEvent } from '../../src/domain/event';
import type { TaskId } from '../../src/domain/plan';
import type { Role } from '../../src/domain/role';
import { type RunState, reduce } from '../../src/domain/run';
import { isIn, isOver, type TaskState } from '../../src/domain/taskState';
import { roleOf } from '../../src/engine/schedule/ranking';
import type { Busy, Decision, Limits } from '../../src/engine/schedule/scheduler';
import { agentOf, keyOf } from '../../src/engine/schedule/standIn';

/** How deep tasks spawn, how many children they have, and how many there are at each depth. */
export const GROWTH = { depth: 2, children: 4, perDepth: 6 };

/** What is decided is due: not while the person holds the run, while a task rests, or while such agents are spared. `atWork`: or about to be. */
export function assertTimely(
  state: RunState,
  decision: Decision,
  { busy, atWork }: { readonly busy: Busy; readonly atWork: readonly TaskId[] },
): void {
  if (state.phase === 'paused') assert.ok(['doom', 'stop', 'finish'].includes(decision.kind), `${decision.kind} in a run that is held`);
  if (decision.kind !== 'start') return;
  assert.ok(!busy.resting.has(decision.task), `${decision.task} does not rest`);
  const key = keyAt(state, decision.task);
  const breaker = state.breakers.get(key)?.state;
  const isAlone = atWork.every((id) => keyAt(state, id) !== key);
  assert.ok(breaker === undefined || (breaker === 'half-open' && isAlone), `${decision.task} begins though ${key} is ${breaker}`);
}

function keyAt({ start, tasks }: RunState, id: TaskId): string {
  return keyOf(agentOf(start, tasks.get(id) as TaskState));
}

/** How many agents run at once: of all roles (''), and of each that has a limit. */
export type AtOnce = ReadonlyMap<Role | '', number>;

/** Limits hold at every moment: where they were lowered, those `before` may go on, and no others begin. */
export function assertLimits({ start, tasks }: RunState, limits: Limits, starting: ReadonlySet<TaskId>, before?: AtOnce): AtOnce {
  const all = [...tasks.values()];
  const running = all.filter(({ task, stage }) => stage.kind === 'running' || starting.has(task.id));
  const atOnce = new Map<Role | '', number>();
  for (const [role, most] of [['', limits.maxWorkers] as const, ...Object.entries(limits.pools ?? {})]) {
    const { length } = running.filter((task) => role === '' || roleOf(task) === role);
    assert.ok(length <= Math.max(most, before?.get(role) ?? 0), `${length} of ${role || 'all'} at once`);
    atOnce.set(role, length);
  }
  for (const task of all) {
    assert.ok(task.depth <= GROWTH.depth);
    assert.ok(all.filter(({ origin }) => origin.kind === 'child' && origin.parent === task.task.id).length <= GROWTH.children);
    const { attempts = start.attempts ?? 1, fallback = [] } = task.task;
    const others = new Set(fallback.map(({ role = task.task.role, model = task.task.model ?? start.model }) => `${role} ${model}`));
    const { failures } = task.work;
    // The first three ends of a process are nobody's attempts.
    const tried = failures.length - Math.min(3, failures.filter(({ kind }) => kind === 'crash').length);
    assert.ok(tried < attempts + others.size, `${task.task.id} was tried ${tried + 1} times`);
    if (task.stage.kind === 'doomed') assert.ok(task.task.dependsOn.includes(task.stage.because));
  }
  for (let depth = 1; depth <= GROWTH.depth; depth++) assert.ok(all.filter((task) => task.depth === depth).length <= GROWTH.perDepth);
  return atOnce;
}

export interface Ended {
  readonly state: RunState;
  readonly journal: readonly RunEvent[];
  /** How often each task came in: landed, or joined its parent. */
  readonly landings: ReadonlyMap<TaskId, number>;
}

/** What holds of every run that is over. */
export function assertEnded({ state, landings, journal }: Ended, { undecided }: Limits): void {
  for (const task of state.tasks.values()) {
    const { id } = task.task;
    const { kind } = task.stage;
    const isLeft = kind === 'conflicted' && (undecided === 'leave' || state.stopReason !== null);
    assert.ok(isOver(task.stage) || isLeft, `${id} is ${kind}`);
    assert.ok((landings.get(id) ?? 0) <= 1, `${id} came in twice`);
    assert.equal(
      isIn(task.stage),
      task.origin.kind === 'candidate' || task.origin.kind === 'arbiter' ? kind === 'joined' : landings.has(id),
      `${id} is ${kind}`,
    );
  }
  const read = journal.map((event) => parseEvent(JSON.stringify(event)) as RunEvent);
  assert.deepEqual(read.reduce<RunState | undefined>(reduce, undefined), state);
}
