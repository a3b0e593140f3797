/** The scenario file: what the scripted model plays, in a form that a person can read and write. */
import * as z from 'zod';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { problemsText } from '../domain/plan';

const milliseconds = z.number().min(0);

const callSchema = z.strictObject({ tool: z.string().min(1), input: z.unknown() }).describe('A call of one tool.');

const errorSchema = z
  .strictObject({
    status: z.int().min(400).max(599),
    type: z.string().min(1).describe('As the API names it, such as overloaded_error.'),
    message: z.string(),
    headers: z.record(z.string(), z.string()).optional(),
    times: z.int().min(1).optional().describe('How many tries of the same request get it; the next one gets the answer. Default: all.'),
  })
  .describe('The server answers with an error instead.');

const turnSchema = z
  .strictObject({
    say: z.string().optional(),
    calls: z.array(callSchema).optional(),
    thinkMs: milliseconds.optional().describe('Pause before the first chunk, in milliseconds.'),
    paceMs: milliseconds.optional().describe('Pause before each chunk, in milliseconds. Default: that of the model.'),
    stop: z
      .enum(['end_turn', 'max_tokens', 'refusal', 'model_context_window_exceeded'])
      .optional()
      .describe('Default: tool_use where there are calls, else end_turn.'),
    error: errorSchema.optional(),
    malformed: z
      .enum(['cut', 'json'])
      .optional()
      .describe('cut: the stream breaks off half-way. json: the input of each call is not JSON (streams only).'),
  })
  .describe('One answer of the model.');

const turnsSchema = z.array(turnSchema);

export const scenarioSchema = z
  .strictObject({
    looks: turnsSchema.default([]).describe('What the planner does before it answers a planning request.'),
    plans: z.array(z.json()).default([]).describe('Answers to planning requests: the first, then those to corrections.'),
    tasks: z.record(z.string(), turnsSchema).default({}).describe('The turns of each task, by its id.'),
    otherwise: turnsSchema.optional().describe('The turns of every task that is not listed.'),
  })
  .describe('What the scripted model answers.');

export type Scenario = z.infer<typeof scenarioSchema>;
export type Turn = z.infer<typeof turnSchema>;

/** Reads a scenario from JSON text. Failing, it names each field that does not fit; `source` is the file, for the message. */
export function readScenario(text: string, source: string): Result<Scenario> {
  let data: unknown;
  try {
    data = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (thrown) {
    return fail('input', `${source} is not JSON: ${thrownText(thrown)}.`, 'Mend the JSON of the scenario.');
  }
  const parsed = scenarioSchema.safeParse(data);
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues.map((issue) => ({
    at: issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
    message: issue.message,
  }));
  return fail('input', `${source} is not a usable scenario: ${problemsText(problems)}.`, 'Mend these fields.');
}
