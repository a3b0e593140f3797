/** What the headers of an answer say about when the next request may come. */

/** The kinds of limit that Anthropic counts. */
const COUNTED = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;
/** Tokens come back bit by bit: a tenth of them is enough for most requests. */
const ENOUGH = 10;

/** Milliseconds after which the server wants to be asked again; undefined where it does not say. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const precise = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (precise >= 0) return precise;
  const raw = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(raw)) return Number(raw) * 1000;
  return until(raw, headers, now);
}

/** Milliseconds until a limit that is used up has room for a request again, as the `anthropic-ratelimit-…` headers say; 0 where none is. */
export function pauseMs(headers: Headers, now: number): number {
  const pauses = COUNTED.map((counted) => {
    const value = (name: string) => headers.get(`anthropic-ratelimit-${counted}-${name}`) ?? '';
    if (value('remaining') !== '0') return 0;
    // The time of the reset is when all of it is back.
    const share = counted === 'requests' ? Math.max(1, Number(value('limit')) || 1) : ENOUGH;
    return (until(value('reset'), headers, now) ?? 0) / share;
  });
  return Math.max(...pauses);
}

/** By the server's own clock, where it tells the time. */
function until(date: string, headers: Headers, now: number): number | undefined {
  const at = Date.parse(date);
  if (Number.isNaN(at)) return undefined;
  const theirs = Date.parse(headers.get('date') ?? '');
  return Math.max(0, at - (Number.isNaN(theirs) ? now : theirs));
}
