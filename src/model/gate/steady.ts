/** Makes the faults of streams plain: what is silent, broken off or refused before it says anything is so at once, not in mid-stream. */
import * as z from 'zod';
import { type Asked, askedOf, onward } from '../asked';
import type { ModelFetch, Part } from '../fetch';
import { errorResponse, statusOfType } from '../messages';
import type { Time } from '../time';

export interface SteadyOptions {
  /** A stream without a byte for so many milliseconds is given up. */
  readonly silentMs: number;
  readonly time: Time;
}

/** An answer that comes whole is silent until it is done. */
const WHOLE = 10;
/** A stream that says nothing we know for so many bytes is handed on as it is. */
const MAX_HELD = 256 * 1024;
/** Many times what a model that keeps to its limit of tokens can say: who sends more would fill the memory of all. */
const MAX_ANSWER = 32 * 1024 * 1024;
/** Events that carry nothing of the answer: nothing is lost where the request is sent again after them. */
const PREFACE = new Set(['message_start', 'ping']);

/** Nothing came for too long. */
export class SilenceError extends Error {}

/**
 * Answers when the model says something: a stream is held back until its first event with content, an answer that comes whole until it is whole.
 * Until then a stream that breaks off, ends or falls silent is a rejection, and one that reports an error an answer with its status.
 * After that, a stream that falls silent, ends without its last event, or does not end, breaks off: whoever reads it gets an error, never half an answer as a whole one.
 */
export function steady(options: SteadyOptions): Part {
  return (model) => async (request) => {
    const asked = await askedOf(request);
    request.signal.throwIfAborted();
    const line = lineTo(model, request, asked, options);
    try {
      return await answerOn(line);
    } catch (thrown) {
      line.hangUp();
      throw thrown;
    }
  };
}

/** One connection, watched. */
interface Line {
  /** Held as long as the connection: Node drops the link to the signal of a request that is collected. */
  readonly sent: Request;
  readonly response: Promise<Response>;
  /** What comes next; a {@link SilenceError} where nothing does. */
  heard<T>(next: Promise<T>): Promise<T>;
  /** Ends the connection. */
  hangUp(): void;
  /** The connection has ended by itself. */
  end(): void;
}

function lineTo(model: ModelFetch, request: Request, asked: Asked, { silentMs, time }: SteadyOptions): Line {
  const most = asked.content.stream === true ? silentMs : silentMs * WHOLE;
  const stop = new AbortController();
  const over = new AbortController();
  let refuse: (thrown: unknown) => void = () => undefined;
  const gone = new Promise<never>((_resolve, reject) => {
    refuse = reject;
  });
  gone.catch(() => 'Whoever listens hears of it.');
  const leave = () => {
    stop.abort(request.signal.reason);
    refuse(request.signal.reason);
  };
  request.signal.addEventListener('abort', leave, { once: true });
  const end = () => {
    request.signal.removeEventListener('abort', leave);
    // With a reason: without one, an error is made, with its stack.
    over.abort('over');
  };
  /** Since when somebody listens; undefined while nobody does. */
  let since: number | undefined;
  let isGuarded = false;
  // One timer for many pieces: it is looked at anew when it goes off, not set anew with each of them.
  const guard = async () => {
    isGuarded = true;
    while (since !== undefined && !over.signal.aborted) {
      const left = since + most - time.elapsed();
      if (left > 0) await time.wait(left, over.signal);
      else {
        refuse(new SilenceError(`Nothing came from the model for ${Math.round(most / 1000)} s.`));
        break;
      }
    }
    isGuarded = false;
  };
  const heard = async <T>(next: Promise<T>): Promise<T> => {
    since = time.elapsed();
    if (!isGuarded) void guard();
    try {
      return await Promise.race([next, gone]);
    } catch (thrown) {
      request.signal.throwIfAborted();
      throw thrown;
    } finally {
      since = undefined;
    }
  };
  const sent = onward(request, asked, { signal: stop.signal });
  return {
    sent,
    response: heard(model(sent)),
    heard,
    hangUp: () => {
      end();
      stop.abort();
    },
    end,
  };
}

