/** Everything that is known of one task: from its events, and from what its agent and the model said. Pure. */
import type { BetaContentBlockParam } from '@anthropic-ai/sdk/resources/beta/messages';
import type { Entry } from '../../agent/transcript';
import type { Read } from '../../domain/changes';
import { type Spent, spentBy } from '../../domain/cost';
import type { Failure } from '../../domain/failure';
import { counted } from '../../domain/figures';
import type { Task, TaskId } from '../../domain/plan';
import { withoutPrice } from '../../domain/prices';
import { redacted } from '../../domain/secrets';
import { settlementText } from '../../domain/settlement';
import { type Check, modelOf, ownModelOf, parentOf, type Stage, type TaskState } from '../../domain/taskState';
import type { Usage } from '../../domain/usage';
import type { Span, Timeline } from './timeline';

/** Most characters of a call's input, of its answer, and of what the agent says. */
const MOST = 2_000;

/** An entry of a transcript, and when it was written, in milliseconds since 1970. */
export type StampedEntry = Entry & { readonly at: number };

export interface CallTrace {
  readonly id: string;
  readonly tool: string;
  /** JSON, cut at 2,000 characters. */
  readonly input: string;
  readonly from: number;
  readonly to: number;
  /** What the model was answered, cut likewise; null where the call was not made. */
  readonly answer: string | null;
  readonly failed: boolean;
}

export interface TurnTrace {
  /** When the model was asked, and when it had answered. */
  readonly from: number;
  readonly to: number;
  readonly said: string;
  readonly stop: string | null;
  /** Which model answered, where not the one that was asked; null else. */
  readonly model: string | null;
  readonly usage: Usage;
  readonly calls: readonly CallTrace[];
}

export interface TaskTrace {
  /** The same in requests, journal and telemetry: `<run>/<task>`. */
  readonly id: string;
  readonly run: string;
  readonly task: TaskId;
  /** The task whose agent spawned it, or for which it raced. */
  readonly parent: TaskId | null;
  readonly model: string;
  readonly input: Task;
  /** Commit that its draft began from. */
  readonly base: string;
  readonly stage: Stage['kind'];
  /** The summary with which its agent finished. */
  readonly output: string;
  readonly error: Failure | null;
  /** Attempts that failed before. */
  readonly failures: readonly Failure[];
  readonly check: Check | null;
  /** How its conflicts were decided, in words. */
  readonly conflicts: readonly string[];
  readonly spans: readonly Span[];
  readonly turns: readonly TurnTrace[];
  readonly usage: Usage;
  /** Dollars; null where the price of a model is not known. */
  readonly costUsd: number | null;
  readonly spent: Spent;
  /** Models that answered, and have no price. */
  readonly unpriced: readonly string[];
  readonly reads: readonly Read[];
  readonly writes: readonly string[];
}

/** `entries`: the task's transcript, as far as there is one. */
export function taskTrace({ state, lines }: Timeline, whole: TaskState, entries: readonly StampedEntry[]): TaskTrace {
  const { task, stage, work, check } = whole;
  const { run } = state.start;
  const model = modelOf(state.start, whole);
  const spent = spentBy(state.start, whole);
  const asked = [ownModelOf(state.start, whole), ...work.byOthers.keys()];
  return {
    id: `${run}/${task.id}`,
    run,
    task: task.id,
    parent: parentOf(whole) ?? null,
    model,
    input: task,
    base: work.base,
    stage: stage.kind,
    output: work.summary,
    error: stage.kind === 'failed' ? stage.failure : null,
    failures: work.failures,
    check,
    conflicts: whole.settlements.map(settlementText),
    spans: lines.find((line) => line.task === task.id)?.spans ?? [],
    turns: turnsOf(entries),
    usage: work.usage,
    costUsd: spent.unpriced > 0 ? null : spent.usd,
    spent,
    unpriced: spent.unpriced > 0 ? withoutPrice(asked, state.start.prices ?? {}) : [],
    reads: work.reads,
    writes: work.changes.map(({ path }) => path),
  };
}

/** Without what looks like a secret: also what the person wrote into the plan. */
export function withoutSecrets<T>(trace: T): T {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return redacted(value);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, clean(one)]));
  };
  return clean(trace) as T;
}

function turnsOf(entries: readonly StampedEntry[]): TurnTrace[] {
  const turns: { turn: Omit<TurnTrace, 'calls'>; calls: CallTrace[] }[] = [];
  let asked = entries[0]?.at ?? 0;
  for (const entry of forward(entries)) {
    const last = turns.at(-1);
    if (entry.type === 'answer') {
      const calls = entry.content.flatMap((block) => (block.type === 'tool_use' ? [callOf(block, entry.at)] : []));
      turns.push({
        turn: { from: asked, to: entry.at, said: textOf(entry.content), stop: entry.stop, model: entry.model ?? null, usage: entry.usage },
        calls,
      });
    } else if (entry.type === 'compacted') {
      turns.push({
        turn: { from: asked, to: entry.at, said: cut(entry.summary), stop: 'compacted', model: null, usage: entry.usage },
        calls: [],
      });
    } else if (entry.type === 'result' && last !== undefined) {
      const before = Math.max(last.turn.to, ...last.calls.filter(({ answer }) => answer !== null).map(({ to }) => to));
      last.calls = last.calls.map((call) => (call.id === idOf(entry.result) ? answered(call, entry, before) : call));
    }
    asked = entry.at;
  }
  return turns.map(({ turn, calls }) => ({ ...turn, calls }));
}

/** Where the clock was set back, nothing takes less than no time. */
function forward(entries: readonly StampedEntry[]): StampedEntry[] {
  let latest = 0;
  return entries.map((entry) => {
    latest = Math.max(latest, entry.at);
    return { ...entry, at: latest };
  });
}

function callOf(block: Extract<BetaContentBlockParam, { type: 'tool_use' }>, at: number): CallTrace {
  return { id: block.id, tool: block.name, input: cut(JSON.stringify(block.input) ?? ''), from: at, to: at, answer: null, failed: false };
}

/** Calls of a turn are made one after the other. */
function answered(call: CallTrace, { result, at }: Extract<StampedEntry, { type: 'result' }>, from: number): CallTrace {
  if (result.type !== 'tool_result') return call;
  const { content = '', is_error: failed = false } = result;
  const answer =
    typeof content === 'string' ? content : content.map((block) => (block.type === 'text' ? block.text : `(${block.type})`)).join('\n');
  return { ...call, from, to: at, answer: cut(answer), failed };
}

function idOf(block: BetaContentBlockParam): string | undefined {
  return block.type === 'tool_result' ? block.tool_use_id : undefined;
}

function textOf(content: readonly BetaContentBlockParam[]): string {
  return cut(content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n'));
}

function cut(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST)}… (${counted(text.length - MOST, 'more character')})`;
}
