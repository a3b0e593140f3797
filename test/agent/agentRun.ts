/** Runs an agent in tests: the real loop and the real SDK, a draft on a real repository, a model that plays a scenario. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { AskHost } from '../../src/agent/actor';
import { type Again, type AgentEvent, runAgent } from '../../src/agent/loop';
import type { Ask } from '../../src/agent/spawner';
import { type Entry, entrySchema, type Standing, standingAfter, TRANSCRIPT_VERSION } from '../../src/agent/transcript';
import type { Offers } from '../../src/domain/act';
import type { Mode } from '../../src/domain/changes';
import type { Result } from '../../src/domain/failure';
import type { Task } from '../../src/domain/plan';
import type { AgentRole } from '../../src/domain/role';
import type { ModelFetch } from '../../src/model/fetch';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { Draft } from '../../src/repo/draft/draft';
import { openRepository, type Repository } from '../../src/repo/repository';
import { buildCommit } from '../../src/repo/trees';
import { agentRole } from '../support/roles';

/** A file of a draft: its text, its bytes, or what it is besides them. */
export type Files = Readonly<Record<string, string | Buffer | { readonly mode: Mode; readonly bytes: string }>>;

/** As much of a request as the tests look at. */
const blockSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]).optional(),
  is_error: z.boolean().optional(),
});
const messageSchema = z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(blockSchema)]) });
const requestSchema = z.looseObject({
  system: z.array(blockSchema),
  tools: z.array(z.looseObject({ name: z.string() })),
  messages: z.array(messageSchema),
});
type SentRequest = z.infer<typeof requestSchema>;

export interface AgentRun {
  readonly result: Result<{ summary: string }>;
  /** Its transcript, but for how it begins. */
  readonly entries: Entry[];
  readonly events: readonly AgentEvent[];
  readonly steps: readonly string[];
  readonly requests: readonly SentRequest[];
  readonly draft: Draft;
}

export const finish = (summary = 'Done.') => ({ tool: 'finish', input: { summary } });

/** What the engine gives an agent, except what a test is about. */
const TASK: Task = {
  id: 'one',
  title: 'The one task',
  role: 'coder',
  instructions: 'Do it.',
  dependsOn: [],
  writes: [],
  context: [],
};

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const repos = new WeakMap<Draft, Repository>();

/** A draft on a fresh repository with these files; all of it is gone after the test. */
async function draftOf(files: Files): Promise<Draft> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-agent-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync('git', ['init', '--quiet', folder]);
  const repo = valued(await openRepository(folder));
  cleanups.unshift(() => repo.objects.dispose());
  const puts = Object.entries(files).map(([path, file]): [string, { mode: Mode; bytes: Buffer }] => {
    const { mode, bytes } = typeof file === 'string' || Buffer.isBuffer(file) ? { mode: '100644' as const, bytes: file } : file;
    return [path, { mode, bytes: Buffer.from(bytes) }];
  });
  const base = valued(await buildCommit(repo, { from: undefined, puts: new Map(puts), parents: [], message: 'The workspace' }));
  const draft = new Draft(repo, base);
  repos.set(draft, repo);
  return draft;
}

/** A model that plays these turns for {@link TASK}, without any pause. */
export function playing(turns: readonly Turn[]): ModelFetch {
  return scriptedModel(scenarioSchema.parse({ tasks: { one: turns } }), { paceMs: 0, wait: async () => undefined });
}

export interface RunOptions {
  readonly files?: Files;
  readonly task?: Partial<Task>;
  readonly modelName?: string;
  /** What the role of the task is otherwise. */
  readonly role?: Partial<AgentRole>;
  readonly project?: string;
  /** Absent: where the agent itself may. */
  readonly spawns?: boolean;
  readonly maxTurns?: number;
  readonly window?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: AgentEvent) => void;
  readonly again?: Again;
  /** Does parts of the task. Absent: the agent has to do all of it itself. */
  readonly spawn?: (draft: Draft) => Ask;
  /** What its host does for it, and what of that it is offered. */
  readonly act?: AskHost;
  readonly offers?: Offers;
  /** Absent: a new one with the files. */
  readonly draft?: Draft;
}

