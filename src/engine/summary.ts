/** What came of a run, in numbers. Pure. */
import type { RunState } from '../domain/run';
import type { Stage } from '../domain/taskState';
import { addUsage, costOf, totalTokens, type Usage } from '../domain/usage';

export interface Summary {
  readonly run: string;
  readonly snapshot: string;
  readonly tasks: number;
  /** How many tasks are in each stage; stages that none is in are left out. */
  readonly stages: { readonly [kind in Stage['kind']]?: number };
  /** Different files that landed tasks changed. */
  readonly filesChanged: number;
  readonly conflicts: number;
  readonly usage: Usage;
  readonly tokens: number;
  /** Dollars; null where the model's price is not known. */
  readonly costUsd: number | null;
  readonly wallMs: number;
  /** What the agents would have taken one after the other. */
  readonly serialMs: number;
  readonly speedUp: number;
}

/** `now`: milliseconds since 1970, for a run that has not ended. */
export function summarize(state: RunState, now: number): Summary {
  const stages: { [kind in Stage['kind']]?: number } = {};
  const files = new Set<string>();
  let usage = state.start.planning;
  let serialMs = 0;
  for (const { stage, work } of state.tasks.values()) {
    stages[stage.kind] = (stages[stage.kind] ?? 0) + 1;
    usage = addUsage(usage, work.usage);
    if (work.startedAt > 0) serialMs += (work.endedAt || now) - work.startedAt;
    if (stage.kind === 'landed') for (const change of work.changes) files.add(change.path);
  }
  const wallMs = (state.endedAt || now) - state.start.at;
  return {
    run: state.start.run,
    snapshot: state.start.snapshot,
    tasks: state.tasks.size,
    stages,
    filesChanged: files.size,
    conflicts: stages.conflicted ?? 0,
    usage,
    tokens: totalTokens(usage),
    costUsd: costOf(usage, state.start.model) ?? null,
    wallMs,
    serialMs,
    speedUp: wallMs > 0 ? serialMs / wallMs : 0,
  };
}
