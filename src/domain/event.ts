/** Everything that happens in a run: one union, which the journal holds and every view reads. */
import * as z from 'zod';
import { budgetSchema } from './budget';
import { changeSchema, conflictSchema, entrySchema, lookSchema, readSchema, staleFileSchema } from './changes';
import { answerSchema, askSchema } from './inbox';
import { tooLargeSchema } from './include';
import { dataOf } from './line';
import { partSchema } from './part';
import { addedTaskSchema, planSchema } from './plan';
import { ownPricesSchema } from './prices';
import { roleFactsSchema } from './role';
import { CONFLICTS, ON_STALE } from './settings';
import { decidedBySchema } from './settlement';
import { jointSchema } from './spawn';
import { usageSchema } from './usage';

export const failureSchema = z.object({
  kind: z.enum([
    'input',
    'git',
    'file',
    'moved',
    'half',
    'auth',
    'model',
    'refused',
    'agent',
    'loop',
    'timeout',
    'crash',
    'budget',
    'check',
    'denied',
    'unsure',
    'cancelled',
  ]),
  message: z.string(),
  fix: z.string(),
});

/** Goes up with every change that an earlier Weft would misread; what it merely does not know, it leaves out. */
export const JOURNAL_VERSION = 1;

const task = z.string();
/** A commit that keeps what an agent did, or null where it had changed nothing. */
const draft = z.string().nullable();
/** What the agent read; older journals do not have it. */
const reads = z.array(readSchema).optional();
/** What it was told of folders; missing where that is not known, as in older journals: it may have been told of everything. */
const looks = z.array(lookSchema).optional();
/** Hash of all that its agent was told beside the task; older journals do not have it. */
const told = z.string().optional();

/** How a task goes on that went back to its agent; as {@link Rework}. */
const reworkSchema = z.object({ base: z.string().nullable(), draft, message: z.string(), isNew: z.boolean().optional() });
/** How many agents run at once: in all, and of each role. */
const limitsSchema = z.object({ maxWorkers: z.number(), pools: z.record(z.string(), z.number()) });
/** Where a task came from that is not in the plan: the person, an agent that spawned it, a race of several agents for one task, or a conflict. */
const originSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person') }),
  z.object({
    kind: z.literal('child'),
    parent: z.string(),
    /** What its parent's agent calls it, and the id of the call by which that spawned it; older journals do not have them. */
    name: z.string().optional(),
    call: z.string().optional(),
  }),
  z.object({ kind: z.literal('candidate'), parent: z.string() }),
  /** An agent that is to decide what its parent is in conflict over; `from`: the two merged, with markers, and what it is told of that. */
  z.object({
    kind: z.literal('arbiter'),
    parent: z.string(),
    from: z.object({ base: z.string(), draft: z.string(), message: z.string() }),
  }),
]);
/** Why a run was stopped, where it was not the person. */
const stopReasonSchema = z.enum(['timeout']);
/**
 * Of the agents of one role with one model, where one after the other failed: `open` for a while, in which none starts; `half-open`, in which one
 * tries again; `given-up`, after several such tries: what waits for one fails. `closed` again after one that did not fail.
 */
const breakerSchema = z.enum(['closed', 'open', 'half-open', 'given-up']);
/** With which role and model a task is worked on, where not as its plan says. */
const standInSchema = z.object({ role: z.string(), model: z.string() });

