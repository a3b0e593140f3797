/** What travels between the host of a run and a process of agents: data, checked on both sides, so that the other side may one day be another machine. */
import * as z from 'zod';
import { entrySchema, sessionSchema } from '../../../agent/transcript';
import { type ActAnswer, type ActRequest, actAnswerSchema, actSchema, offersSchema } from '../../../domain/act';
import { changeSchema, lookSchema, readSchema } from '../../../domain/changes';
import { failureSchema } from '../../../domain/event';
import type { Result } from '../../../domain/failure';
import { addedTaskSchema } from '../../../domain/plan';
import { agentRoleSchema } from '../../../domain/role';
import { childSchema, jointSchema, type Spawn, type Spawned } from '../../../domain/spawn';
import { usageSchema } from '../../../domain/usage';
import type { Job, Outcome, Report } from '../worker';

/** Goes up with every change that the other side would misread. */
const VERSION = 1;

/** Everything that a process needs for a job. */
export interface Assignment {
  readonly job: Job;
  readonly workspace: {
    /** Absolute. */
    readonly folders: readonly string[];
    /** Where the host has its state of these folders: a process that finds it elsewhere sees another repository. */
    readonly stateDir: string;
  };
  /** Where the model is asked, and with what token. */
  readonly gateway: { readonly address: string; readonly token: string };
}

/** `id` is a job's, given by the host; `call` counts what an agent asks of its host. */
export type ToProcess =
  /** The first of all messages, in both directions. */
  | { readonly type: 'hello'; readonly version: typeof VERSION }
  | { readonly type: 'start'; readonly id: number; readonly assignment: Assignment }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'spawned'; readonly id: number; readonly call: number; readonly result: Result<Spawned> }
  | { readonly type: 'acted'; readonly id: number; readonly call: number; readonly result: Result<ActAnswer> }
  /** Wants a `pong`: whoever gives none any more hangs. */
  | { readonly type: 'ping' };

export type ToHost =
  | { readonly type: 'hello'; readonly version: typeof VERSION }
  | { readonly type: 'report'; readonly id: number; readonly report: Report }
  | { readonly type: 'spawn'; readonly id: number; readonly call: number; readonly request: Spawn }
  | { readonly type: 'act'; readonly id: number; readonly call: number; readonly request: ActRequest }
  | { readonly type: 'ended'; readonly id: number; readonly outcome: Outcome }
  /** The worker itself broke: a bug, in its words. */
  | { readonly type: 'broke'; readonly id: number; readonly text: string }
  | { readonly type: 'pong' };

export const HELLO = { type: 'hello', version: VERSION } as const;

const id = z.int().min(1);
const call = z.int().min(1);
const commit = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'is no commit');
const draft = commit.nullable();
const helloSchema = z.strictObject({ type: z.literal('hello'), version: z.literal(VERSION) });

const jobSchema = z.strictObject({
  run: z.string().min(1),
  goal: z.string(),
  task: addedTaskSchema,
  role: agentRoleSchema,
  project: z.string(),
  model: z.string(),
  base: commit,
  spawns: z.boolean(),
  maySpawn: z.boolean(),
  offers: offersSchema,
  again: z
    .strictObject({ draft, session: sessionSchema.optional(), message: z.string().optional() })
    // JSON has no undefined.
    .transform(({ session, message, ...again }) => ({ ...again, session, message }))
    .optional(),
});

const spawnedSchema = z.strictObject({
  draft,
  children: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      end: z.enum(['joined', 'failed', 'stopped', 'doomed']),
      text: z.string(),
      conflicts: z.array(jointSchema),
    }),
  ),
  reads: z.array(readSchema),
});

function resultOf<Value extends z.ZodType>(value: Value) {
  return z.discriminatedUnion('ok', [
    z.strictObject({ ok: z.literal(true), value }),
    z.strictObject({ ok: z.literal(false), failure: failureSchema }),
  ]);
}

/** What the host may say to a process. */
export const toProcessSchema = z.discriminatedUnion('type', [
  helloSchema,
  z.strictObject({
    type: z.literal('start'),
    id,
    assignment: z.strictObject({
      job: jobSchema,
      workspace: z.strictObject({ folders: z.array(z.string()).min(1), stateDir: z.string() }),
      gateway: z.strictObject({ address: z.url(), token: z.string().min(1) }),
    }),
  }),
  z.strictObject({ type: z.literal('abort'), id }),
  z.strictObject({ type: z.literal('spawned'), id, call, result: resultOf(spawnedSchema) }),
  z.strictObject({ type: z.literal('acted'), id, call, result: resultOf(actAnswerSchema) }),
  z.strictObject({ type: z.literal('ping') }),
]) satisfies z.ZodType<ToProcess>;

const reportSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('step'), step: z.string() }),
  z.strictObject({ type: z.literal('turn'), usage: usageSchema, model: z.string().optional() }),
  z.strictObject({ type: z.literal('said'), entry: entrySchema }),
  z.strictObject({ type: z.literal('draft'), commit, changes: z.array(changeSchema) }),
]);

const reads = z.array(readSchema).exactOptional();
const looks = z.array(lookSchema).exactOptional();

const outcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done'), summary: z.string(), changeset: draft, changes: z.array(changeSchema), reads, looks }),
  z.strictObject({ kind: z.literal('failed'), failure: failureSchema, draft, reads }),
  z.strictObject({ kind: z.literal('stopped'), draft, reads }),
]);

/** What a process may say to its host. */
export const toHostSchema = z.discriminatedUnion('type', [
  helloSchema,
  z.strictObject({ type: z.literal('report'), id, report: reportSchema }),
  z.strictObject({
    type: z.literal('spawn'),
    id,
    call,
    request: z.strictObject({ call: z.string(), draft, children: z.array(childSchema) }),
  }),
  z.strictObject({ type: z.literal('act'), id, call, request: z.strictObject({ call: z.string(), draft, act: actSchema }) }),
  z.strictObject({ type: z.literal('ended'), id, outcome: outcomeSchema }),
  z.strictObject({ type: z.literal('broke'), id, text: z.string() }),
  z.strictObject({ type: z.literal('pong') }),
]) satisfies z.ZodType<ToHost>;
