/** What an agent asks of its run when it has others do a part of its task, and what it gets back. Data: it travels between processes. */
import * as z from 'zod';
import type { Read } from './changes';
import { HAS_NUL } from './plan';
import { roleNameSchema } from './role';

const hasNoNul = (text: string) => !text.includes('\0');

/** A part of an agent's task, for another agent. `name`: by which its siblings depend on it. */
export const childSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be letters, digits, “-” or “_”, at most 64, and begin with a letter or digit')
    .describe('Short name of the part, unique among these.'),
  title: z.string().min(1).max(200).refine(hasNoNul, HAS_NUL).describe('What it does, in a few words.'),
  role: roleNameSchema.optional().describe('What kind of agent does it. Left out, the words of its title and instructions say it.'),
  instructions: z
    .string()
    .min(1)
    .refine(hasNoNul, HAS_NUL)
    .describe('What the agent is told to do. It sees your draft as it is now, but neither your conversation nor the other agents.'),
  dependsOn: z.array(z.string()).default([]).describe('Names of the parts that must be done before this one starts.'),
  writes: z.array(z.string()).default([]).describe('Forecast of the files that it will change (globs).'),
});
export type Child = z.infer<typeof childSchema>;

export interface Spawn {
  /** The id of the agent's call: one that is made again after a crash finds its children by it. */
  readonly call: string;
  /** Commit of the parent's draft as it is, on top of its job's base; null where it has changed nothing. */
  readonly draft: string | null;
  readonly children: readonly Child[];
}

/**
 * A file in which a child's changes and its parent's draft contradict each other, and what stands there now: `both` versions, between
 * markers; that of the `draft`, since the two cannot be merged (the child's is at `beside`, for the parent's agent to choose); the draft's although the child deleted the file (`childDeleted`), the
 * child's although the draft had deleted it (`draftDeleted`); what one side `renamed` to there; or `nothing`, since both renamed it.
 */
export const jointSchema = z.object({
  path: z.string(),
  stands: z.enum(['both', 'draft', 'childDeleted', 'draftDeleted', 'renamed', 'nothing']),
  /** Not there where it is no file, and in older journals. */
  beside: z.string().optional(),
});
export type Joint = z.infer<typeof jointSchema>;

/** How a child ended. */
export interface ChildEnd {
  readonly name: string;
  readonly title: string;
  readonly end: 'joined' | 'failed' | 'stopped' | 'doomed';
  /** Its summary; where it did not join, why. */
  readonly text: string;
  /** Where its changes and what the draft had by then contradict each other. */
  readonly conflicts: readonly Joint[];
}

export interface Spawned {
  /** Commit of the parent's draft with its children's changes, on top of its job's base; null where there is still nothing. */
  readonly draft: string | null;
  readonly children: readonly ChildEnd[];
  /** What those that joined it read of their drafts' bases. */
  readonly reads: readonly Read[];
}
