/** A run's record: its journal and the state that folds from it. The only way in is an event. */
import type { Clock } from '../../domain/clock';
import type { Happening, RunEvent } from '../../domain/event';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { type RunState, reduce } from '../../domain/run';
import type { Snapshot } from '../../repo/snapshot/snapshot';
import { cleaned } from './cleaned';
import { type Journal, journalFile, journalText, openJournal, readJournal } from './journal';

export type Listener = (event: RunEvent, state: RunState) => void;

export class RunRecord {
  private readonly queue: Happening[] = [];
  private draining = false;
  private frozen = false;
  private readonly listeners = new Set<Listener>();

  private constructor(
    private current: RunState | undefined,
    private readonly journal: Journal,
    readonly clock: Clock,
  ) {}

  /** Begins a new run's record with its first event. */
  static begin(stateDir: string, start: Extract<Happening, { type: 'run.started' }>, clock: Clock): Result<RunRecord> {
    try {
      const record = new RunRecord(undefined, openJournal(journalFile(stateDir, start.run)), clock);
      record.emit(start);
      return ok(record);
    } catch (thrown) {
      return fail(
        'file',
        `The run's journal cannot be written: ${thrownText(thrown)}.`,
        'Free some disk space, or make the folder writable; nothing was started.',
      );
    }
  }

  /** Opens the record of a run that began earlier, here or in another process, to add to it. */
  static open(stateDir: string, run: string, clock: Clock): Result<RunRecord> {
    const state = readState(stateDir, run);
    if (!state.ok) return state;
    try {
      return ok(new RunRecord(state.value, openJournal(journalFile(stateDir, run)), clock));
    } catch (thrown) {
      return fail('file', `The journal of run ${run} cannot be opened: ${thrownText(thrown)}.`, 'Make it writable.');
    }
  }

  get state(): RunState {
    if (this.current === undefined) throw new Error('A record has a state from its first event on.');
    return this.current;
  }

  /** Records what happened. Listeners that emit in turn are heard after the event at hand is settled: nothing re-enters. */
  emit(happening: Happening): void {
    if (this.frozen) return;
    this.queue.push(happening);
    if (this.draining) return;
    this.draining = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
        const event: RunEvent = { ...cleaned(next), at: this.clock.now() };
        // Folded first: what is not possible must not get into the journal.
        const state = reduce(this.current, event);
        this.journal.append(event);
        this.current = state;
        for (const listener of this.listeners) listener(event, state);
      }
    } finally {
      this.draining = false;
    }
  }

  /** Calls `listener` after every event; the function that comes back ends that. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** From now on nothing is recorded: what still happens is as if this process were gone. */
  freeze(): void {
    this.frozen = true;
  }

  close(): void {
    this.journal.close();
  }
}

/** The state of a run as its journal has it now. */
export function readState(stateDir: string, run: string): Result<RunState> {
  const file = journalFile(stateDir, run);
  const events = readJournal(file);
  return events.ok ? stateOf(run, events.value, file) : events;
}

/** The state of a run at the time of a snapshot; undefined where it began later, or its journal does not tell. */
export function stateAt(stateDir: string, run: string, { journals, at }: Pick<Snapshot, 'journals' | 'at'>): RunState | undefined {
  const bytes = journals === null ? undefined : (journals[run] ?? 0);
  const file = journalFile(stateDir, run);
  const events = readJournal(file, bytes);
  if (!events.ok) return undefined;
  const state = stateOf(run, journals === null ? events.value.filter((event) => event.at <= at) : events.value, file);
  return state.ok ? state.value : undefined;
}

function stateOf(run: string, events: readonly RunEvent[], file: string): Result<RunState> {
  const fix = '“weft runs” names what landed, and how it can be taken back.';
  if (events[0]?.type !== 'run.started')
    return fail('file', `The journal of run ${run} does not say how the run began: ${journalText(file)}.`, fix);
  let state: RunState | undefined;
  try {
    for (const event of events) state = reduce(state, event);
  } catch (thrown) {
    return fail(
      'file',
      `The journal of run ${run} makes no sense: ${thrownText(thrown).replace(/\.$/, '')} (${journalText(file)}).`,
      `Keep its folder, and report this. ${fix}`,
    );
  }
  if (state === undefined) return fail('input', `There is no run “${run}” of this folder.`, 'Run “weft runs” for the list.');
  // What is later read, kept and deleted goes by the run's id: a journal must not speak for another folder.
  if (state.start.run !== run)
    return fail(
      'file',
      `The journal of run ${run} is another run's: ${state.start.run}.`,
      `Move it where it was, or delete the folder ${run}.`,
    );
  return ok(state);
}
