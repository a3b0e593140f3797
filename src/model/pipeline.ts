/** The parts of the pipeline in the one order that they need; each says why it belongs where it is. */
import { type BreakerEvent, breaker } from './breaker';
import { type BudgetOptions, budget } from './budget/budget';
import type { Part } from './fetch';
import { rateGate, type Waiting } from './gate/rateGate';
import { steady } from './gate/steady';
import { prefixWarmup } from './prefixWarmup';
import { type RecorderOptions, recorder } from './record/recorder';
import type { Time } from './time';

/** A stream that says nothing for so long is taken for dead: servers send pings meanwhile. */
const SILENT_MS = 90_000;

export interface SharedOptions {
  readonly time: Time;
  /** Most requests at once of one key. */
  readonly atOnce: number;
  /** Models to ask in the place of one that keeps failing. */
  readonly fallbacks: readonly string[];
  readonly onWaiting: (waiting: Waiting) => void;
  readonly onBreaker: (event: BreakerEvent) => void;
  readonly silentMs?: number;
}

/** What all runs with one key share: in front of the model that has it. Make one for each key and address, and keep it. */
export function sharedPipeline({ time, atOnce, fallbacks, onWaiting, onBreaker, silentMs = SILENT_MS }: SharedOptions): Part {
  const parts = [
    prefixWarmup({ time }),
    rateGate({ atOnce, time, onWaiting }),
    breaker({ fallbacks, time, onEvent: onBreaker }),
    steady({ silentMs, time }),
  ];
  return (model) => parts.reduceRight((inner, part) => part(inner), model);
}

export interface RunOptions extends BudgetOptions {
  /** Undefined: nothing is recorded. */
  readonly record: RecorderOptions | undefined;
}

/** What a run has of its own: in front of what it shares. */
export function runPipeline({ record, ...options }: RunOptions): Part {
  const recorded: Part = record === undefined ? (model) => model : recorder(record);
  const paid = budget(options);
  return (model) => paid(recorded(model));
}
