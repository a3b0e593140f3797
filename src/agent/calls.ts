/** The calls of tools in an answer of the model. Pure. */
import type { BetaContentBlockParam } from '@anthropic-ai/sdk/resources/beta/messages';

/** A call of a tool. `input` is the model's, not yet checked. */
export interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

export function callsOf(content: readonly BetaContentBlockParam[]): Call[] {
  return content.filter((block) => block.type === 'tool_use');
}
