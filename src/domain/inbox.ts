/** The inbox: what waits for the person's answer. Of a run's state; what is asked, by whom, and what was answered. Pure. */
import * as z from 'zod';

/** What the person is asked. Of approvals, it is shown to them as it is: whoever approves approves just that. */
export const askSchema = z.discriminatedUnion('kind', [
  /** By an agent; with no options, the person writes the answer. */
  z.object({ kind: z.literal('question'), question: z.string(), options: z.array(z.string()) }),
  /** Whether a command may run on an agent's draft; `folder`: of which that is a copy. */
  z.object({ kind: z.literal('command'), command: z.string(), folder: z.string() }),
  /** Whether a tool of a server may be called; `input`: as JSON. */
  z.object({ kind: z.literal('mcp'), server: z.string(), tool: z.string(), input: z.string() }),
  /** Whether what a task did may land although it changes these files, which are protected; `why`: what makes them so. */
  z.object({ kind: z.literal('protected'), paths: z.array(z.string()), why: z.string() }),
  /** Whether what a task did may land. */
  z.object({ kind: z.literal('landing'), paths: z.array(z.string()) }),
  /** Anything else that the run needs decided, by one of the options. */
  z.object({ kind: z.literal('decision'), title: z.string(), detail: z.string(), options: z.array(z.string()).min(1) }),
]);
export type Ask = z.infer<typeof askSchema>;

/** For how much an approval holds: what asked for it, all later acts of these agents that are equal, or of all agents of the run. */
export const SCOPES = ['once', 'agents', 'run'] as const;
export type Scope = (typeof SCOPES)[number];

export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('approved'), scope: z.enum(SCOPES) }),
  /** `reason`: what the agent is told; may be empty. */
  z.object({ kind: z.literal('denied'), reason: z.string() }),
  /** Answers a question, or a decision. */
  z.object({ kind: z.literal('said'), text: z.string() }),
  /** Nobody answered in time. */
  z.object({ kind: z.literal('expired') }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** Who asked: the agent of a task by a call; without a call: the task's landing waits for it. */
export interface Asker {
  readonly task: string;
  readonly call: string | null;
}

export interface Item {
  /** Within its run. */
  readonly id: string;
  /** The same for what is equal: an approval is bound to it. */
  readonly key: string;
  readonly ask: Ask;
  /** None where the run itself asks. */
  readonly askers: readonly Asker[];
  /** Milliseconds since 1970. */
  readonly since: number;
  /** After so many seconds without an answer it expires; null: never. */
  readonly seconds: number | null;
  /** null as long as there is none. */
  readonly answer: Answer | null;
}
