/** The agents at work for a run: each begins, reports, and ends, and can be stopped on its way. */
import type { Entry } from '../../agent/transcript';
import { cancelled, type Failure, fail, never, ok, type Result, thrownText } from '../../domain/failure';
import type { Task, TaskId } from '../../domain/plan';
import type { TaskState } from '../../domain/taskState';
import type { Time } from '../../model/time';
import type { Repository } from '../../repo/repository';
import type { Acts } from '../acts/acts';
import type { Inbox } from '../acts/inbox';
import type { Ledger } from '../budget/ledger';
import type { RunRecord } from '../journal/record';
import type { Transcripts } from '../journal/transcripts';
import { keepDraft } from '../landing/landing';
import type { Context } from '../project/project';
import { afterFailure } from '../schedule/attempts';
import { isPaused } from '../schedule/pausing';
import { roleOf } from '../schedule/ranking';
import type { Setbacks } from '../schedule/setbacks';
import { maySpawn, spawnsAtAll } from '../schedule/spawnRules';
import { agentOf, keyOf } from '../schedule/standIn';
import { limitAttempt } from '../schedule/timeLimit';
import { beginEntries, readBeginning } from './beginning';
import type { Family } from './family';
import type { Live } from './live';
import { outcomeOf, tellOutcome } from './outcome';
import { type Reuse, type Reused, toldHash } from './reuse';
import type { Host, Job, Outcome, Report, Worker } from './worker';

