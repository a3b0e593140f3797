/** A model that plays a scenario: answers the Messages API, streams and prompt cache included, without any network. */
import { thrownText } from '../domain/failure';
import { counted } from '../domain/figures';
import type { ModelFetch } from './fetch';
import {
  type ContentBlock,
  errorResponse,
  type Frame,
  framesOf,
  frameText,
  type Message,
  type MessagesRequest,
  messagesRequestSchema,
} from './messages';
import { type InputTokens, promptCache, tokensOf } from './promptCache';
import type { Scenario, Turn } from './scenario';
import type { Wait } from './time';

export interface ScriptedOptions {
  /** Pause before each chunk of a stream, in milliseconds, where the turn has none of its own. */
  readonly paceMs: number;
  readonly wait: Wait;
}

/** The answer that the scenario has for a request; `name` tells it from others, in ids and messages. */
type Cue = { readonly kind: 'turn'; readonly name: string; readonly turn: Turn } | { readonly kind: 'lacking'; readonly message: string };

/**
 * A model that plays a scenario. A request with `output_config.format` is for a plan, before which it may look around; any other belongs to the task that a
 * line `Task: <id>` of its first message names. Which turn it is is the number of assistant messages in the request: the
 * model remembers nothing but its prompt cache, so a request that is sent again gets the same answer.
 * What the scenario lacks is answered with a 400 that says so; aborting `request.signal` ends the stream with an error.
 */
export function scriptedModel(scenario: Scenario, options: ScriptedOptions): ModelFetch {
  const count = promptCache();
  return async (request) => {
    const { signal } = request;
    signal.throwIfAborted();
    const path = new URL(request.url).pathname;
    if (request.method !== 'POST' || !path.endsWith('/v1/messages'))
      return errorResponse(404, 'not_found_error', `The scripted model answers POST /v1/messages, not ${request.method} ${path}.`);
    const body = await bodyOf(request);
    if (typeof body === 'string') return errorResponse(400, 'invalid_request_error', body);
    const cue = cueOf(scenario, body);
    if (cue.kind === 'lacking') return errorResponse(400, 'invalid_request_error', cue.message);
    const { turn, name } = cue;
    if (turn.error !== undefined && triesBefore(request) < (turn.error.times ?? Number.POSITIVE_INFINITY)) {
      await options.wait(turn.thinkMs ?? 0, signal);
      signal.throwIfAborted();
      return errorResponse(turn.error.status, turn.error.type, turn.error.message, turn.error.headers);
    }
    const { tokens, begun } = count(body);
    const message = messageOf({ name, turn, model: body.model, input: tokens });
    const frames = framesOf(message, (input) => (turn.malformed === 'json' ? `{"broken": nothing}` : JSON.stringify(input)));
    const gone = new AbortController();
    const play = playback({ frames, turn, options, request, begun, gone: gone.signal });
    const headers = { 'request-id': `req_${name}` };
    if (body.stream === true) return new Response(streamOf(play, gone), { headers: { ...headers, 'content-type': 'text/event-stream' } });
    while (!(await play.next()).done);
    return Response.json(message, { headers });
  };
}

async function bodyOf(request: Request): Promise<MessagesRequest | string> {
  let data: unknown;
  try {
    data = await request.json();
  } catch (thrown) {
    request.signal.throwIfAborted();
    return `The request is not JSON: ${thrownText(thrown)}.`;
  }
  const parsed = messagesRequestSchema.safeParse(data);
  return parsed.success ? parsed.data : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

/** How often the client has sent this request before. */
function triesBefore(request: Request): number {
  return Number(request.headers.get('x-stainless-retry-count') ?? 0);
}

function cueOf(scenario: Scenario, request: MessagesRequest): Cue {
  const at = request.messages.filter((message) => message.role === 'assistant').length;
  if (request.output_config?.format) {
    const look = scenario.looks[at];
    if (look !== undefined) return { kind: 'turn', name: `look_${at}`, turn: look };
    const plan = at - scenario.looks.length;
    if (plan >= scenario.plans.length)
      return {
        kind: 'lacking',
        message: `The scenario has ${counted(scenario.plans.length, 'plan')}, and none for planning request ${plan + 1}.`,
      };
    return { kind: 'turn', name: `plan_${plan}`, turn: { say: JSON.stringify(scenario.plans[plan], null, 2) } };
  }
  const task = taskOf(request);
  const turns = (task === undefined || !Object.hasOwn(scenario.tasks, task) ? undefined : scenario.tasks[task]) ?? scenario.otherwise;
  const name = task ?? 'otherwise';
  if (turns === undefined) {
    const message = task === undefined ? 'The first message has no line “Task: <id>”.' : `The scenario has no task “${task}”.`;
    return { kind: 'lacking', message };
  }
  const turn = turns[at];
  if (turn === undefined)
    return { kind: 'lacking', message: `The scenario has ${counted(turns.length, 'turn')} for task “${name}”, and no turn ${at + 1}.` };
  return { kind: 'turn', name: `${name}_${at}`, turn };
}

function taskOf(request: MessagesRequest): string | undefined {
  const first = request.messages.find((message) => message.role === 'user')?.content ?? '';
  const text = typeof first === 'string' ? first : first.map((part) => part.text ?? '').join('\n');
  return /^Task: *([A-Za-z0-9_.-]+)[ \t]*\r?$/m.exec(text)?.[1];
}

function messageOf(answer: { name: string; turn: Turn; model: string; input: InputTokens }): Message {
  const { name, turn, model, input } = answer;
  const calls = turn.calls ?? [];
  const content: ContentBlock[] = [
    ...(turn.say === undefined || turn.say === '' ? [] : [{ type: 'text', text: turn.say, citations: null } as const]),
    ...calls.map(
      (call, index) =>
        ({ type: 'tool_use', id: `toolu_${name}_${index}`, name: call.tool, input: call.input ?? {}, caller: { type: 'direct' } }) as const,
    ),
  ];
  return {
    id: `msg_${name}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: turn.stop ?? (calls.length > 0 ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    stop_details: turn.stop === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
    container: null,
    diagnostics: null,
    usage: {
      ...input,
      output_tokens: tokensOf(JSON.stringify(content).length),
      cache_creation: null,
      inference_geo: null,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: 'standard',
      speed: null,
    },
  };
}

interface Play {
  readonly frames: readonly Frame[];
  readonly turn: Turn;
  readonly options: ScriptedOptions;
  /** Called before the first frame. */
  readonly begun: () => void;
  /** Held until the end: Node drops the link to the client's signal when a request is collected. */
  readonly request: Request;
  /** Aborts when nobody reads the stream any more. */
  readonly gone: AbortSignal;
}

/** The frames, each when its time has come. Throws when the request is aborted, or where the turn says that the stream is cut. */
async function* playback({ frames, turn, options, request, begun, gone }: Play): AsyncGenerator<Frame, void> {
  const signal = AbortSignal.any([request.signal, gone]);
  const pace = turn.paceMs ?? options.paceMs;
  const end = turn.malformed === 'cut' ? Math.ceil(frames.length / 2) : frames.length;
  await options.wait(turn.thinkMs ?? 0, signal);
  begun();
  for (const frame of frames.slice(0, end)) {
    if (frame.paced) await options.wait(pace, signal);
    request.signal.throwIfAborted();
    yield frame;
  }
  if (turn.malformed === 'cut') throw new Error('The scripted model broke the stream off.');
}

function streamOf(frames: AsyncGenerator<Frame, void>, gone: AbortController): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const next = await frames.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(frameText(next.value)));
    },
    async cancel() {
      gone.abort();
      await frames.return();
    },
  });
}
