/** Takes a model that keeps failing out for a while, and asks others in its place. */
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel';
import * as z from 'zod';
import { thrownText } from '../domain/failure';
import { type About, aboutOf } from './about';
import { type Asked, askedOf, onward } from './asked';
import type { Part } from './fetch';
import { errorResponse, NO_ANSWER } from './messages';
import type { Time } from './time';

/** What is to be seen of a model that fails, and of what takes its place. */
export type BreakerEvent =
  /** It is asked; nothing is asked of it for a while, since `why`; it is tried with one request. */
  | { readonly kind: 'closed'; readonly model: string }
  | { readonly kind: 'open'; readonly model: string; readonly why: string }
  | { readonly kind: 'half-open'; readonly model: string }
  /** A request of `model` is answered by another one. */
  | { readonly kind: 'fallback'; readonly about: About; readonly model: string; readonly by: string }
  /** It should have been, but the other one refused it. */
  | { readonly kind: 'refused'; readonly about: About; readonly model: string; readonly by: string; readonly why: string };

export interface BreakerOptions {
  /** Models to ask instead, the best first, for a request of any model; they are servers' names, as in `weft.fallbackModels`. */
  readonly fallbacks: readonly string[];
  readonly time: Time;
  readonly onEvent: (event: BreakerEvent) => void;
  /** So many faults in a row open the breaker of a model; default: 5. */
  readonly faults?: number;
  /** An open one tries its model again after so many milliseconds; default: 20,000. */
  readonly openMs?: number;
}

const FAULTS = 5;
const OPEN_MS = 20_000;

/**
 * Puts a breaker before each model that is asked. Faults (5xx, no answer; not 429, which says that the model works) that come in a row open it:
 * then the first fallback whose own breaker is not open, and which does not refuse the request, answers under its own name. After a while one
 * request tries the model, and closes the breaker, or not. Where nothing is left to ask, the last fault of the model is said again, with when it is tried next.
 * Belongs behind the rate gate, so that it sees each try, and before {@link steady}, so that it sees each fault.
 */
export function breaker(options: BreakerOptions): Part {
  const { fallbacks, onEvent } = options;
  const circuits = new Map<string, Circuit>();
  const circuitOf = (name: string) => {
    const circuit = circuits.get(name) ?? circuitFor(name, options);
    circuits.set(name, circuit);
    return circuit;
  };
  return (model) => async (request) => {
    const asked = await askedOf(request);
    const wanted = asked.content.model;
    // A request that names none is for the server to refuse.
    if (wanted === undefined) return model(onward(request, asked));
    const about = aboutOf(request);
    let fault: Tried | undefined;
    for (const name of [wanted, ...fallbacks.filter((other) => other !== wanted)]) {
      const tried = await circuitOf(name).ask(() => model(naming(name, request, asked)), request.signal);
      if (tried.kind === 'shut') continue;
      if (tried.kind === 'answer' && name !== wanted) {
        if (isRefusal(tried.response)) {
          onEvent({ kind: 'refused', about, model: wanted, by: name, why: await whyOf(tried.response) });
          continue;
        }
        onEvent({ kind: 'fallback', about, model: wanted, by: name });
      }
      if (tried.kind === 'answer') return tried.response;
      fault = tried;
      // As long as it may be asked again, it is.
      if (!circuitOf(name).isOpen()) break;
    }
    if (fault?.kind === 'none') throw fault.thrown;
    return fault?.kind === 'fault' ? fault.response : circuitOf(wanted).again();
  };
}

/** The same request, for a model of that name. */
function naming(name: string, request: Request, asked: Asked): Request {
  return onward(request, asked, name === asked.content.model ? {} : { content: { ...asked.content, model: name } });
}

/** What came of one try: an answer, whatever it says; a fault of the server; a rejection; or nothing was asked, for the breaker is open. */
type Tried =
  | { readonly kind: 'answer' | 'fault'; readonly response: Response }
  | { readonly kind: 'none'; readonly thrown: unknown }
  | { readonly kind: 'shut' };

/** A model behind its breaker. */
interface Circuit {
  /** Rejects only where the request was aborted. */
  ask(model: () => Promise<Response>, signal: AbortSignal): Promise<Tried>;
  isOpen(): boolean;
  /** The last fault, with when the model is tried next. */
  again(): Response;
}

/** A rejection that counts. */
class Fault extends Error {
  constructor(readonly thrown: unknown) {
    super(thrownText(thrown));
  }
}

function circuitFor(model: string, { time, onEvent, faults = FAULTS, openMs = OPEN_MS }: BreakerOptions): Circuit {
  const counted = handleWhen((thrown) => thrown instanceof Fault).orWhenResult((tried) => (tried as Tried).kind === 'fault');
  const policy = circuitBreaker(counted, { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(faults) });
  let last = { why: '', again: (headers: Readonly<Record<string, string>>) => errorResponse(502, NO_ANSWER, '', headers) };
  let openedAt = 0;
  policy.onBreak(() => {
    openedAt = time.elapsed();
    onEvent({ kind: 'open', model, why: last.why });
  });
  policy.onHalfOpen(() => onEvent({ kind: 'half-open', model }));
  policy.onReset(() => onEvent({ kind: 'closed', model }));

  async function attempt(ask: () => Promise<Response>, signal: AbortSignal): Promise<Tried> {
    try {
      const response = await ask();
      if (response.status < 500) return { kind: 'answer', response };
      const { status, statusText, headers } = response;
      const bytes = await response.arrayBuffer();
      const again = (more: Readonly<Record<string, string>>) => {
        const all = new Headers(headers);
        for (const [name, value] of Object.entries(more)) all.set(name, value);
        return new Response(bytes, { status, statusText, headers: all });
      };
      last = { why: await whyOf(again({})), again };
      return { kind: 'fault', response: again({}) };
    } catch (thrown) {
      // An aborted request says nothing of the model, unless it was the one that tried it: then that is still to be done.
      if (signal.aborted && policy.state !== CircuitState.HalfOpen) throw thrown;
      const why = thrownText(thrown);
      if (!signal.aborted) last = { why, again: (headers) => errorResponse(502, NO_ANSWER, why, headers) };
      throw new Fault(thrown);
    }
  }

  return {
    ask: async (ask, signal) => {
      // It is being tried: whoever comes meanwhile would have to wait for that.
      if (policy.state === CircuitState.HalfOpen) return { kind: 'shut' };
      try {
        return await policy.execute(() => attempt(ask, signal));
      } catch (thrown) {
        signal.throwIfAborted();
        if (isBrokenCircuitError(thrown)) return { kind: 'shut' };
        if (thrown instanceof Fault) return { kind: 'none', thrown: thrown.thrown };
        throw thrown;
      }
    },
    isOpen: () => policy.state === CircuitState.Open,
    again: () => last.again({ 'retry-after-ms': String(Math.max(1000, openedAt + openMs - time.elapsed())) }),
  };
}

/** The request is not for this model, or the model is not there; a limit is no refusal. */
function isRefusal({ status }: Response): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

const errorSchema = z.object({ error: z.object({ message: z.string() }) });

/** Takes the body of the response. */
async function whyOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const said = errorSchema.safeParse(body);
  return said.success ? `${response.status}: ${said.data.error.message}` : String(response.status);
}
