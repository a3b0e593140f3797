/** What a model of the editor says, as an answer of the Messages API. */
import { type ContentBlock, type Frame, frameText, type Message } from '../messages';
import type { EditorSaid } from './editor';

export interface AnswerOptions {
  readonly id: string;
  /** The name that the model was asked by. */
  readonly model: string;
  /** Tokens of the request, as far as they are known when the answer begins. */
  readonly inputGuess: number;
  /** Tokens of the request, and of the answer when that is there. */
  readonly count: (answer: string) => Promise<{ readonly input: number; readonly output: number }>;
}

/** The answer in pieces, as they come; throws what `said` throws. */
export async function* answerFrames(said: AsyncIterable<EditorSaid>, options: AnswerOptions): AsyncGenerator<string, void> {
  const send = (data: Frame['data'] & Readonly<Record<string, unknown>>) => frameText({ data, paced: false });
  yield send({
    type: 'message_start',
    message: { ...messageOf(options, [], { input: options.inputGuess, output: 1 }), stop_reason: null },
  });
  const blocks: ContentBlock[] = [];
  for await (const piece of said) {
    const last = blocks.at(-1);
    if (piece.kind === 'text' && last?.type === 'text') {
      blocks[blocks.length - 1] = { ...last, text: last.text + piece.text };
      yield send(deltaOf(piece, blocks.length - 1));
      continue;
    }
    if (last?.type === 'text') yield send({ type: 'content_block_stop', index: blocks.length - 1 });
    const index = blocks.length;
    const block = blockOf(piece);
    blocks.push(block);
    const empty = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
    yield send({ type: 'content_block_start', index, content_block: empty });
    yield send(deltaOf(piece, index));
    // More text may come of a text; a call is whole.
    if (piece.kind === 'call') yield send({ type: 'content_block_stop', index });
  }
  if (blocks.at(-1)?.type === 'text') yield send({ type: 'content_block_stop', index: blocks.length - 1 });
  const { stop_reason, stop_sequence, stop_details, container, usage } = messageOf(options, blocks, await options.count(textOf(blocks)));
  yield send({ type: 'message_delta', delta: { stop_reason, stop_sequence, stop_details, container }, usage });
  yield send({ type: 'message_stop' });
}

/** The answer when all of it is there; rejects with what `said` throws. */
export async function wholeAnswer(said: AsyncIterable<EditorSaid>, options: AnswerOptions): Promise<Message> {
  const blocks: ContentBlock[] = [];
  for await (const piece of said) {
    const last = blocks.at(-1);
    if (piece.kind === 'text' && last?.type === 'text') blocks[blocks.length - 1] = { ...last, text: last.text + piece.text };
    else blocks.push(blockOf(piece));
  }
  return messageOf(options, blocks, await options.count(textOf(blocks)));
}

function blockOf(piece: EditorSaid): ContentBlock {
  if (piece.kind === 'text') return { type: 'text', text: piece.text, citations: null };
  return { type: 'tool_use', id: piece.id, name: piece.name, input: piece.input, caller: { type: 'direct' } };
}

function deltaOf(piece: EditorSaid, index: number) {
  const delta =
    piece.kind === 'text'
      ? { type: 'text_delta', text: piece.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(piece.input) };
  return { type: 'content_block_delta', index, delta };
}

function textOf(blocks: readonly ContentBlock[]): string {
  return blocks.map((block) => (block.type === 'text' ? block.text : `${block.name} ${JSON.stringify(block.input)}`)).join('\n');
}

/** It does not say why it ends: where it called a tool, it waits for the result. */
function messageOf({ id, model }: AnswerOptions, content: readonly ContentBlock[], tokens: { input: number; output: number }): Message {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: content.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      input_tokens: tokens.input,
      output_tokens: tokens.output,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_creation: null,
      inference_geo: null,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: 'standard',
      speed: null,
    },
  };
}
