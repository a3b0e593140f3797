/** The agents at work for a run: each begins, reports, and ends, and can be stopped on its way. */
import type { Entry } from '../agent/transcript';
import { type Failure, fail, never, ok, type Result, thrownText } from '../domain/failure';
import type { Task, TaskId } from '../domain/plan';
import { beginEntries, readBeginning } from './beginning';
import type { Family } from './family';
import type { Live } from './live';
import { tellOutcome } from './outcome';
import { isPaused } from './pausing';
import { roleOf } from './ranking';
import type { RunRecord } from './record';
import type { Reuse, Reused } from './reuse';
import { maySpawn } from './spawnRules';
import type { Transcripts } from './transcripts';
import type { Host, Job, Outcome, Report, Worker } from './worker';

export interface AgentsPorts {
  readonly record: RunRecord;
  readonly worker: Worker;
  readonly live: Live;
  readonly family: Family;
  readonly transcripts: Transcripts;
  /** Absent: everything is worked on anew. */
  readonly reuse: Reuse | undefined;
}

export class Agents {
  /** Those whose drafts are being prepared. */
  readonly starting = new Set<TaskId>();
  /** Those that were told to stop and have not ended. */
  readonly ending = new Set<TaskId>();
  /** Calls off what is under way for a task: preparing its draft, or its agent. */
  private readonly under = new Map<TaskId, AbortController>();
  /** Why what was said cannot be kept: without that, the agent cannot go on. */
  private readonly unkept = new Map<TaskId, Failure>();

  constructor(private readonly ports: AgentsPorts) {}

  /** Resolves when the agent has ended and the run was told how. `prepared`: the commit from which a draft begins now. */
  async start(id: TaskId, prepared: Promise<Result<string>>): Promise<void> {
    const { record } = this.ports;
    const agent = new AbortController();
    this.starting.add(id);
    this.under.set(id, agent);
    try {
      const base = await prepared;
      const reused = base.ok && !agent.signal.aborted ? await this.reused(id, base.value) : ok(undefined);
      this.starting.delete(id);
      const draft = record.state.tasks.get(id)?.work.changeset ?? null;
      if (agent.signal.aborted) record.emit({ type: 'task.stopped', task: id, draft });
      // It waits as before, and starts when the run goes on.
      else if (isPaused(record.state)) return;
      else if (!base.ok) record.emit({ type: 'task.failed', task: id, failure: base.failure, draft });
      else if (!reused.ok) record.emit({ type: 'task.failed', task: id, failure: reused.failure, draft });
      else if (reused.value !== undefined) record.emit(reused.value);
      else await this.work(id, base.value, agent.signal);
    } finally {
      this.starting.delete(id);
      this.under.delete(id);
      this.ending.delete(id);
    }
  }

  private async reused(id: TaskId, base: string): Promise<Result<Reused | undefined>> {
    const { record, reuse } = this.ports;
    const task = record.state.tasks.get(id);
    return task === undefined || reuse === undefined ? ok(undefined) : reuse(record.state, task, base);
  }

  /** Whether there is something under way that is stopped now. */
  stop(id: TaskId): boolean {
    const agent = this.under.get(id);
    if (agent === undefined) return false;
    this.ending.add(id);
    agent.abort();
    return true;
  }

  stopAll(): void {
    for (const id of this.under.keys()) this.stop(id);
  }

  private async work(id: TaskId, prepared: string, signal: AbortSignal): Promise<void> {
    const { record, live, worker, transcripts } = this.ports;
    const found = record.state.tasks.get(id);
    if (found === undefined) return;
    const { start, tasks } = record.state;
    const beginning = readBeginning(transcripts, found, tasks);
    if (!beginning.ok) {
      record.emit({ type: 'task.failed', task: id, failure: beginning.failure, draft: found.work.changeset });
      return;
    }
    const { base = prepared, draft, again, unpaid } = beginning.value;
    const { as } = found.work;
    const task: Task = { ...found.task, role: roleOf(found) };
    for (const entry of beginEntries(beginning.value, base)) this.keep(id, entry);
    record.emit({ type: 'task.started', task: id, base, ...(again === undefined ? {} : { draft }) });
    for (const usage of unpaid) record.emit({ type: 'task.turn', task: id, usage });
    const model = as?.model ?? found.task.model ?? start.model;
    const job: Job = { run: start.run, goal: start.plan.goal, task, model, base, maySpawn: maySpawn(record.state, found), again };
    const host: Host = {
      report: (said) => this.hear(id, base, said),
      spawn: (request) => this.ports.family.spawn(id, request, signal),
    };
    const ended = await worker(job, host, signal).catch((thrown: unknown): Outcome => brokenDown(task, thrown));
    const outcome = await this.ports.family.ended(id, ended);
    live.drop(id);
    const unkept = this.unkept.get(id);
    this.unkept.delete(id);
    if (unkept === undefined) tellOutcome(record, id, outcome);
    else
      record.emit({ type: 'task.failed', task: id, failure: unkept, draft: outcome.kind === 'done' ? outcome.changeset : outcome.draft });
  }

  private hear(id: TaskId, base: string, said: Report): void {
    const { record, live } = this.ports;
    switch (said.type) {
      case 'step':
        record.emit({ type: 'task.step', task: id, step: said.step });
        break;
      case 'said':
        this.keep(id, said.entry);
        break;
      case 'turn':
        record.emit({ type: 'task.turn', task: id, usage: said.usage });
        break;
      case 'draft':
        live.draft(id, { base, commit: said.commit, changes: said.changes });
        break;
      default:
        never(said);
    }
  }

  /** Without its transcript an agent cannot go on: where that cannot be written, it ends. */
  private keep(id: TaskId, entry: Entry): void {
    const kept = this.ports.transcripts.append(id, entry);
    if (kept.ok || this.unkept.has(id)) return;
    this.unkept.set(id, kept.failure);
    this.under.get(id)?.abort();
  }
}

/** A bug in a worker must cost this task, not what the other agents are doing. */
function brokenDown(task: Task, thrown: unknown): Outcome {
  const failure: Failure = fail(
    'agent',
    `The agent of “${task.title}” broke down: ${thrownText(thrown)}.`,
    'Dispatch the task again; if it goes on, report this.',
  ).failure;
  return { kind: 'failed', failure, draft: null };
}