/** Runs the agent to its end. */
export async function run(model: ModelFetch, options: RunOptions = {}): Promise<AgentRun> {
  const draft = options.draft ?? (await draftOf(options.files ?? {}));
  const events: AgentEvent[] = [];
  const requests: SentRequest[] = [];
  const task = { ...TASK, ...options.task };
  const ended = await runAgent({
    task,
    role: { ...agentRole(task.role), ...options.role },
    project: options.project ?? '',
    spawns: options.spawns ?? options.spawn !== undefined,
    goal: 'The goal.',
    draft,
    model: async (request) => {
      requests.push(requestSchema.parse(await request.clone().json()));
      return model(request);
    },
    about: { run: 'r1', task: TASK.id },
    modelName: options.modelName ?? 'scripted:test',
    maxTurns: options.maxTurns ?? 20,
    window: options.window,
    save: () => draft.soFar(),
    report: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
    signal: options.signal ?? new AbortController().signal,
    spawn: options.spawn?.(draft),
    act: options.act,
    offers: options.offers,
    again: options.again,
  });
  const result: AgentRun['result'] = ended.ok ? { ok: true, value: { summary: ended.value.summary } } : ended;
  const entries = events.flatMap((event) => (event.type === 'said' ? [event.entry] : []));
  const steps = events.flatMap((event) => (event.type === 'step' ? [event.step] : []));
  return { result, entries, events, steps, requests, draft };
}

/** Where the transcript of an agent that began on a draft leaves it, read as it is written; `entries`: as much of it as was said. */
export function standing({ draft, entries }: Pick<AgentRun, 'draft' | 'entries'>): Standing {
  const begin = { type: 'begin', version: TRANSCRIPT_VERSION, base: draft.base, draft: null, keeps: false, message: null };
  const found = standingAfter([begin, ...entries].map((entry) => entrySchema.parse(JSON.parse(JSON.stringify(entry)))));
  assert.ok(found !== undefined);
  return found;
}

/** The draft of an agent that was cut off, as its transcript has it. */
export async function resumed(cut: AgentRun): Promise<Draft> {
  const { draft, session } = standing(cut);
  const repo = repos.get(cut.draft);
  assert.ok(repo !== undefined);
  const next = draft === null ? new Draft(repo, cut.draft.base) : valued(await Draft.resume(repo, cut.draft.base, draft));
  next.remember(session.reads);
  return next;
}

/** What the model was told after its nth turn, counted from 1: results of calls and notes, errors marked. */
export function toldAfter({ requests }: AgentRun, turn: number): string[] {
  const content = requests[turn]?.messages.at(-1)?.content;
  assert.ok(Array.isArray(content), `there was no request after turn ${turn}`);
  return content.map((block) => {
    const said = Array.isArray(block.content) ? block.content.map((part) => part.text ?? `(${part.type})`).join('\n') : block.content;
    return block.is_error === true ? `error: ${said}` : (said ?? block.text ?? '');
  });
}

/** One call, then the end: what the model was told about the call, and the draft after it. */
export async function call(
  files: Files,
  tool: string,
  input: unknown,
  role: Task['role'] = 'coder',
): Promise<{ told: string; draft: Draft }> {
  const done = await run(playing([{ calls: [{ tool, input }] }, { calls: [finish()] }]), { files, task: { role } });
  assert.deepEqual(done.result, { ok: true, value: { summary: 'Done.' } });
  const [told = ''] = toldAfter(done, 1);
  return { told, draft: done.draft };
}

/** Several calls in one turn, then the end: what the model was told about each. */
export async function callAll(files: Files, calls: readonly { tool: string; input: unknown }[]): Promise<{ told: string[]; draft: Draft }> {
  const done = await run(playing([{ calls: [...calls] }, { calls: [finish()] }]), { files });
  return { told: toldAfter(done, 1), draft: done.draft };
}

/** What changed in a draft: text by path, null where it was deleted. */
export async function changed(draft: Draft): Promise<Record<string, string | null>> {
  const { changes } = valued(await draft.commit());
  const pairs = changes.map(async ({ path }): Promise<[string, string | null]> => {
    const content = valued(await draft.read(path));
    return [path, content === null ? null : content.bytes.toString()];
  });
  return Object.fromEntries(await Promise.all(pairs));
}

export function valued<T>(result: Result<T>): T {
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
}
