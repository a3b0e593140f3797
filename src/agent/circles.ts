/** Finds an agent that goes round in circles: the same calls, with the same answers, again and again. Pure. */
import { createHash } from 'node:crypto';
import type { BetaContentBlockParam, BetaToolResultBlockParam } from '@anthropic-ai/sdk/resources/beta/messages';
import { fail } from '../domain/failure';
import { callsOf } from './calls';
import type { Conversation } from './transcript';
import { unvarying } from './unvarying';

/** The longest circle that is looked for, in turns. */
const LONGEST = 3;
/** How often an agent may go round before it is told, and before it is stopped. */
const TOLD = 3;
const STOPPED = 4;

/** Tools whose answers do not come from the draft alone. */
const OUTSIDE = /^(?:run|diagnostics|mcp__.*)$/;

/** The agent has gone round `times` times; it is told once, then stopped. */
export interface Circle {
  readonly kind: 'told' | 'stopped';
  readonly times: number;
  /** The tools of once round. */
  readonly calls: string;
}

/** A turn as far as circles go: what it called, with what, and what came of it. */
export interface Round {
  readonly key: string;
  readonly calls: readonly string[];
}

export function roundOf(content: readonly BetaContentBlockParam[], results: readonly BetaContentBlockParam[]): Round {
  const calls = callsOf(content);
  const made = calls.map(({ id, name, input }) => {
    const result = results.find((one) => one.type === 'tool_result' && one.tool_use_id === id);
    return [name, input, result?.type === 'tool_result' ? [ofNow(name, result.content), result.is_error === true] : null];
  });
  const key = createHash('sha256').update(JSON.stringify(made, inOrder)).digest('hex');
  return { key, calls: calls.map(({ name }) => name) };
}

/** What comes from outside of the draft says when, where and how long, too, which is never the same: that is no news. What a file has is. */
function ofNow(tool: string, content: BetaToolResultBlockParam['content']): BetaToolResultBlockParam['content'] {
  if (!OUTSIDE.test(tool) || content === undefined) return content;
  if (typeof content === 'string') return unvarying(content);
  return content.map((block) => (block.type === 'text' ? { ...block, text: unvarying(block.text) } : block));
}

/** The turns of a conversation that were answered, as far back as circles go. */
export function roundsOf(messages: Conversation): Round[] {
  const rounds: Round[] = [];
  for (const [at, { role, content }] of messages.entries()) {
    const answer = messages[at + 1];
    if (role !== 'assistant' || typeof content === 'string' || answer?.role !== 'user') continue;
    rounds.push(roundOf(content, typeof answer.content === 'string' ? [] : answer.content));
  }
  return rounds.slice(-STOPPED * LONGEST);
}

/** The circle that the last turn closes; undefined where it closes none that is to be minded. */
export function circleOf(rounds: readonly Round[]): Circle | undefined {
  for (let turns = 1; turns <= LONGEST; turns++) {
    const times = timesRound(rounds, turns);
    if (times === undefined || times < TOLD) continue;
    const calls = rounds.slice(-turns).flatMap((round) => round.calls);
    return { kind: times < STOPPED ? 'told' : 'stopped', times, calls: [...new Set(calls)].join(', ') };
  }
  return undefined;
}

/** How often in a row the last `turns` turns were made; undefined in the midst of a circle that began elsewhere. */
function timesRound(rounds: readonly Round[], turns: number): number | undefined {
  let same = 0;
  for (let at = rounds.length - 1 - turns; at >= 0 && rounds[at]?.key === rounds[at + turns]?.key; at--) same++;
  return same % turns === 0 ? 1 + same / turns : undefined;
}

/** What the agent is told. */
export function circleNote({ times, calls }: Circle): string {
  return `You have made the same calls (${calls}) with the same answers ${times} times in a row: more of them bring nothing new. Go on in another way; if your task is done, or cannot be done, call finish with a summary.`;
}

export function circleFailure({ times, calls }: Circle) {
  return fail(
    'loop',
    `The agent went round in circles: it made the same calls (${calls}) and got the same answers ${times} times in a row, though it was told.`,
    'Say more exactly what is to be done, or use another model.',
  );
}

/** Models give the fields of an input in any order. */
function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
