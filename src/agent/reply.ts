/** One answer of the model, as it came through the stream. */
import { AnthropicError } from '@anthropic-ai/sdk';
import type { BetaMessageStream } from '@anthropic-ai/sdk/lib/BetaMessageStream';
import type { BetaContentBlockParam, BetaMessage } from '@anthropic-ai/sdk/resources/beta/messages';

/** How an answer came. */
export type Reply =
  | { readonly kind: 'whole'; readonly message: BetaMessage }
  /** The token limit, or the end of what the model can hold, cut it: it may end in half a call. */
  | { readonly kind: 'cut'; readonly message: BetaMessage }
  /** The input of a call is no JSON; what came after it is lost. */
  | { readonly kind: 'garbled'; readonly message: BetaMessage }
  /** There is none: the request failed, the stream broke off, or it was aborted. */
  | { readonly kind: 'none'; readonly thrown: AnthropicError };

export async function replyOf(stream: BetaMessageStream): Promise<Reply> {
  try {
    const message = await stream.finalMessage();
    const isCut = message.stop_reason === 'max_tokens' || message.stop_reason === 'model_context_window_exceeded';
    return { kind: isCut ? 'cut' : 'whole', message };
  } catch (thrown) {
    // Anything else is a bug of ours.
    if (!(thrown instanceof AnthropicError)) throw thrown;
    const message = stream.currentMessage;
    // The SDK has no class of its own for this error, and ends the stream with it.
    const garbled = thrown.message.startsWith('Unable to parse tool parameter JSON') && message !== undefined;
    return garbled ? { kind: 'garbled', message } : { kind: 'none', thrown };
  }
}

/** An answer's part of the conversation. The API refuses blank texts, and messages with nothing in them. */
export function spoken(message: BetaMessage): BetaContentBlockParam[] {
  return message.content.filter((block) => block.type !== 'text' || block.text.trim() !== '');
}
