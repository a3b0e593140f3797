/** A model of the editor as a fetch function: no key is needed, and nothing is sent but by the editor. */
import { never } from '../../domain/failure';
import { askedOf, onward } from '../asked';
import type { ModelFetch } from '../fetch';
import { EDITOR_ERROR, errorResponse, frameText } from '../messages';
import type { Wait } from '../time';
import { type AnswerOptions, answerFrames, wholeAnswer } from './answer';
import { EDITOR_PREFIX, EditorError, type EditorModel, type EditorModels, type EditorSaid } from './editor';
import { editorRequest, textOf } from './request';

export interface EditorModelOptions {
  readonly models: EditorModels;
  /** A new id for an answer. */
  readonly id: () => string;
  readonly wait: Wait;
}

/** A token is about so many characters, where the model does not count them. */
const CHARACTERS_A_TOKEN = 4;
/** An answer that is there does not wait longer than this for its tokens to be counted. */
const COUNTING_MS = 5000;

/**
 * Requests for models whose names begin with `vscode:` go to the editor, all others to `rest`. What the editor does not say is made up for: tokens are
 * counted by the model, or estimated; troubles are errors of the API, with its own type (`EDITOR_ERROR`) where the person has to do something in the editor.
 * Aborting the request's signal cancels what was asked, and so does a reader that goes away.
 */
export function editorModel(options: EditorModelOptions, rest: ModelFetch): ModelFetch {
  return async (request) => {
    // It names no model: which ones a server has is asked so.
    if (request.method !== 'POST') return rest(request);
    const asked = await askedOf(request);
    const name = asked.content.model ?? '';
    if (!name.startsWith(EDITOR_PREFIX)) return rest(onward(request, asked));
    const { signal } = request;
    signal.throwIfAborted();
    const path = new URL(request.url).pathname;
    if (!path.endsWith('/v1/messages'))
      return errorResponse(404, 'not_found_error', `Models of the editor answer /v1/messages, not ${path}.`);
    const body = editorRequest(asked.content);
    if (!body.ok) return errorResponse(400, 'invalid_request_error', body.failure.message);
    const stop = new AbortController();
    // Whoever goes away, the one who asks or the one who reads, ends the request.
    const either = AbortSignal.any([signal, stop.signal]);
    try {
      const model = await options.models(name);
      if (model === undefined) throw new EditorError('gone', `VS Code has no model “${name}” now.`);
      const said = model.ask(body.value.ask, either)[Symbol.asyncIterator]();
      const first = await said.next();
      const pieces = from(first, said);
      const answer = { id: options.id(), model: name, ...counting(model, textOf(body.value.ask), { options, signal: either }) };
      if (!body.value.stream) return Response.json(await wholeAnswer(pieces, answer));
      return new Response(streamOf(pieces, answer, { request, stop }), { headers: { 'content-type': 'text/event-stream' } });
    } catch (thrown) {
      stop.abort();
      signal.throwIfAborted();
      return troubleResponse(thrown);
    }
  };
}

async function* from(first: IteratorResult<EditorSaid>, rest: AsyncIterator<EditorSaid>): AsyncGenerator<EditorSaid, void> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

interface Counting {
  readonly options: EditorModelOptions;
  readonly signal: AbortSignal;
}

/** The request is counted while its answer comes. */
function counting(model: EditorModel, text: string, { options, signal }: Counting): Pick<AnswerOptions, 'inputGuess' | 'count'> {
  const guess = (of: string) => Math.ceil(of.length / CHARACTERS_A_TOKEN);
  // A model that cannot count still answers.
  const counted = (of: string) => model.countTokens(of, signal).catch(() => guess(of));
  const input = counted(text);
  return {
    inputGuess: guess(text),
    count: async (answer) => {
      const over = new AbortController();
      const both = Promise.all([input, counted(answer)]);
      const late = options.wait(COUNTING_MS, over.signal).then(() => [guess(text), guess(answer)] as const);
      const [inputTokens, output] = await Promise.race([both, late]);
      over.abort();
      return { input: inputTokens, output };
    },
  };
}

interface Ends {
  /** Held as long as the stream: Node drops the link to the signal of a request that is collected. */
  readonly request: Request;
  readonly stop: AbortController;
}

/** A trouble in mid-stream is an event of the stream; an abort breaks it off. */
function streamOf(pieces: AsyncIterable<EditorSaid>, answer: AnswerOptions, { request, stop }: Ends): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const frames = answerFrames(pieces, answer);
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await frames.next();
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch (thrown) {
        stop.abort();
        request.signal.throwIfAborted();
        const { type, message } = troubleOf(thrown);
        const data = { type: 'error', error: { type, message } };
        controller.enqueue(encoder.encode(frameText({ data, paced: false })));
        controller.close();
      }
    },
    async cancel() {
      stop.abort();
      await frames.return();
    },
  });
}

function troubleResponse(thrown: unknown): Response {
  const { status, type, message } = troubleOf(thrown);
  return errorResponse(status, type, message);
}

function troubleOf(thrown: unknown): { status: number; type: string; message: string } {
  // Anything else is a bug of ours.
  if (!(thrown instanceof EditorError)) throw thrown;
  const { trouble, message } = thrown;
  switch (trouble) {
    case 'denied':
      return { status: 403, type: EDITOR_ERROR, message };
    case 'gone':
      return { status: 404, type: EDITOR_ERROR, message };
    case 'blocked':
    case 'refused':
      return { status: 400, type: EDITOR_ERROR, message };
    case 'long':
      return { status: 400, type: 'invalid_request_error', message: `The prompt is too long for the model: ${message}` };
    case 'limit':
      return { status: 429, type: 'rate_limit_error', message };
    case 'failed':
      return { status: 500, type: 'api_error', message };
    default:
      return never(trouble);
  }
}
