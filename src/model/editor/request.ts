/** A request of the Messages API as what a model of the editor is asked. Pure. */
import * as z from 'zod';
import { fail, ok, type Result } from '../../domain/failure';
import type { EditorAsk, EditorContent, EditorMessage, EditorPart } from './editor';

const textBlock = z.object({ type: z.literal('text'), text: z.string() }).transform(({ text }): EditorContent[] => textPart(text));
const imageBlock = z
  .object({ type: z.literal('image'), source: z.object({ type: z.literal('base64'), media_type: z.string(), data: z.string() }) })
  .transform(({ source }): EditorContent[] => [{ kind: 'image', mediaType: source.media_type, data: Buffer.from(source.data, 'base64') }]);
const callBlock = z
  .object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()).catch({}) })
  .transform(({ id, name, input }): EditorPart[] => [{ kind: 'call', id, name, input }]);
/** What such a model knows nothing of: it is told that there was something, but for what a model only thought. */
const otherBlock = z
  .object({ type: z.string() })
  .transform(({ type }): EditorContent[] =>
    type.includes('thinking') ? [] : textPart(`(Here was something of the kind “${type}”, which this model cannot be shown.)`),
  );

const contentSchema = z.union([
  z.string().transform(textPart),
  z.array(z.union([textBlock, imageBlock, otherBlock])).transform((parts) => parts.flat()),
]);
const resultBlock = z
  .object({ type: z.literal('tool_result'), tool_use_id: z.string(), content: contentSchema.optional(), is_error: z.boolean().nullish() })
  .transform(({ tool_use_id: call, content = [], is_error }): EditorPart[] => [
    // It has no mark of its own for a call that failed.
    { kind: 'result', call, content: is_error === true ? [{ kind: 'text', text: 'Error:' }, ...content] : content },
  ]);
const partsSchema = z.union([
  z.string().transform((text): EditorPart[] => textPart(text)),
  z.array(z.union([textBlock, imageBlock, callBlock, resultBlock, otherBlock])).transform((parts): EditorPart[] => parts.flat()),
]);

const requestSchema = z.object({
  model: z.string(),
  stream: z.boolean().nullish(),
  max_tokens: z.number().optional(),
  system: contentSchema.optional(),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant']), content: partsSchema })).min(1),
  tools: z.array(z.object({ name: z.string(), description: z.string().default(''), input_schema: z.looseObject({}) })).optional(),
  tool_choice: z.object({ type: z.string() }).nullish(),
  output_config: z.object({ format: z.object({ schema: z.unknown() }).nullish() }).nullish(),
});

export interface EditorRequest {
  /** The name that the model is asked by. */
  readonly model: string;
  readonly stream: boolean;
  readonly ask: EditorAsk;
}

/**
 * What a request asks of a model of the editor. There is no place for a system prompt there: it is the first message. Nor for a form that
 * the answer is to have: the model is told of it in words. Fails with what is wrong with a request that is none of the Messages API.
 */
export function editorRequest(body: unknown): Result<EditorRequest> {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) return fail('input', parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const {
    model,
    stream,
    max_tokens: maxTokens,
    system = [],
    messages,
    tools = [],
    tool_choice: choice,
    output_config: output,
  } = parsed.data;
  const first = [...system, ...(output?.format ? textPart(formatText(output.format.schema)) : [])];
  const said = messages.map(({ role, content }): EditorMessage => ({ role, parts: content }));
  const all: EditorMessage[] = [{ role: 'user', parts: first }, ...said];
  return ok({
    model,
    stream: stream === true,
    ask: {
      messages: all.filter(({ parts }) => parts.length > 0),
      tools: tools.map(({ name, description, input_schema: inputSchema }) => ({ name, description, inputSchema })),
      mustCall: choice?.type === 'any' || choice?.type === 'tool',
      maxTokens,
    },
  });
}

/** All the text of what is asked, to be counted as tokens. */
export function textOf({ messages, tools }: EditorAsk): string {
  const said = messages.flatMap(({ parts }) => parts.map(partText));
  return [...said, ...(tools.length === 0 ? [] : [JSON.stringify(tools)])].join('\n');
}

function partText(part: EditorPart): string {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'call') return `${part.name} ${JSON.stringify(part.input)}`;
  return part.kind === 'result' ? part.content.map(partText).join('\n') : '';
}

/** Such a model refuses texts with nothing in them. */
function textPart(text: string): EditorContent[] {
  return text.trim() === '' ? [] : [{ kind: 'text', text }];
}

function formatText(schema: unknown): string {
  return `Whenever you answer without calling a tool, answer with one JSON value and nothing else: no words before or after it, and no fence around it. It has to fit this JSON schema:\n${JSON.stringify(schema)}`;
}
