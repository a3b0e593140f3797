/** As much of the Messages API as the scripted model speaks: what it reads of a request, and the shapes of its answers. */
import * as z from 'zod';

const contentSchema = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);

/** The part of a request that matters here; the rest is kept, since it counts as prompt. */
export const messagesRequestSchema = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: contentSchema })).min(1),
  system: contentSchema.optional(),
  tools: z.array(z.looseObject({})).optional(),
  cache_control: z.looseObject({}).nullish(),
  output_config: z.looseObject({ format: z.looseObject({}).nullish() }).nullish(),
});
export type MessagesRequest = z.infer<typeof messagesRequestSchema>;

export type ContentBlock =
  | { readonly type: 'text'; readonly text: string; readonly citations: null }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown; readonly caller: { type: 'direct' } };

/** Tokens, and the fields that the API sends as null where they do not apply. */
interface MessageUsage {
  readonly input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation: null;
  readonly inference_geo: null;
  readonly output_tokens_details: null;
  readonly server_tool_use: null;
  readonly service_tier: 'standard';
  readonly speed: null;
}

/** A whole answer, as a request without `stream` gets it. */
export interface Message {
  readonly id: string;
  readonly type: 'message';
  readonly role: 'assistant';
  readonly model: string;
  readonly content: readonly ContentBlock[];
  readonly stop_reason: 'end_turn' | 'max_tokens' | 'model_context_window_exceeded' | 'refusal' | 'tool_use' | null;
  readonly stop_sequence: null;
  readonly stop_details: { readonly type: 'refusal'; readonly category: null; readonly explanation: null } | null;
  readonly container: null;
  readonly diagnostics: null;
  readonly usage: MessageUsage;
}

/** An error, as the API answers it. `headers` are added to the usual ones. */
export function errorResponse(status: number, type: string, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ type: 'error', error: { type, message } }, { status, headers });
}

/** The status that goes with a type of error: in the middle of a stream, an error comes without one. */
export function statusOfType(type: string | null | undefined): number {
  switch (type) {
    case 'authentication_error':
      return 401;
    case 'permission_error':
      return 403;
    case 'not_found_error':
      return 404;
    case 'rate_limit_error':
      return 429;
    case 'overloaded_error':
      return 529;
    case 'invalid_request_error':
    case EDITOR_ERROR:
      return 400;
    default:
      return 500;
  }
}

/** The type of an error that says that a budget does not allow the request; nothing was sent. */
export const BUDGET_GONE = 'budget_error';

/** The type of an error of a model of the editor that only the person can mend there: its status says which. */
export const EDITOR_ERROR = 'editor_error';

/** The type of an error that says that there is no answer, not what the server answered. */
export const NO_ANSWER = 'no_answer_error';

/**
 * What stands for a rejected request where an answer is needed: on the far side of a gateway, and where all tries were made.
 * The SDK does not try such a request again.
 */
export function noAnswer(message: string): Response {
  return errorResponse(502, NO_ANSWER, message, { 'x-should-retry': 'false' });
}

/** At most this many chunks for a block, so that a long text does not take for ever at a given pace. */
const MAX_CHUNKS = 12;
/** A chunk has at least this many characters. */
const CHUNK = 16;

/** One server-sent event. Those with `paced` come after the pause between chunks. */
export interface Frame {
  readonly data: { readonly type: string };
  readonly paced: boolean;
}

/** A message as the events that stream it. `inputText` writes the input of a call as JSON text. */
export function framesOf(message: Message, inputText: (input: unknown) => string): Frame[] {
  const at = (data: { type: string; [field: string]: unknown }, paced = false): Frame => ({ data, paced });
  const { stop_reason, stop_sequence, stop_details, container, usage } = message;
  const start = { ...message, content: [], stop_reason: null, stop_details: null, usage: { ...usage, output_tokens: 1 } };
  const blocks = message.content.flatMap((block, index) => {
    const empty = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
    const deltas =
      block.type === 'text'
        ? chunksOf(block.text).map((text) => ({ type: 'text_delta', text }))
        : chunksOf(inputText(block.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
    return [
      at({ type: 'content_block_start', index, content_block: empty }),
      ...deltas.map((delta) => at({ type: 'content_block_delta', index, delta }, true)),
      at({ type: 'content_block_stop', index }),
    ];
  });
  return [
    at({ type: 'message_start', message: start }),
    ...blocks,
    at({ type: 'message_delta', delta: { stop_reason, stop_sequence, stop_details, container }, usage }),
    at({ type: 'message_stop' }),
  ];
}

/** A frame as it goes over the wire. */
export function frameText(frame: Frame): string {
  return `event: ${frame.data.type}\ndata: ${JSON.stringify(frame.data)}\n\n`;
}

/** Pieces of a text, never splitting a character; none of an empty text. */
function chunksOf(text: string): string[] {
  const size = Math.max(CHUNK, Math.ceil(text.length / MAX_CHUNKS));
  return text.match(new RegExp(`[^]{1,${size}}`, 'gu')) ?? [];
}
