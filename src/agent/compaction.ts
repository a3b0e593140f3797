/**
 * Room for a conversation that has become too long for its model: the task stays, and what was said about it is summed up by the model itself.
 * Ours, not the SDK's or the server's: those know one server only, and leave no entry from which an agent could go on after a crash.
 */
import type { BetaContentBlockParam } from '@anthropic-ai/sdk/resources/beta/messages';
import { totalTokens, type Usage } from '../domain/usage';
import type { About } from '../model/about';
import type { ModelFetch } from '../model/fetch';
import { modelClient } from './client';
import { isMedia } from './media';
import { brokeOff, isTooLong } from './modelFailure';
import { replyOf } from './reply';
import { type Conversation, sessionSchema, tell, textBlock } from './transcript';
import { usageOf } from './usage';

/** A conversation that takes up so much of what its model can hold is summed up before the next turn. */
const FULL = 0.8;
/** Most tokens of a summary. */
const MAX_TOKENS = 8_000;
const CHARACTERS_A_TOKEN = 4;
const PICTURE_TOKENS = 1_600;
/** Texts of what is to be summed up have so many characters at most, from try to try: as they are, and ever shorter where that is too long. */
const LENGTHS = [Number.POSITIVE_INFINITY, 4_000, 1_000, 200];
const MAX_BROKEN = 2;

const SUM_UP = `Your conversation is becoming too long to go on with. Call no tool now. Write down all that you need to go on with your task when nothing of this conversation but the task itself is left to you:
- what you have done: which files you changed or made, and how;
- what you found out, with paths, names, signatures and numbers, and what you decided and why;
- what you were told beside your task, such as what a check printed, as far as it still matters;
- what did not work, so that you do not try it again;
- what is left to do, and what comes next.
Your draft stays as it is, and you can read files again. Leave out what you no longer need.`;

/** Whether there may be too little room for another turn after one that cost that much, and was answered like this. */
export function isFull(usage: Usage, answered: readonly BetaContentBlockParam[], window: number | undefined): boolean {
  if (window === undefined) return false;
  const text = JSON.stringify(answered, (_, value: unknown) =>
    isPicture(value) ? ' '.repeat(PICTURE_TOKENS * CHARACTERS_A_TOKEN) : value,
  );
  return totalTokens(usage) + text.length / CHARACTERS_A_TOKEN > FULL * window;
}

function isPicture(value: unknown): boolean {
  return typeof value === 'object' && value !== null && isMedia(value);
}

export interface SumUp {
  readonly model: ModelFetch;
  readonly about: About;
  readonly modelName: string;
  /** What the agent is told in every request: it is in the cache. */
  readonly told: Pick<Parameters<ReturnType<typeof modelClient>['beta']['messages']['stream']>[0], 'system' | 'tools'>;
  /** Whether it is known that the server does not take the conversation as it is. */
  readonly isTooLong: boolean;
  readonly signal: AbortSignal;
}

export type Summary =
  | { readonly kind: 'summary'; readonly text: string; readonly usage: Usage }
  /** The model did not answer. */
  | { readonly kind: 'none'; readonly thrown: unknown }
  /** However short it is made, it is too long, or nothing comes of it. */
  | { readonly kind: 'hopeless' };

/** Has the model sum up a conversation that ends with what the agent is told. Calls that it makes are not heard. */
export async function summaryOf(messages: Conversation, options: SumUp): Promise<Summary> {
  const { model, about, modelName, told, signal } = options;
  let broken = 0;
  for (const length of options.isTooLong ? LENGTHS.slice(1) : LENGTHS) {
    for (let again = true; again; ) {
      again = false;
      const stream = modelClient(model, about).beta.messages.stream(
        {
          ...told,
          model: modelName,
          max_tokens: MAX_TOKENS,
          cache_control: { type: 'ephemeral' },
          messages: [...tell(shortened(messages, length), SUM_UP)],
        },
        { signal },
      );
      const reply = await replyOf(stream);
      if (reply.kind === 'none') {
        if (isTooLong(reply.thrown)) break;
        if (signal.aborted || !brokeOff(reply.thrown) || broken >= MAX_BROKEN) return reply;
        broken += 1;
        again = true;
        continue;
      }
      const text = reply.message.content
        .flatMap((block) => (block.type === 'text' ? [block.text] : []))
        .join('\n')
        .trim();
      if (text !== '') return { kind: 'summary', text, usage: usageOf(reply.message.usage) };
    }
  }
  return { kind: 'hopeless' };
}

/** Calls stay with their results, as the API wants it; only what they say becomes shorter, and pictures become words. */
function shortened(messages: Conversation, length: number): Conversation {
  return length === Number.POSITIVE_INFINITY ? messages : sessionSchema.shape.messages.parse(cut(messages, length));
}

function cut(value: unknown, length: number): unknown {
  if (typeof value === 'string') return value.length <= length ? value : `${value.slice(0, length)}… (${value.length - length} more)`;
  if (Array.isArray(value)) return value.map((one) => cut(one, length));
  if (typeof value !== 'object' || value === null) return value;
  if (isMedia(value)) return textBlock('(Here was an image or a document.)');
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, cut(one, length)]));
}
