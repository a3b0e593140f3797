/** The number of a run's agents as it adapts: looks at what they get done, now and then, while the run goes on. */
import { freemem, totalmem } from 'node:os';
import type { RunState } from '../../domain/run';
import { isIn } from '../../domain/taskState';
import type { Waiting } from '../../model/gate/rateGate';
import type { Time } from '../../model/time';
import type { RunRecord } from '../journal/record';
import { isPaused } from './pausing';
import { firstWidth, nextWidth, type Width } from './width';

/** What this machine has left of its memory, from 0 to 1. */
export function memoryLeft(): number {
  // macOS counts what it could have back at once as used: there, what this process takes is all that can be told.
  const left = process.platform === 'darwin' ? totalmem() - process.memoryUsage.rss() : freemem();
  return left / totalmem();
}

/** It looks so often, in milliseconds, and needs so many turns of each agent to tell what they get done. */
const LOOK_MS = 10_000;
const TURNS = 2;

export interface AdaptivePorts {
  readonly time: Pick<Time, 'elapsed' | 'wait'>;
  /** What the machine has left of its memory, from 0 to 1. */
  readonly memoryLeft: () => number;
  /** How many there are in the beginning. */
  readonly first: number;
}

export class AdaptiveWidth {
  private width: Width;
  private turns = 0;
  private since: number;
  private isFull = true;
  private isLimited = false;

  constructor(private readonly ports: AdaptivePorts) {
    this.width = firstWidth(ports.first);
    this.since = ports.time.elapsed();
  }

  /** So many agents at once, at most. */
  get most(): number {
    return this.width.most;
  }

  /** What waits before the model, and why. */
  hear(waiting: Waiting): void {
    if (waiting.kind === 'waits' && (waiting.why === 'limit' || waiting.why === 'overloaded')) this.isLimited = true;
  }

  /** Follows a run until the signal aborts; `onChange`: there may be more agents, or less. */
  async follow(record: RunRecord, onChange: () => void, signal: AbortSignal): Promise<void> {
    const { time } = this.ports;
    const unlisten = record.listen(({ type }) => {
      if (type === 'task.turn') this.turns += 1;
    });
    while (!signal.aborted) {
      await time.wait(LOOK_MS, signal);
      if (!signal.aborted && !isPaused(record.state) && this.look(record.state)) onChange();
    }
    unlisten();
  }

  /** Whether it has changed. */
  private look(state: RunState): boolean {
    const { most } = this.width;
    const now = this.ports.time.elapsed();
    const isEnough = this.turns >= TURNS * most;
    const turnsPerMinute = isEnough && now > this.since ? (60_000 * this.turns) / (now - this.since) : null;
    const full = isFull(state, most);
    const sample = { turnsPerMinute, isFull: this.isFull && full, isLimited: this.isLimited, memoryLeft: this.ports.memoryLeft() };
    this.width = nextWidth(this.width, sample, state.limits.maxWorkers);
    const hasChanged = this.width.most !== most;
    this.isLimited = false;
    // Turns of a time in which places were empty do not tell what more agents would get done.
    if (isEnough || hasChanged || !sample.isFull) {
      this.turns = 0;
      this.since = now;
      this.isFull = full;
    }
    return hasChanged;
  }
}

/** Whether somebody waits for a place who needs nothing else. A place may be empty for the moment that its next agent takes to begin. */
function isFull({ tasks }: RunState, most: number): boolean {
  let running = 0;
  let waits = false;
  for (const { stage, task } of tasks.values()) {
    if (stage.kind === 'running') running += 1;
    if (stage.kind === 'waiting' && task.dependsOn.every((id) => isIn(tasks.get(id)?.stage ?? stage))) waits = true;
  }
  return running >= most - 1 && waits;
}
