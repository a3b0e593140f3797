/** Reads what came of a run from its journal. */
import { ok, type Result } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import { journalFile, readJournal } from '../journal/journal';
import { lifeOf } from '../journal/library';
import { asItStands } from '../steering/elsewhere';
import { type Synthesis, synthesisOf } from './synthesis';

/** `now`: milliseconds since 1970. Fails where the journal cannot be read. */
export function readSynthesis(stateDir: string, state: RunState, now: number): Result<Synthesis> {
  const events = readJournal(journalFile(stateDir, state.start.run));
  return events.ok ? ok(synthesisOf(asItStands(state, { stateDir }), events.value, { life: lifeOf(state), now })) : events;
}