const happenings = [
  /** The snapshot is taken, the plan is approved; the first of every journal. */
  z.object({
    type: z.literal('run.started'),
    version: z.literal(JOURNAL_VERSION),
    run: z.string(),
    root: z.string(),
    plan: planSchema,
    model: z.string(),
    maxWorkers: z.number(),
    /** How many agents of a role run at once; missing: as many as there may be. */
    pools: z.record(z.string(), z.number()).optional(),
    /** Id of the snapshot that was taken before anything started, and its commit. */
    snapshot: z.string(),
    commit: z.string(),
    /** The commit that was checked out then; not there without one, and in journals of the first version. */
    head: z.string().optional(),
    /** Process that drives the run: where it is gone and the run has not finished, the run was interrupted. */
    pid: z.number(),
    /** Tells it from all others that have its number; not there where the system does not tell, and in older journals. */
    birth: z.string().optional(),
    /** What becomes of a task whose premise is stale; missing: what is the default. */
    onStale: z.enum(ON_STALE).optional(),
    /** Who decides its conflicts, and the order of roles by which that is; missing: the person. */
    conflicts: z.enum(CONFLICTS).optional(),
    priority: z.array(z.string()).optional(),
    /** Globs of ignored files that its agents see, where the person named them for this run. */
    include: z.array(z.string()).optional(),
    /** Whether what earlier runs did is taken over where nothing has changed since. */
    reuse: z.boolean().optional(),
    /** Whether its agents are told the lessons that are kept; missing in older journals. */
    lessons: z.boolean().optional(),
    /** What planning cost. */
    planning: usageSchema,
    /** What it may spend; missing: no limit. */
    budget: budgetSchema.optional(),
    /** Prices that were set, by which what it spends is counted. */
    prices: ownPricesSchema.optional(),
    /** Its roles; missing where they were not read, and in older journals. */
    roles: roleFactsSchema.optional(),
    /** The conflict of an earlier run that its arbiter is to decide; missing in all other runs, and in older journals. */
    arbitrates: z.object({ run: z.string(), task }).optional(),
    /** Hash of the project's rules, where there are some. */
    rules: z.string().optional(),
    /** How often an agent may begin on a task whose plan does not say; missing: once. */
    attempts: z.number().optional(),
    /** Included files that the snapshot left out for their size; missing where there are none. */
    tooLarge: tooLargeSchema.optional(),
  }),
  /** An agent begins, or goes on after its process went; `base` is the commit that its draft begins from, `draft` what it goes on with, on top of that. */
  z.object({ type: z.literal('task.started'), task, base: z.string(), draft: draft.optional(), told }),
  /** What the agent is doing now, in a few words. */
  z.object({ type: z.literal('task.step'), task, step: z.string() }),
  /** A model turn ended; `usage` is that turn's. `model`: which one answered, where not the one that was asked. */
  z.object({ type: z.literal('task.turn'), task, usage: usageSchema, model: z.string().optional() }),
  /** The agent finished; `changeset` is the commit on top of `base`, null where it changed nothing. */
  z.object({ type: z.literal('task.done'), task, summary: z.string(), changeset: draft, changes: z.array(changeSchema), reads, looks }),
  /** A task that is not in the plan joins the run. */
  z.object({ type: z.literal('task.added'), task, definition: addedTaskSchema, origin: originSchema }),
  /** It waits for others, and needs no agent until they are over: for the children that its agent spawned, or for the candidates of its race. */
  z.object({ type: z.literal('task.awaiting'), task, children: z.array(z.string()).min(1), draft }),
  /** Its children are over, or what it asked is answered; its agent goes on. */
  z.object({ type: z.literal('task.resumed'), task }),
  /** A child's changes are in its parent's draft, as commit `after`; `conflicts`: the files in which the parent's agent has to decide. */
  z.object({ type: z.literal('task.joined'), task, before: z.string(), after: z.string(), conflicts: z.array(jointSchema) }),
  /** A candidate's work is that of the task for which it raced, and is about to be checked and landed. */
  z.object({ type: z.literal('task.chosen'), task, candidate: z.string() }),
  /** That did not pass, and the race goes on. */
  z.object({ type: z.literal('task.passedOver'), task, candidate: z.string(), failure: failureSchema }),
  /** An attempt failed, and another one is made `waitMs` later, from `draft`; `as`: with another role or model. */
  z.object({
    type: z.literal('task.retrying'),
    task,
    failure: failureSchema,
    draft,
    waitMs: z.number(),
    /** What the next attempt's agent is told. */
    message: z.string(),
    as: standInSchema.optional(),
  }),
  /** Its budget, or the run's, is used up: its agent has stopped, with what it did kept, and goes on where it was when there is more. */
  z.object({ type: z.literal('task.parked'), task, failure: failureSchema, draft, reads }),
  /** It waits to start, and does so with another role or model: that of before keeps failing. */
  z.object({ type: z.literal('task.switched'), task, as: standInSchema }),
  /** The person has a task that had ended worked on again, in the same run. Those doomed because of it wait again. */
  z.object({ type: z.literal('task.again'), task, next: reworkSchema.optional() }),
  /** Nothing that determines it has changed since an earlier run: what was done then is taken over, on top of `base`. */
  z.object({
    type: z.literal('task.reused'),
    task,
    from: z.object({ run: z.string(), task: z.string() }),
    base: z.string(),
    summary: z.string(),
    changeset: draft,
    changes: z.array(changeSchema),
    reads,
    looks,
    told,
  }),
  /** What its agent had read was changed by others meanwhile; `held`: it waits for the person to say whether it lands. */
  z.object({ type: z.literal('task.stale'), task, files: z.array(staleFileSchema).min(1), held: z.boolean() }),
  /** It goes back to its agent, which begins again from what it has done, as soon as one is free. */
  z.object({ type: z.literal('task.reworked'), task, why: z.enum(['stale', 'check']), next: reworkSchema.optional() }),
  /** Its changes, merged into the workspace as it is, are checked; `together` with those of these tasks. */
  z.object({ type: z.literal('task.checking'), task, commands: z.array(z.string()), together: z.array(z.string()) }),
  /** What came of it: the command that decided, its exit code (null: ended by a signal), and what it printed, cut in the middle. */
  z.object({
    type: z.literal('task.checked'),
    task,
    ok: z.boolean(),
    command: z.string(),
    exitCode: z.number().nullable(),
    timedOut: z.boolean(),
    output: z.string(),
    milliseconds: z.number(),
    /** Tasks that had not landed yet and were under it when it was checked. */
    onTopOf: z.array(z.string()),
  }),
  /** Its changes are in the workspace; `before` and `after` are the workspace's commits around the landing. */
  z.object({ type: z.literal('task.landed'), task, before: z.string(), after: z.string() }),
  z.object({ type: z.literal('task.conflicted'), task, conflict: conflictSchema }),
  /** The person decided one file of a conflict: what it is to be, null for deleted. */
  z.object({ type: z.literal('task.resolved'), task, path: z.string(), entry: entrySchema.nullable() }),
  /** Its conflict is decided by an arbiter or a rule: it goes the way of all that is done, with what came of that as its changes. */
  z.object({
    type: z.literal('task.settled'),
    task,
    by: decidedBySchema,
    base: z.string(),
    changeset: draft,
    changes: z.array(changeSchema),
    reads,
  }),
  /** Whoever was to decide its conflict could not, or what came of it was red: the conflict is the person's again. */
  z.object({ type: z.literal('task.leftOpen'), task, failure: failureSchema }),
  z.object({ type: z.literal('task.failed'), task, failure: failureSchema, draft, reads }),
  /** The person stopped it. */
  z.object({ type: z.literal('task.stopped'), task, draft, reads }),
  /** The person threw away what its agent did and did not land; `landedIn`: the run in which its conflict was decided instead, and landed. */
  z.object({ type: z.literal('task.discarded'), task, landedIn: z.string().optional() }),
  /** It can no longer start: `because` of that task. */
  z.object({ type: z.literal('task.doomed'), task, because: z.string() }),
  /** A landed task was taken back; `before` and `after` are the workspace's commits around it. */
  z.object({ type: z.literal('task.undone'), task, before: z.string(), after: z.string() }),
  /** An undone task is back; `before` and `after` are the workspace's commits around it. */
  z.object({ type: z.literal('task.redone'), task, before: z.string(), after: z.string() }),
  /** A part of a landed task was taken back, and brought back. */
  z.object({ type: z.literal('task.partUndone'), task, part: partSchema, before: z.string(), after: z.string() }),
  z.object({ type: z.literal('task.partRedone'), task, part: partSchema, before: z.string(), after: z.string() }),
  /** An undo or redo that was in conflict did not happen: the task is where it was. */
  z.object({ type: z.literal('task.kept'), task }),
  /**
   * Something waits for the person: of an agent's `call`, which needs no place until there is an answer; without one, of a task whose landing is
   * held; `by` nobody, of the run. What is equal to an item that is open joins it. `key`, `seconds`: as {@link Item}.
   */
  z.object({
    type: z.literal('inbox.asked'),
    item: z.string(),
    key: z.string(),
    by: z.object({ task, call: z.string().nullable() }).nullable(),
    draft,
    ask: askSchema,
    seconds: z.number().nullable(),
  }),
  /** The person answered, or did not in time. */
  z.object({ type: z.literal('inbox.answered'), item: z.string(), answer: answerSchema }),
  /** The person holds the run: nothing starts or lands, and no agent begins another turn, until it goes on. */
  z.object({ type: z.literal('run.paused') }),
  z.object({ type: z.literal('run.continued') }),
  /** How many agents run at once has changed. */
  z.object({ type: z.literal('run.limited'), limits: limitsSchema }),
  /** What the run may spend has changed; with `of`: what that task may. */
  z.object({ type: z.literal('run.budgeted'), budget: budgetSchema, of: z.string().optional() }),
  /** Four fifths of what the run, or that task, may spend is spent. */
  z.object({ type: z.literal('run.nearBudget'), spent: budgetSchema, of: z.string().optional() }),
  /** A request was more than the run, or that task, has left: nothing new is paid from it. */
  z.object({ type: z.literal('run.outOfBudget'), spent: budgetSchema, of: z.string().optional() }),
  /** One model keeps failing (`why`), and another one answers in its place; `by` null: it works again. */
  z.object({ type: z.literal('run.fallback'), model: z.string(), by: z.string().nullable(), why: z.string() }),
  /** After a crash another process drives the run from here on: what was running then waits, and goes on from where it was. */
  z.object({ type: z.literal('run.taken'), pid: z.number(), birth: z.string().optional() }),
  /** Agents of one role with one model keep failing, or do so no more; `key`: as `coder@model`; `waitMs`: for how long none starts. */
  z.object({ type: z.literal('run.breaker'), key: z.string(), state: breakerSchema, why: z.string(), waitMs: z.number() }),
  /** The whole run stops, nothing new starts; without `why`: the person asked for it. */
  z.object({ type: z.literal('run.stopping'), why: stopReasonSchema.optional() }),
  z.object({ type: z.literal('run.finished') }),
] as const;