async function answerOn(line: Line): Promise<Response> {
  const response = await line.response;
  const init = { status: response.status, statusText: response.statusText, headers: response.headers };
  if (response.body === null) {
    line.end();
    return response;
  }
  if (response.ok && response.headers.get('content-type')?.startsWith('text/event-stream') === true)
    return streamed(response.body, init, line);
  const bytes = await line.heard(wholeOf(response.body));
  line.end();
  return new Response(bytes, init);
}

async function wholeOf(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  const size = sizeWatch();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size.see(next.value);
    chunks.push(next.value);
  }
  return Buffer.concat(chunks);
}

function sizeWatch(): { see(chunk: Uint8Array): void } {
  let size = 0;
  return {
    see: ({ length }) => {
      size += length;
      if (size > MAX_ANSWER) throw new Error(`The answer of the model has more than ${MAX_ANSWER / 1024 / 1024} MB.`);
    },
  };
}

async function streamed(body: ReadableStream<Uint8Array>, init: ResponseInit, line: Line): Promise<Response> {
  const reader = body.getReader();
  const held: Uint8Array[] = [];
  let preface = prefaceOf('');
  for (let size = 0; preface.kind === 'preface' && size < MAX_HELD; preface = prefaceOf(Buffer.concat(held).toString())) {
    const next = await line.heard(reader.read());
    if (next.done) throw new Error('The answer of the model broke off before it said anything.');
    held.push(next.value);
    size += next.value.length;
  }
  if (preface.kind === 'error') {
    line.hangUp();
    return errorResponse(statusOfType(preface.type), preface.type, preface.message);
  }
  const end = preface.started ? endWatch(held) : undefined;
  const size = sizeWatch();
  const rest = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        for (const chunk of held) controller.enqueue(chunk);
      },
      pull: async (controller) => {
        try {
          const next = await line.heard(reader.read());
          if (!next.done) {
            end?.see(next.value);
            size.see(next.value);
            return controller.enqueue(next.value);
          }
          if (end?.seen() === false) throw new Error('The answer of the model broke off.');
          line.end();
          controller.close();
        } catch (thrown) {
          line.hangUp();
          controller.error(thrown);
        }
      },
      cancel: async (reason) => {
        line.hangUp();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(rest, init);
}

/** How far a stream is: only its preface, an error instead of an answer, or something that is to be handed on. */
type Preface =
  | { readonly kind: 'preface'; readonly started: boolean }
  | { readonly kind: 'error'; readonly type: string; readonly message: string; readonly started: boolean }
  | { readonly kind: 'content'; readonly started: boolean };

const errorSchema = z.object({ error: z.object({ type: z.string(), message: z.string() }) });

/** What the events that are whole say. Some servers leave out the lines that name them. */
function prefaceOf(text: string): Preface {
  let started = false;
  for (const event of text.split(/\r?\n\r?\n/).slice(0, -1)) {
    const type = /^event: ?(\w+)/m.exec(event)?.[1] ?? /^data: ?\{"type": ?"(\w+)"/m.exec(event)?.[1];
    started ||= type === 'message_start';
    if (type === undefined ? /^(:|$)/.test(event) : PREFACE.has(type)) continue;
    const error = type === 'error' ? errorIn(event) : undefined;
    return error === undefined ? { kind: 'content', started } : { kind: 'error', ...error, started };
  }
  return { kind: 'preface', started };
}

function errorIn(event: string): { type: string; message: string } | undefined {
  try {
    return errorSchema.parse(JSON.parse(/^data: ?(.*)$/m.exec(event)?.[1] ?? '')).error;
  } catch {
    // It is not of the protocol: whoever asked gets it as it is.
    return undefined;
  }
}

/** Whether a stream has had its last event. What the model says cannot look like it: line ends are escaped there. */
function endWatch(begun: readonly Uint8Array[]): { see(chunk: Uint8Array): void; seen(): boolean } {
  let line = '';
  let ended = false;
  const see = (chunk: Uint8Array) => {
    if (ended) return;
    const text = line + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    ended = /^(event: ?message_stop|data: ?\{"type": ?"message_stop")/m.test(text);
    line = text.slice(text.lastIndexOf('\n') + 1).slice(0, 64);
  };
  begun.forEach(see);
  return { see, seen: () => ended };
}