export interface AgentsPorts {
  readonly record: RunRecord;
  readonly worker: Worker;
  readonly live: Live;
  readonly family: Family;
  readonly acts: Acts;
  readonly inbox: Inbox;
  readonly transcripts: Transcripts;
  readonly context: Context;
  /** Absent: everything is worked on anew. */
  readonly reuse: Reuse | undefined;
  readonly repo: Repository;
  readonly time: Time;
  readonly setbacks: Pick<Setbacks, 'rests' | 'breakers'>;
  readonly ledger: Pick<Ledger, 'chargeTurn'>;
  /** Sees to what goes on by itself. */
  readonly run: (work: Promise<void>) => void;
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
      else await this.work(id, base.value, agent);
    } finally {
      // By now it may have begun again.
      if (this.under.get(id) === agent) this.forget(id);
    }
  }

  private async reused(id: TaskId, base: string): Promise<Result<Reused | undefined>> {
    const { record, reuse } = this.ports;
    const task = record.state.tasks.get(id);
    return task === undefined || reuse === undefined
      ? ok(undefined)
      : reuse({ state: record.state, task, base, told: toldHash(this.briefing(task)) });
  }

  /** All that the agent of a task is told beside it. */
  private briefing(task: TaskState): Pick<Job, 'goal' | 'project' | 'spawns' | 'offers' | 'role' | 'maySpawn'> {
    const { record, acts, context } = this.ports;
    const { start } = record.state;
    const about = { goal: start.plan.goal, project: context.text, spawns: spawnsAtAll(record.state), offers: acts.offers() };
    return { ...about, role: context.role(roleOf(task)), maySpawn: maySpawn(record.state, task) };
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

  private forget(id: TaskId): void {
    this.starting.delete(id);
    this.under.delete(id);
    this.ending.delete(id);
    this.unkept.delete(id);
  }

  private async work(id: TaskId, prepared: string, agent: AbortController): Promise<void> {
    const { record, worker, transcripts, family, acts, inbox, setbacks, ledger } = this.ports;
    const found = record.state.tasks.get(id);
    if (found === undefined) return;
    const { start, tasks } = record.state;
    const beginning = readBeginning(transcripts, found, tasks);
    if (!beginning.ok) {
      record.emit({ type: 'task.failed', task: id, failure: beginning.failure, draft: found.work.changeset });
      return;
    }
    const { base = prepared, draft, again, from, unpaid } = beginning.value;
    const task: Task = { ...found.task, role: roleOf(found) };
    for (const entry of beginEntries(beginning.value, base)) {
      // Where it is all that there is, nothing is lost without it.
      if (from === 'first') transcripts.prepare(id, entry);
      else this.keep(id, entry);
    }
    const briefing = this.briefing(found);
    record.emit({ type: 'task.started', task: id, base, ...(again === undefined ? {} : { draft }), told: toldHash(briefing) });
    for (const usage of unpaid) {
      record.emit({ type: 'task.turn', task: id, usage });
      ledger.chargeTurn(found, usage);
    }
    const { model } = agentOf(start, found);
    const job: Job = { ...briefing, run: start.run, task, model, base, again };
    acts.began(id);
    let isAtWork = true;
    const host: Host = {
      // What comes after its end is nobody's any more.
      report: (said) => isAtWork && this.hear(id, base, said),
      spawn: async (request) => (isAtWork ? family.spawn(id, request, agent.signal) : cancelled),
      act: async (request) => (isAtWork ? acts.act(id, request, agent.signal) : cancelled),
    };
    const limit = this.limit(task, agent);
    const working = async () => worker(job, host, agent.signal);
    const said = await working().catch((thrown: unknown) => this.brokenDown(task, thrown));
    isAtWork = false;
    limit.end();
    inbox.ended(id);
    const ended = await family.ended(id, said);
    const calledOff = this.ending.has(id) ? 'stopped' : (this.unkept.get(id) ?? limit.failure());
    const outcome = outcomeOf(ended, calledOff, record.state.tasks.get(id)?.stage);
    // First, for what begins again at once has all of it anew.
    this.forget(id);
    this.conclude(id, outcome, again?.message);
    if (outcome.kind !== 'stopped')
      setbacks.breakers.heard(keyOf(agentOf(start, found)), outcome.kind === 'failed' ? outcome.failure : undefined);
  }

  /** Calls an agent off when its time is over, which is the failure then. */
  private limit(task: Task, agent: AbortController): { readonly end: () => void; readonly failure: () => Failure | undefined } {
    const { record, time } = this.ports;
    let failure: Failure | undefined;
    const onOver = () => {
      failure = tooLong(task);
      agent.abort();
    };
    const end = limitAttempt(task.id, { record, time, seconds: task.timeoutSeconds, onOver });
    return { end, failure: () => failure };
  }

  /** A bug in a worker must cost this task, not what the other agents are doing; and of its draft at most what it had not told yet. */
  private async brokenDown({ id, title }: Task, thrown: unknown): Promise<Outcome> {
    const { live, repo, record } = this.ports;
    const draft = live.state.drafts.get(id)?.commit ?? null;
    const kept = draft === null ? ok() : await keepDraft(repo, record.state.start.run, id, draft);
    const { failure } = fail(
      'agent',
      `The agent of “${title}” broke down: ${thrownText(thrown)}.`,
      'Dispatch the task again; if it goes on, report this.',
    );
    return { kind: 'failed', failure, draft: kept.ok ? draft : null };
  }

  /** Tells the run how an agent ended, and whether another one follows. */
  private conclude(id: TaskId, outcome: Outcome, told: string | undefined): void {
    const { record, live, setbacks, run, time } = this.ports;
    live.drop(id);
    const found = record.state.tasks.get(id);
    if (outcome.kind === 'failed' && found !== undefined && record.state.phase !== 'stopping') {
      const { failure, draft } = outcome;
      // It goes on when its children are over, or what it asked is answered, as after a crash of everything.
      if (failure.kind === 'crash' && (found.stage.kind === 'awaiting' || found.stage.kind === 'asking')) return;
      if (failure.kind === 'budget' && found.stage.kind === 'running') {
        record.emit({ type: 'task.parked', task: id, failure, draft });
        return;
      }
      const next = afterFailure(record.state, found, { failure, draft, told, random: time.random() });
      if (next.kind === 'retry') {
        const { kind: _, ...attempt } = next;
        run(setbacks.rests.begin(id, attempt.waitMs));
        record.emit({ type: 'task.retrying', task: id, failure, draft, ...attempt });
        return;
      }
    }
    tellOutcome(record, id, outcome);
  }

  private hear(id: TaskId, base: string, said: Report): void {
    const { record, live } = this.ports;
    switch (said.type) {
      case 'step':
        // Which comes late: it waits for its children by now.
        if (record.state.tasks.get(id)?.stage.kind === 'running') record.emit({ type: 'task.step', task: id, step: said.step });
        break;
      case 'said':
        this.keep(id, said.entry);
        break;
      case 'turn':
        record.emit({ type: 'task.turn', task: id, usage: said.usage, ...(said.model === undefined ? {} : { model: said.model }) });
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

function tooLong({ title, timeoutSeconds }: Task): Failure {
  return fail(
    'timeout',
    `The agent of “${title}” took longer than the ${timeoutSeconds} s that it may.`,
    'Give the task more time (timeoutSeconds in its plan), or split it.',
  ).failure;
}
