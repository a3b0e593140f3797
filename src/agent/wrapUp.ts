/** What an agent is told whose budget is used up: one turn to say how far it came; and what is kept of that. */
import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta/messages';
import type { Failure } from '../domain/failure';
import { textBlock } from './transcript';

/** Most tokens of that turn: it costs little more than what it reads. */
export const WRAP_UP_TOKENS = 1_500;

export const WRAP_UP = `The budget for this task is used up. This is your last turn for now: call finish, and nothing else, with what you have done and what is still to do. Your changes are kept.
Should you be asked to go on after that, there is more budget: then go on with your task as if this had not been.`;

/** A conversation in which the agent is told so: at the end of its last message, as a transcript has it. */
export function withWrapUp(messages: readonly BetaMessageParam[]): BetaMessageParam[] {
  const last = messages.at(-1);
  if (last?.role !== 'user') return [...messages, { role: 'user', content: WRAP_UP }];
  const said = typeof last.content === 'string' ? [textBlock(last.content)] : last.content;
  return [...messages.slice(0, -1), { ...last, content: [...said, textBlock(WRAP_UP)] }];
}

/** The failure with which it stops: whose budget it was, and what its agent said last. */
export function wrappedUp(failure: Failure, summary: string): Failure {
  return summary === '' ? failure : { ...failure, message: `${failure.message} Its agent said: ${summary}` };
}
