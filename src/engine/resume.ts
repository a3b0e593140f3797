/** Taking a run over whose process went: its journal says where it stands, and it is driven on from there. */
import { type Budget, WHOLE_RUN } from '../domain/budget';
import type { RunEvent } from '../domain/event';
import { type Failure, fail, ok, type Result } from '../domain/failure';
import type { RunState } from '../domain/run';
import { readChains } from '../repo/history/chain';
import { birthFact } from '../repo/process';
import type { Repository } from '../repo/repository';
import { raising } from './budget/raising';
import { journalFile, journalText, readJournal } from './journal/journal';
import { lifeOf } from './journal/library';
import { type Listener, RunRecord, readState } from './journal/record';
import { Transcripts } from './journal/transcripts';
import { LiveRun } from './run';
import type { RunPorts } from './runRequest';
import { pastEstimates } from './schedule/estimates';
import type { Limits } from './schedule/scheduler';

export interface ResumeRequest {
  readonly run: string;
  readonly undecided: Limits['undecided'];
  /** Of a run that was paused: whether it stays so, or goes on. */
  readonly paused: 'stay' | 'continue';
  /** What it, or that task of it, may spend from now on; absent: as before. */
  readonly cap?: Budget | undefined;
  readonly of?: string | undefined;
  /** Hears what happens from the taking over on. */
  readonly listener?: Listener;
}

/**
 * Takes over a run that was interrupted. What a crash left half-done in the workspace was settled before. Fails, and changes nothing, where
 * the run is over or another process drives it, and where its journal or a transcript cannot be gone on from.
 */
export async function resumeRun(request: ResumeRequest, ports: RunPorts, signal: AbortSignal): Promise<Result<LiveRun>> {
  const { repo, clock } = ports;
  // Of two that want it, the second finds it driven; and what forgets old runs looks, under this lock, whether anybody drives them.
  const record = await repo.landLock(signal, async () => {
    const opened = RunRecord.open(repo.stateDir, request.run, clock);
    if (!opened.ok) return opened;
    const taken = await take(opened.value, ports, request);
    if (taken.ok) return opened;
    opened.value.close();
    return taken;
  });
  if (!record.ok) return record;
  const { limits, start } = record.value.state;
  const { undecided } = request;
  const estimates = await pastEstimates(repo.stateDir, ports.read ?? readState);
  // As the run began with it: its snapshot has it.
  const project = await ports.project?.(start.commit, start.lessons);
  if (project?.ok === false) {
    record.value.close();
    return project;
  }
  const wanted = { limits: { ...limits, undecided }, estimates, project: project?.value, ...(start.onStale && { onStale: start.onStale }) };
  return ok(new LiveRun(record.value, wanted, ports));
}

/** Why a run cannot be resumed by anybody now; undefined where it can. */
export function notInterrupted(state: RunState): Failure | undefined {
  const { run } = state.start;
  switch (lifeOf(state)) {
    case 'finished':
      return fail('input', `Run ${run} is over: there is nothing to resume.`, 'Dispatch a plan again, or retry a task.').failure;
    case 'running':
      return fail('input', `Run ${run} goes on: process ${state.driver.pid} drives it.`, 'Wait for it, or stop it there.').failure;
    default:
      return undefined;
  }
}

async function take(record: RunRecord, ports: RunPorts, { listener, paused, cap, of = WHOLE_RUN }: ResumeRequest): Promise<Result<void>> {
  const { state } = record;
  const failure = notInterrupted(state);
  if (failure !== undefined) return { ok: false, failure };
  const missing = await missingLandings(ports.repo, state);
  if (!missing.ok) return missing;
  const transcripts = new Transcripts(ports.repo.stateDir, state.start.run, ports.clock);
  for (const [id, { stage }] of state.tasks) {
    const said = stage.kind === 'running' || stage.kind === 'awaiting' || stage.kind === 'asking' ? transcripts.read(id) : ok();
    if (!said.ok) return said;
  }
  const raised = cap === undefined ? ok([]) : raising(state, of, cap);
  if (!raised.ok) return raised;
  if (listener !== undefined) record.listen(listener);
  record.emit({ type: 'run.taken', pid: process.pid, ...birthFact(process.pid) });
  for (const link of missing.value) record.emit({ type: 'task.landed', ...link });
  if (state.phase === 'paused' && paused === 'continue') record.emit({ type: 'run.continued' });
  for (const happening of raised.value) record.emit(happening);
  return ok();
}

interface Landed {
  readonly task: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Landings that the chain has and the journal lacks, of tasks that waited for theirs. Fails where the journal lacks more than that: to go on
 * from it would be to do again what is in the workspace already.
 */
export async function missingLandings(repo: Repository, { start, tasks }: RunState): Promise<Result<Landed[]>> {
  const chains = await readChains(repo);
  const events = readJournal(journalFile(repo.stateDir, start.run));
  if (!chains.ok) return chains;
  if (!events.ok) return events;
  const known = new Set(events.value.flatMap(commitsOf));
  const chain = chains.value.find(({ run }) => run === start.run);
  const landed: Landed[] = [];
  let before = chain?.snapshot ?? '';
  for (const { commit, by, task } of chain?.links ?? []) {
    if (by !== 'person' && !known.has(commit)) {
      const found = tasks.get(task);
      if (by !== 'task' || found?.stage.kind !== 'done') {
        const what = `“${found?.task.title ?? task}” ${by === 'task' ? 'landed' : `was ${by === 'undo' ? 'undone' : 'brought back'}`}`;
        const file = journalText(journalFile(repo.stateDir, start.run));
        return fail(
          'file',
          `The journal of run ${start.run} is not whole: it does not know that ${what}, and the workspace has it (${file}).`,
          `Keep what is there and dispatch the rest of the plan anew, or take all of it back: weft rollback ${start.snapshot}.`,
        );
      }
      landed.push({ task, before, after: commit });
    }
    before = commit;
  }
  return ok(landed);
}

/** The commits of the chain that an event tells of. */
function commitsOf(event: RunEvent): string[] {
  return 'after' in event ? [event.after] : [];
}
