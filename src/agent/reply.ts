/** One answer of the model, as it came through the stream. */
import { AnthropicError } from '@anthropic-ai/sdk';
import type { BetaMessageStream } from '@anthropic-ai/sdk/lib/BetaMessageStream';
import type { BetaContentBlockParam, BetaMessage } from '@anthropic-ai/sdk/resources/beta/messages';
import * as z from 'zod';

/** As much of an answer as we go by: the SDK hands on whatever a server sends. */
const answerSchema = z.object({
  model: z.string().nullish(),
  stop_reason: z.string().nullish(),
  usage: z.object({}),
  content: z.array(
    z.union([
      z.object({ type: z.literal('text'), text: z.string() }),
      z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string() }),
      z.object({ type: z.string().refine((type) => type !== 'text' && type !== 'tool_use') }),
    ]),
  ),
});

/** How an answer came. */
export type Reply =
  | { readonly kind: 'whole'; readonly message: BetaMessage }
  /** The token limit, or the end of what the model can hold, cut it: it may end in half a call. */
  | { readonly kind: 'cut'; readonly message: BetaMessage }
  /** The input of a call is no JSON; what came after it is lost. */
  | { readonly kind: 'garbled'; readonly message: BetaMessage }
  /** There is none: the request failed, the stream broke off or is not of the Messages API, or it was aborted. */
  | { readonly kind: 'none'; readonly thrown: AnthropicError };

const unreadable: Reply = { kind: 'none', thrown: new AnthropicError('it is no message of the Messages API') };

export async function replyOf(stream: BetaMessageStream): Promise<Reply> {
  try {
    const message = await stream.finalMessage();
    if (!answerSchema.safeParse(message).success) return unreadable;
    const isCut = message.stop_reason === 'max_tokens' || message.stop_reason === 'model_context_window_exceeded';
    return { kind: isCut ? 'cut' : 'whole', message };
  } catch (thrown) {
    // Anything else is a bug of ours.
    if (!(thrown instanceof AnthropicError)) throw thrown;
    const message = stream.currentMessage;
    // The SDK has no class of its own for this error, and ends the stream with it.
    if (!thrown.message.startsWith('Unable to parse tool parameter JSON') || message === undefined) return { kind: 'none', thrown };
    return answerSchema.safeParse(message).success ? { kind: 'garbled', message } : unreadable;
  }
}

/** An answer's part of the conversation. The API refuses blank texts, and messages with nothing in them. */
export function spoken(message: BetaMessage): BetaContentBlockParam[] {
  return message.content.filter((block) => block.type !== 'text' || block.text.trim() !== '');
}
