/** The one place where requests wait and are tried again: shared by all agents and worker processes of a key, so that they do not fight for its limit. */
import { thrownText } from '../../domain/failure';
import { type About, aboutOf } from '../about';
import { askedOf, onward } from '../asked';
import type { Part } from '../fetch';
import { NO_ANSWER, noAnswer } from '../messages';
import type { Time } from '../time';
import { watched } from '../watched';
import { pauseMs, retryAfterMs } from './pace';
import { SilenceError } from './steady';
import { type Comer, type Pass, turnstile, type Why } from './turnstile';

/** What is to be seen of a request that waits. Each `waits` takes the place of the one before; `over` comes once, if it waited at all. */
export type Waiting =
  | {
      readonly kind: 'waits';
      readonly about: About;
      readonly why: Why;
      /** How long it will be, as far as that is known. */
      readonly ms: number | undefined;
    }
  | { readonly kind: 'over'; readonly about: About };

export interface GateOptions {
  /** Most requests at once. */
  readonly atOnce: number;
  readonly time: Time;
  readonly onWaiting: (waiting: Waiting) => void;
  /** How long one request is tried for while the server says that it has too much to do; default: an hour. */
  readonly busyMs?: number;
  /** How often one request is tried again after other faults in a row; default: six times, which takes about a minute. Twice where nothing was ever heard of the server. */
  readonly tries?: number;
}

const BUSY_MS = 60 * 60 * 1000;
const TRIES = 6;
/** A server that has never answered is hardly away for a moment: its address is wrong, or it was not started. */
const FIRST_TRIES = 2;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** A server may say that it wants to be asked again at once, and not mean it: pauses are never shorter than one that grows from this. */
const LEAST_PAUSE_MS = 1;
/** The count that the SDK sends with its own tries. */
const RETRY_HEADER = 'x-stainless-retry-count';

/** What came of one try: something to hand on, or a fault, and what to hand on if it was the last one. */
type Outcome =
  | { readonly kind: 'answer'; readonly response: Response }
  | { readonly kind: 'fault'; readonly why: Exclude<Why, 'turn'>; readonly ms: number | undefined; readonly last: () => Response };

/**
 * A gate: all models that are put behind it share its limit. Runs and tasks take turns; at most `atOnce` requests are on their way, fewer
 * while the server says 429 or 529. 429 parks all of them for as long as the server says; every other fault (408, 409, 425, 5xx, no
 * connection, a broken or silent one) only its own request, with a growing pause.
 * Who asks sees none of it, but gets what came last when patience ends, as an answer that the SDK does not try again.
 * After an answer was handed on nothing is tried again: if it breaks off then, its reader sees that, and asks anew. So {@link steady} belongs
 * behind the gate, which hands nothing on that has no content. An aborted request is out at once, wherever it is.
 */
export function rateGate({ atOnce, time, onWaiting, busyMs = BUSY_MS, tries: most = TRIES }: GateOptions): Part {
  const stile = turnstile({ atOnce, time });
  let isKnown = false;
  const growing = (first: number, tries: number) => Math.min(MAX_PAUSE_MS, first * 2 ** tries);
  const backoff = (tries: number) => growing(FIRST_PAUSE_MS, tries) * (0.5 + time.random() / 2);

  return (model) => async (request) => {
    const { signal } = request;
    const asked = await askedOf(request);
    const comer = waiter(aboutOf(request), signal, onWaiting);
    const since = time.elapsed();
    let faults = 0;
    try {
      for (let tries = 0; ; tries += 1) {
        const pass = await stile.enter(comer, tries === 0 ? 'last' : 'first');
        comer.over();
        const sent = onward(request, asked, tries === 0 ? {} : { headers: { [RETRY_HEADER]: String(tries) } });
        const outcome = await tried(() => model(sent), { request, pass, time });
        isKnown ||= outcome.kind === 'answer' || (outcome.why !== 'lost' && outcome.why !== 'silent');
        if (outcome.kind === 'answer') {
          stile.park(pauseMs(outcome.response.headers, time.now()));
          return outcome.response;
        }
        const ms = outcome.ms === undefined ? backoff(tries) : Math.max(outcome.ms, growing(LEAST_PAUSE_MS, tries));
        const isBusy = outcome.why === 'limit' || outcome.why === 'overloaded';
        if (!isBusy) faults += 1;
        if (faults > (isKnown ? most : Math.min(most, FIRST_TRIES)) || (isBusy && time.elapsed() + ms - since > busyMs))
          return outcome.last();
        if (outcome.why === 'limit') stile.park(ms);
        else {
          comer.waits(outcome.why, ms);
          await time.wait(ms, signal);
          signal.throwIfAborted();
        }
      }
    } finally {
      comer.over();
    }
  };
}

function waiter(about: About, signal: AbortSignal, onWaiting: GateOptions['onWaiting']) {
  let waits = false;
  return {
    about,
    signal,
    waits: (why: Why, ms: number | undefined) => {
      waits = true;
      onWaiting({ kind: 'waits', about, why, ms });
    },
    over: () => {
      if (waits) onWaiting({ kind: 'over', about });
      waits = false;
    },
  } satisfies Comer & { over(): void };
}

/** Rejects only where the request was aborted. The pass is given back when the answer is through. */
async function tried(
  ask: () => Promise<Response>,
  { request, pass, time }: { request: Request; pass: Pass; time: Time },
): Promise<Outcome> {
  try {
    const response = await ask();
    const why = faultOf(response);
    if (why === undefined) {
      if (response.ok) pass.grow();
      return { kind: 'answer', response: watched(response, request, { end: pass.leave }) };
    }
    if (why === 'limit' || why === 'overloaded') pass.shrink();
    const { status, statusText, headers } = response;
    const bytes = await response.arrayBuffer();
    pass.leave();
    const ms = retryAfterMs(headers, time.now());
    return { kind: 'fault', why: saysNoAnswer(bytes) ? 'lost' : why, ms, last: () => last(bytes, { status, statusText, headers }) };
  } catch (thrown) {
    pass.leave();
    request.signal.throwIfAborted();
    return {
      kind: 'fault',
      why: thrown instanceof SilenceError ? 'silent' : 'lost',
      ms: undefined,
      last: () => noAnswer(thrownText(thrown)),
    };
  }
}

/** What stands for an answer where there is none: a breaker that is open gives it. */
function saysNoAnswer(bytes: ArrayBuffer): boolean {
  return Buffer.from(bytes).includes(`"type":"${NO_ANSWER}"`);
}

/** Undefined where trying again would not help; the server knows best. */
function faultOf({ status, headers }: Response): 'limit' | 'overloaded' | 'error' | undefined {
  const advice = headers.get('x-should-retry');
  if (status < 400 || advice === 'false') return undefined;
  if (status === 429) return 'limit';
  if (status === 529 || status === 503) return 'overloaded';
  return advice === 'true' || [408, 409, 425].includes(status) || status >= 500 ? 'error' : undefined;
}

function last(bytes: ArrayBuffer, init: { status: number; statusText: string; headers: Headers }): Response {
  const headers = new Headers(init.headers);
  headers.set('x-should-retry', 'false');
  return new Response(bytes, { ...init, headers });
}
