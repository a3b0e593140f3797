/** What a tool is: a value with a name, a description and an input for the model, and what it does at an agent's desk. */
import * as z from 'zod';
import type { Act, ActAnswer } from '../../domain/act';
import { fail, ok, type Result } from '../../domain/failure';
import type { Child, Spawned } from '../../domain/spawn';
import type { Draft } from '../../repo/draft/draft';
import type { Answer } from '../media';

/** What a tool works with: one agent's draft, and the way to end its work. */
export interface Desk {
  readonly draft: Draft;
  /** The agent is done, and this is what it did. */
  readonly finish: (summary: string) => void;
  /** The agent decides nothing, and this is why: the person does. */
  readonly leaveOpen: (why: string) => void;
  /** Has other agents do parts of the task; resolves when all of them are over, and what they changed is in the draft. */
  readonly spawn: (call: string, parts: readonly Child[]) => Promise<Result<Spawned>>;
  /** Has the host act for the agent; resolves when it has, and what came of it is in the draft. May wait for the person. */
  readonly act: (act: Act) => Promise<Result<ActAnswer>>;
  /** The id of the call at hand: the same when it is made again after a crash. */
  readonly call: string;
  readonly signal: AbortSignal;
}

/** A tool as the loop knows it: `raw` is the model's input, not yet checked. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Whether it can change files: a role that reads only does not get it. */
  readonly writes: boolean;
  /** JSON schema of the input, of type object. */
  readonly inputSchema: { type: 'object'; [keyword: string]: unknown };
  /** What a call does, in a few words for a person: “Reading src/a.ts”. */
  step(raw: unknown): string;
  /** What the model is told: the answer, or what is wrong and what to do next. Never rejects for what the model did. */
  call(raw: unknown, desk: Desk): Promise<Result<Answer>>;
}

/** Makes a {@link Tool}: `step` and `run` get an input that fits the schema; an answer that is a text alone can be given as such. */
export function tool<Input extends z.ZodObject>(definition: {
  name: string;
  description: string;
  writes: boolean;
  input: Input;
  step: (input: z.infer<Input>) => string;
  run: (input: z.infer<Input>, desk: Desk) => Promise<Result<string | Answer>>;
}): Tool {
  const { name, description, writes, input, step, run } = definition;
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input' });
  return {
    name,
    description,
    writes,
    inputSchema: { ...schema, type: 'object' },
    step(raw) {
      const parsed = input.safeParse(raw);
      return parsed.success ? step(parsed.data) : `Calling ${name}`;
    },
    async call(raw, desk) {
      const parsed = input.safeParse(raw);
      if (parsed.success) {
        const said = await run(parsed.data, desk);
        return said.ok ? ok(typeof said.value === 'string' ? { text: said.value, media: [] } : said.value) : said;
      }
      const problems = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'input'}: ${issue.message}`);
      return fail(
        'input',
        `The input of ${name} does not fit its schema (${problems.join('; ')}).`,
        'Call it again with an input that fits.',
      );
    },
  };
}
