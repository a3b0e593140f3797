/** Lets the first request of those that share a prefix go ahead, so that the others read from the prompt cache what it has written. */
import { createHash } from 'node:crypto';
import { type Asked, askedOf, onward } from './asked';
import type { Part } from './fetch';
import type { Time } from './time';
import { watched } from './watched';

export interface WarmupOptions {
  readonly time: Pick<Time, 'now' | 'wait'>;
  /** How long a cache keeps a prefix that nobody reads, in milliseconds; default: five minutes, as Anthropic's does. */
  readonly keptMs?: number;
}

const KEPT_MS = 5 * 60 * 1000;
/** For so long others wait for the first: a model that thinks for minutes before it says a word must not hold up a whole run for the price of a prefix. */
const PATIENCE_MS = 10_000;

/** A prefix: whether its first request has not answered yet, and when it was last asked with. */
interface Prefix {
  first: Promise<void> | undefined;
  usedAt: number;
}

/**
 * Requests of one model that are the same up to their first cache breakpoint share a prefix: tools, and the beginning of the system prompt. The first one goes;
 * the others wait for the first byte of its answer, ten seconds at most, for only then is the prefix in the cache, and go all at once. Where it fails or is aborted, the next one is the first.
 * A prefix that was not asked with for as long as a cache keeps it is cold again. Requests without a breakpoint there share nothing, and go as they come.
 * Belongs before the rate gate: who waits here takes nobody's place there.
 */
export function prefixWarmup({ time, keptMs = KEPT_MS }: WarmupOptions): Part {
  const prefixes = new Map<string, Prefix>();
  return (model) => async (request) => {
    const asked = await askedOf(request);
    const key = prefixOf(asked.content);
    if (key === undefined) return model(onward(request, asked));
    for (;;) {
      request.signal.throwIfAborted();
      const prefix = prefixes.get(key);
      if (prefix?.first !== undefined) {
        if (await isSettled(prefix.first, request.signal, time)) continue;
        request.signal.throwIfAborted();
        return model(onward(request, asked));
      }
      if (prefix !== undefined && time.now() - prefix.usedAt < keptMs) {
        prefix.usedAt = time.now();
        return model(onward(request, asked));
      }
      forgetCold();
      return goAhead(key, request, () => model(onward(request, asked)));
    }
  };

  /** Keeps the others waiting until the first byte is there, and makes way for the next where none comes. */
  async function goAhead(key: string, request: Request, ask: () => Promise<Response>): Promise<Response> {
    let tell: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const mine: Prefix = { first, usedAt: time.now() };
    prefixes.set(key, mine);
    const over = (isWarm: boolean) => {
      if (mine.first === undefined) return;
      mine.first = undefined;
      mine.usedAt = time.now();
      if (!isWarm) prefixes.delete(key);
      tell();
    };
    try {
      const response = await ask();
      return watched(response, request, { chunk: () => over(response.ok), end: () => over(false) });
    } catch (thrown) {
      over(false);
      throw thrown;
    }
  }

  function forgetCold(): void {
    for (const [key, { first, usedAt }] of prefixes) if (first === undefined && time.now() - usedAt >= keptMs) prefixes.delete(key);
  }
}

/** Whether the first is through in time; it is not waited for any longer by who is aborted. */
async function isSettled(first: Promise<void>, signal: AbortSignal, time: Pick<Time, 'wait'>): Promise<boolean> {
  const over = new AbortController();
  const leave = () => over.abort('aborted');
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();
  const settled = first.then(() => true);
  const isInTime = await Promise.race([settled, time.wait(PATIENCE_MS, over.signal).then(() => false)]);
  signal.removeEventListener('abort', leave);
  over.abort('over');
  return isInTime;
}

/** A hash of what a request begins with, up to its first breakpoint; undefined where there is none in its tools and its system prompt. */
function prefixOf({ model, tools, system }: Asked['content']): string | undefined {
  const blocks = [...(Array.isArray(tools) ? tools : []), ...(Array.isArray(system) ? system : [])];
  const end = blocks.findIndex(
    (block: unknown) => typeof block === 'object' && block !== null && 'cache_control' in block && Boolean(block.cache_control),
  );
  if (end < 0) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([model, blocks.slice(0, end + 1)]))
    .digest('hex');
}
