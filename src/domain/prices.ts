/** What models cost: one dated table, which settings override. */
import * as z from 'zod';
import { fail, ok, type Result } from './failure';

const dollars = z.number().min(0);

const priceSchema = z.strictObject({
  input: dollars,
  output: dollars,
  cacheRead: dollars.optional().describe('Default: a tenth of the input.'),
  cacheWrite: dollars.optional().describe('Default: 1.25 times the input.'),
});

/** Dollars per million tokens. Absent: cache writes cost 1.25 times the input, cache reads a tenth of it, as Anthropic’s do. */
export type Price = z.infer<typeof priceSchema>;

export const ownPricesSchema = z.record(z.string().min(1), priceSchema);

/** Prices that settings give, by the name of a model; a name that ends in `*` stands for all that begin so. The first that matches counts. */
export type OwnPrices = Readonly<Record<string, Price>>;

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
  // What is played costs nothing.
  [/^(scripted|recorded):/, { input: 0, output: 0 }],
];

/** Anthropic's models that can be chosen without asking its server: the newest of each family of the table. */
export const KNOWN_MODELS: readonly string[] = ['claude-sonnet-5-5', 'claude-opus-5', 'claude-haiku-4-5'];

/** Undefined where it is not known. */
export function priceOf(model: string, own: OwnPrices = {}): Price | undefined {
  const set = Object.entries(own).find(([name]) => (name.endsWith('*') ? model.startsWith(name.slice(0, -1)) : model === name));
  return set?.[1] ?? PRICES.find(([pattern]) => pattern.test(model))?.[1];
}

/** Those of which no price is known, each once. */
export function withoutPrice(models: readonly string[], own: OwnPrices): string[] {
  return [...new Set(models)].filter((model) => priceOf(model, own) === undefined);
}

/** Reads prices that the person set, in the place of that name. Failing, it names the model and the field. */
export function readPrices(setting: unknown, source = 'weft.prices'): Result<OwnPrices> {
  const parsed = ownPricesSchema.safeParse(setting ?? {});
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  );
  return fail(
    'input',
    `The prices in ${source} cannot be used: ${problems.join('; ')}.`,
    'Give each model its price in dollars per million tokens: { "my-model": { "input": 1, "output": 5 } }.',
  );
}
