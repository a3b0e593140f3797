/** What a request may cost at most. */
import { type OwnPrices, priceOf } from '../../domain/prices';
import type { Asked } from '../asked';
import type { Cost } from './account';

/** So few bytes of a body make a token, at the densest; prose takes four or five, code three. */
const BYTES_A_TOKEN = 2;
/** Whatever its size. */
const IMAGE_TOKENS = 5000;
/** A document's pages count as text and as images; there may be a hundred. */
const DOCUMENT_BYTES_A_TOKEN = 1.5;
const MAX_DOCUMENT_TOKENS = 300_000;
/** Where a request names no limit of its own. */
const MAX_TOKENS = 32_000;

export interface WorstCaseOptions {
  readonly prices: OwnPrices;
  /** Models that may answer in the place of the one that is asked. */
  readonly fallbacks: readonly string[];
}

/**
 * As if nothing were read from a cache, all of it were written to one, and the model wrote as much as it may; at the price of the dearest model
 * that may answer. Dollars are undefined where the price of one of them is not known.
 */
export function worstCase({ bytes, content }: Asked, { prices, fallbacks }: WorstCaseOptions): Cost {
  const input = inputTokens(bytes.length, content);
  const output = content.max_tokens ?? MAX_TOKENS;
  const costs = [content.model ?? '', ...fallbacks].map((model) => {
    const price = priceOf(model, prices);
    if (price === undefined) return Number.NaN;
    return (input * Math.max(price.input, price.cacheWrite ?? 1.25 * price.input) + output * price.output) / 1e6;
  });
  const usd = Math.max(...costs);
  return { usd: Number.isNaN(usd) ? undefined : usd, tokens: input + output };
}

/** Images and documents are counted apart: they are no text. */
function inputTokens(bytes: number, content: unknown): number {
  let text = bytes;
  let other = 0;
  const look = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(look);
    else if (isRecord(part)) {
      const data = isRecord(part['source']) ? part['source']['data'] : undefined;
      if (typeof data === 'string' && (part['type'] === 'image' || part['type'] === 'document')) {
        text -= data.length;
        other += part['type'] === 'image' ? IMAGE_TOKENS : Math.min(data.length / DOCUMENT_BYTES_A_TOKEN, MAX_DOCUMENT_TOKENS);
      } else Object.values(part).forEach(look);
    }
  };
  look(isRecord(content) ? content['messages'] : undefined);
  return Math.ceil(text / BYTES_A_TOKEN + other);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
