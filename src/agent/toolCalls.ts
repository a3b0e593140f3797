/** Tools as the SDK's runner takes them, and the answers to a turn's calls. */
import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import type { BetaContentBlockParam, BetaMessageParam, BetaToolUseBlock } from '@anthropic-ai/sdk/resources/beta/messages';
import { cancelled, failureText } from '../domain/failure';
import type { Desk, Tool } from './tools/tool';

/**
 * The tools for the SDK's runner. It starts the calls of a turn all at once; here each waits for the one before it,
 * since two edits of one file would otherwise undo each other. After an abort no call begins.
 */
export function runnableTools(tools: readonly Tool[], desk: Omit<Desk, 'call'>): BetaRunnableTool<unknown>[] {
  let last: Promise<unknown> = Promise.resolve();
  return tools.map((tool) => ({
    type: 'custom',
    name: tool.name,
    description: tool.description,
    input_schema: tool.inputSchema,
    parse: (raw) => raw,
    run: async (raw, context) => {
      const call = last.then(() => (desk.signal.aborted ? cancelled : tool.call(raw, { ...desk, call: context?.toolUse.id ?? '' })));
      last = call.catch(() => undefined);
      const answer = await call;
      // The runner makes a tool result with `is_error` of it.
      if (!answer.ok) throw new ToolError(failureText(answer.failure));
      return answer.value;
    },
  }));
}

/** What a call does, in a few words for a person. */
export function stepOf(tools: readonly Tool[], call: { readonly name: string; readonly input: unknown }): string {
  return tools.find((tool) => tool.name === call.name)?.step(call.input) ?? `Calling ${call.name}`;
}

/** The runner's results of a turn's calls, in which a call of a tool that there is not learns which ones there are. */
export function answersOf(
  results: BetaMessageParam | null,
  calls: readonly BetaToolUseBlock[],
  tools: readonly Tool[],
): BetaContentBlockParam[] {
  if (!Array.isArray(results?.content)) return [];
  const names = tools.map((tool) => tool.name);
  return results.content.map((block) => {
    const call = block.type === 'tool_result' ? calls.find(({ id }) => id === block.tool_use_id) : undefined;
    if (block.type !== 'tool_result' || call === undefined || names.includes(call.name)) return block;
    return { ...block, content: `There is no tool “${call.name}”. Use one of these: ${names.join(', ')}.` };
  });
}

/** The answers to the calls of a turn that did not come whole: none of them was made. */
export function notMade(calls: readonly BetaToolUseBlock[]): BetaContentBlockParam[] {
  return calls.map(({ id }) => ({
    type: 'tool_result',
    tool_use_id: id,
    is_error: true,
    content: 'This call was not made.',
  }));
}
