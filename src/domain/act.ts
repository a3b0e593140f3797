/** What an agent asks of its host beside other agents: to run a command, to ask the person, to look at problems, to call a tool of a server. Data: it travels between processes. */
import * as z from 'zod';

export const actSchema = z.discriminatedUnion('kind', [
  /** `seconds`: how long it may take. */
  z.strictObject({ kind: z.literal('command'), command: z.string().min(1), seconds: z.number().positive().exactOptional() }),
  /** `options`: answers to choose from; with none, the person writes one. */
  z.strictObject({ kind: z.literal('question'), question: z.string().min(1), options: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('diagnostics'), paths: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('mcp'), server: z.string(), tool: z.string(), input: z.record(z.string(), z.unknown()) }),
]);
export type Act = z.infer<typeof actSchema>;
export type ActOf<Kind extends Act['kind']> = Extract<Act, { kind: Kind }>;

export interface ActRequest {
  /** The id of the agent's call: one that is made again after a crash finds by it what was answered. */
  readonly call: string;
  /** Commit of the agent's draft as it is, on top of its job's base; null where it has changed nothing. */
  readonly draft: string | null;
  readonly act: Act;
}

export const actAnswerSchema = z.strictObject({
  text: z.string(),
  /** Whether the agent is told it as an error. */
  isError: z.boolean(),
  /** Commit that the agent's draft becomes; absent: it stays as it is. */
  draft: z.string().exactOptional(),
  images: z.array(z.strictObject({ mediaType: z.string(), base64: z.string() })).exactOptional(),
});
export type ActAnswer = z.infer<typeof actAnswerSchema>;

/** Which acts an agent is offered. */
export const offersSchema = z.strictObject({
  commands: z.boolean(),
  questions: z.boolean(),
  diagnostics: z.boolean(),
  mcp: z.array(
    z.strictObject({ server: z.string(), tool: z.string(), description: z.string(), inputSchema: z.record(z.string(), z.unknown()) }),
  ),
});
export type Offers = z.infer<typeof offersSchema>;

export const NO_OFFERS: Offers = { commands: false, questions: false, diagnostics: false, mcp: [] };