const happeningSchema = z.discriminatedUnion('type', happenings);
/** What happened, without its time. */
export type Happening = z.infer<typeof happeningSchema>;
/** `at`: milliseconds since 1970. */
export type RunEvent = Happening & { readonly at: number };
export type RunStarted = Extract<RunEvent, { type: 'run.started' }>;
export type RunLimits = z.infer<typeof limitsSchema>;
export type Origin = z.infer<typeof originSchema>;
export type StandIn = z.infer<typeof standInSchema>;
export type StopReason = z.infer<typeof stopReasonSchema> | 'person';
export type BreakerState = z.infer<typeof breakerSchema>;

/** What a line of a journal says; undefined where it is no event that this version knows. */
export function asEvent(data: unknown): RunEvent | undefined {
  // Journals are long: one look at each line, and no more copies than the schema makes.
  if (typeof data !== 'object' || data === null || !('at' in data) || typeof data.at !== 'number') return undefined;
  const happening = happeningSchema.safeParse(data);
  return happening.success ? Object.assign(happening.data, { at: data.at }) : undefined;
}

/** Reads one line of a journal. */
export function parseEvent(line: string): RunEvent | undefined {
  return asEvent(dataOf(line));
}

const beginning = z.object({ type: z.literal('run.started'), version: z.number() });

/** The version of a journal that begins so, where it is later than what this Weft knows. */
export function laterVersion(data: unknown): number | undefined {
  const begun = beginning.safeParse(data);
  return begun.success && begun.data.version > JOURNAL_VERSION ? begun.data.version : undefined;
}
