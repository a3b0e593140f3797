/** A few processes that many agents share: they begin with the first jobs, are used again, and end when nobody needs them. */
import { availableParallelism } from 'node:os';
import type { Host } from '../worker';
import { AgentsProcess, type Ending } from './agentsProcess';
import type { Assignment } from './protocol';

/** Agents wait for the model nearly all of the time: two processes keep both halves of a run alive when one dies, and more would only cost memory. */
const SIZE = Math.min(2, availableParallelism());
/** A process is asked for a sign of life so often. */
const LOOK_MS = 1_000;
/** So many may stay unanswered in a row: a process that reads a huge file, or waits for a busy machine, is none that hangs. */
const MISSED = 20;
/** A process that has no job is kept for so long. */
const IDLE_MS = 60_000;

export interface PoolOptions {
  /** The script that serves jobs. */
  readonly entry: string;
  readonly size?: number;
  readonly lookMs?: number;
  readonly missed?: number;
  readonly idleMs?: number;
}

export class Pool {
  private readonly options: Required<PoolOptions>;
  private readonly processes = new Set<AgentsProcess>();
  private readonly idle = new Map<AgentsProcess, NodeJS.Timeout>();
  private looking: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: PoolOptions) {
    this.options = { size: SIZE, lookMs: LOOK_MS, missed: MISSED, idleMs: IDLE_MS, ...options };
  }

  /** Runs a job in the process that has the fewest; in a new one, as long as there may be more and all have some. */
  async run(assignment: Assignment, host: Host, signal: AbortSignal): Promise<Ending> {
    if (this.closed) return { kind: 'lost', why: 'was not there any more: Weft is closing' };
    const chosen = this.choose();
    clearTimeout(this.idle.get(chosen));
    try {
      return await chosen.run(assignment, host, signal);
    } finally {
      if (chosen.load === 0 && chosen.isOpen) this.rest(chosen);
    }
  }

  /** Ends all processes; resolves when nothing of them is left. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.processes].map((one) => one.end()));
  }

  private choose(): AgentsProcess {
    const [least] = [...this.processes].filter((one) => one.isOpen).sort((a, b) => a.load - b.load);
    if (least !== undefined && (least.load === 0 || this.processes.size >= this.options.size)) return least;
    return this.begin();
  }

  private begin(): AgentsProcess {
    const { entry, lookMs, missed } = this.options;
    const begun = new AgentsProcess(entry);
    this.processes.add(begun);
    this.looking ??= setInterval(() => {
      for (const one of this.processes) one.look(missed, lookMs);
    }, lookMs).unref();
    void begun.ended.then(() => {
      clearTimeout(this.idle.get(begun));
      this.idle.delete(begun);
      this.processes.delete(begun);
      if (this.processes.size > 0) return;
      clearInterval(this.looking);
      this.looking = undefined;
    });
    return begun;
  }

  private rest(process: AgentsProcess): void {
    clearTimeout(this.idle.get(process));
    const timer = setTimeout(() => void process.end(), this.options.idleMs).unref();
    this.idle.set(process, timer);
  }
}
