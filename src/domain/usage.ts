/** Tokens and what they cost. */
import * as z from 'zod';
import { type OwnPrices, priceOf } from './prices';

/** Tokens of one request or a sum of requests, as the Messages API counts them. */
export const usageSchema = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
});
export type Usage = z.infer<typeof usageSchema>;

/** More than any model takes in or gives out at once. */
const MOST_TOKENS = 1e9;

/** A number of tokens as a server reports it; undefined where it says none, or what cannot be one: it would be counted against a budget. */
export const reportedTokens = z.number().min(0).max(MOST_TOKENS).optional().catch(undefined);

export const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

/** All tokens, cached or not. */
export function totalTokens(usage: Usage): number {
  return usage.input + usage.output + usage.cacheRead + usage.cacheWrite;
}

/** What a usage costs in dollars, or undefined where the model's price is not known. */
export function costOf(usage: Usage, model: string, own?: OwnPrices): number | undefined {
  const price = priceOf(model, own);
  if (price === undefined) return undefined;
  const { input, output, cacheRead = 0.1 * input, cacheWrite = 1.25 * input } = price;
  return (usage.input * input + usage.cacheWrite * cacheWrite + usage.cacheRead * cacheRead + usage.output * output) / 1e6;
}
