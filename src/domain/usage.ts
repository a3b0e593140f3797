/** Tokens and what they cost. */
import * as z from 'zod';

/** Tokens of one request or a sum of requests, as the Messages API counts them. */
export const usageSchema = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
});
export type Usage = z.infer<typeof usageSchema>;

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

/** Dollars per million tokens of input and output. Cache writes cost 1.25 times the input, cache reads a tenth of it. */
interface Price {
  readonly input: number;
  readonly output: number;
}

/**
 * List prices by family, read on 2026-11-20 from the overview pages of the models in Anthropic's documentation.
 * A model that no row matches has no known cost: that is said, never shown as 0.
 */
const PRICES: readonly (readonly [RegExp, Price])[] = [
  [/^claude-sonnet-5(-5)?(-\d{8})?$/, { input: 2, output: 10 }],
  [/^claude-opus-5(-\d{8})?$/, { input: 5, output: 25 }],
  [/^claude-opus-4-[5-8]/, { input: 5, output: 25 }],
  [/^claude-sonnet-4-[56]/, { input: 3, output: 15 }],
  [/^claude-haiku-4-5/, { input: 1, output: 5 }],
  // A scenario that is played costs nothing.
  [/^scripted:/, { input: 0, output: 0 }],
];

/** What a usage costs in dollars, or undefined where the model's price is not known. */
export function costOf(usage: Usage, model: string): number | undefined {
  const price = PRICES.find(([pattern]) => pattern.test(model))?.[1];
  if (price === undefined) return undefined;
  return ((usage.input + 1.25 * usage.cacheWrite + 0.1 * usage.cacheRead) * price.input + usage.output * price.output) / 1e6;
}
