/** The agent's loop: a model works on a draft with tools, turn after turn, until it finishes. */

import { AnthropicError } from '@anthropic-ai/sdk';
import type { BetaContentBlockParam, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta/messages';
import { NO_OFFERS, type Offers } from '../domain/act';
import { cancelled, type Failure, fail, ok, type Result } from '../domain/failure';
import type { Task } from '../domain/plan';
import type { AgentRole } from '../domain/role';
import type { Usage } from '../domain/usage';
import type { About } from '../model/about';
import { contextWindowOf } from '../model/contextWindow';
import type { ModelFetch } from '../model/fetch';
import { takesOf } from '../model/takes';
import type { Draft } from '../repo/draft/draft';
import { type AskHost, actor } from './actor';
import { callsOf } from './calls';
import { circleFailure, circleNote, circleOf, type Round, roundOf, roundsOf } from './circles';
import { modelClient } from './client';
import { isFull, summaryOf } from './compaction';
import { loadOf, type MediaLoad, withoutMedia } from './media';
import { brokeOff, isOutOfBudget, isTooLong, modelFailure, refusesContent } from './modelFailure';
import { systemPrompt, taskPrompt } from './prompt';
import { replyOf, spoken } from './reply';
import { type Ask, spawner } from './spawner';
import { isError, make, notKept, stepOf, toldTools } from './toolCalls';
import type { Tool } from './tools/tool';
import { toolsFor } from './tools/toolbox';
import {
  type Conversation,
  compacted,
  contentOf,
  counted,
  type Entry,
  NO_TALLY,
  type OpenTurn,
  resultsOf,
  type Session,
  sessionSchema,
  type Tally,
  tell,
  textBlock,
} from './transcript';
import { usageOf } from './usage';
import { WRAP_UP, WRAP_UP_TOKENS, withWrapUp, wrappedUp } from './wrapUp';

/** Most tokens that the model may write in one turn. */
const MAX_TOKENS = 16_000;
/** How often in a row a turn may break off in mid-stream, and how often in a row it may be cut or garbled. */
const MAX_BROKEN = 2;
const MAX_SPOILT = 3;

/** What an agent reports while it works. */
export type AgentEvent =
  /** What it does now, in a few words for a person. */
  | { readonly type: 'step'; readonly step: string }
  /** Something was said; what is told so before a call is made, or a turn asked for, is on disk by then. */
  | { readonly type: 'said'; readonly entry: Entry }
  /** A turn of the model ended; the usage is that turn's. `model`: which one answered, where not the one that was asked. */
  | { readonly type: 'turn'; readonly usage: Usage; readonly model?: string };

export interface AgentOptions {
  readonly task: Task;
  readonly role: AgentRole;
  /** What all agents of the run are told of the project; empty for nothing. */
  readonly project: string;
  /** The goal of the whole run. */
  readonly goal: string;
  readonly draft: Draft;
  readonly model: ModelFetch;
  /** Who the model is told that it asks. */
  readonly about: About;
  readonly modelName: string;
  /** Most turns of the model; an agent that has not finished by then has failed. */
  readonly maxTurns: number;
  readonly report: (event: AgentEvent) => void;
  /** Keeps the draft as it is now: a commit on top of its base, null where nothing is changed. */
  readonly save: () => Promise<Result<string | null>>;
  readonly signal: AbortSignal;
  /** Whether agents of the run have others do parts of their tasks: then all of them are told how. */
  readonly spawns: boolean;
  /** Has other agents do parts of its task; undefined where it has to do all of it itself. */
  readonly spawn?: Ask | undefined;
  /** Has its host act for it; undefined where there is nothing that it would do. */
  readonly act?: AskHost | undefined;
  /** What of that it is offered; absent: nothing. */
  readonly offers?: Offers | undefined;
  /** Tokens that a conversation with the model can have; absent: as far as its name tells. */
  readonly window?: number | undefined;
  /** Set where the agent has worked on this task before: it goes on from there, on a draft that has what it did. */
  readonly again?: Again | undefined;
}

/** How an agent goes on with a task. */
export interface Again {
  /** Where its conversation stands; undefined where it has none: the agent is told its task first. */
  readonly session: Session | undefined;
  /** What it is told, as the newest message; undefined where it goes on as if nothing had been. */
  readonly message: string | undefined;
}

/**
 * Runs one agent on its task. What it does is in the draft at once, whatever the result is.
 * Where its conversation stands is always in what it reports, and it can be gone on with from there: at any moment, also where this
 * process ends in the midst of it. Calls without a result are then made again.
 * Fails as `cancelled` when the signal aborts (the request in flight is aborted with it), as `auth`, `refused` or `model` where the model
 * does not answer, as `loop` where it goes round in circles, as `unsure` where it leaves what it was to decide to the person, and as `agent` where it answers but does not finish.
 */
export async function runAgent(options: AgentOptions): Promise<Result<{ summary: string }>> {
  const { modelName, report, signal, again } = options;
  const tools = toolsFor(options.task.role, options.spawns, options.offers ?? NO_OFFERS);
  const { open = null, messages = [], tally = NO_TALLY, summary = '', isOpen = false } = again?.session ?? {};
  const load = loadOf([...messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content)), ...(open?.results ?? [])]);
  const talk: Talk = { options, tools, tally, rounds: roundsOf(messages), summary, isOpen, load, isFresh: false };
  if (open === null && talk.summary !== '') return ended(talk);
  const answered = open === null ? undefined : await respond(talk, open);
  if (answered?.ok === false) return answered;
  if (answered?.value.kind === 'finished') return ended(talk);
  const before: Conversation = answered === undefined ? messages : [...messages, { role: 'user', content: answered.value.content }];
  const runner = conversation(talk, opening(options, before));
  let broken = 0;
  try {
    for await (const stream of runner) {
      report({ type: 'step', step: 'Thinking' });
      stream.on('contentBlock', (block) => {
        if (block.type === 'tool_use') report({ type: 'step', step: stepOf(tools, block) });
      });
      const reply = await replyOf(stream);
      if (reply.kind === 'none') {
        if (talk.load.count > 0 && refusesContent(reply.thrown)) {
          // One bad image, or a model that takes none, would else end the task: it goes on without them.
          talk.load = loadOf([]);
          runner.setMessagesParams((params) => ({ ...params, messages: params.messages.map(withoutMedia) }));
          continue;
        }
        if (!signal.aborted && isTooLong(reply.thrown)) {
          const room = await makeRoom(talk, runner.params.messages, 'refused');
          if (!room.ok) return room;
          runner.setMessagesParams((params) => ({ ...params, messages: [...room.value] }));
          continue;
        }
        if (!signal.aborted && isOutOfBudget(reply.thrown) && talk.stopped === undefined) {
          talk.stopped = modelFailure(reply.thrown, modelName, signal);
          report({ type: 'said', entry: { type: 'told', content: WRAP_UP } });
          runner.setMessagesParams((params) => ({ ...params, max_tokens: WRAP_UP_TOKENS, messages: withWrapUp(params.messages) }));
          continue;
        }
        broken += 1;
        if (signal.aborted || !brokeOff(reply.thrown) || broken > MAX_BROKEN) throw reply.thrown;
        // Messages that were set are sent as they are: the turn is asked for again.
        runner.setMessagesParams((params) => params);
        continue;
      }
      broken = 0;
      talk.isFresh = false;
      const { kind, message } = reply;
      const content = spoken(message);
      const usage = usageOf(message.usage);
      const turn: OpenTurn = { kind, stop: message.stop_reason ?? null, content, results: [], redacted: [] };
      const { model = modelName } = message;
      const other = model === null || model === modelName ? {} : { model };
      report({ type: 'said', entry: { type: 'answer', kind, stop: turn.stop, content, usage, ...other } });
      report({ type: 'turn', usage, ...other });
      talk.tally = counted(talk.tally, turn);
      // The runner sends a turn that paused back by itself, and the model goes on with it.
      if (turn.stop === 'pause_turn') {
        if (talk.tally.turns >= options.maxTurns) return tooLong(options.maxTurns);
        continue;
      }
      const told = await respond(talk, turn);
      if (!told.ok) return told;
      if (told.value.kind === 'finished') return ended(talk);
      const assistant = content.length === 0 ? [] : [{ role: 'assistant' as const, content }];
      runner.pushMessages(...assistant, { role: 'user', content: told.value.content });
      const isOver = turn.stop === 'model_context_window_exceeded';
      if (!isOver && !isFull(usage, told.value.content, options.window ?? contextWindowOf(modelName))) continue;
      const room = await makeRoom(talk, runner.params.messages, isOver ? 'refused' : 'full');
      if (!room.ok) return room;
      runner.setMessagesParams((params) => ({ ...params, messages: [...room.value] }));
    }
    return fail('agent', 'The conversation ended before the agent finished.', 'Run the task again.');
  } catch (thrown) {
    // Anything else is a bug of ours.
    if (!signal.aborted && !(thrown instanceof AnthropicError)) throw thrown;
    // It has not even enough left to say so.
    if (talk.stopped !== undefined && !signal.aborted) return { ok: false, failure: talk.stopped };
    const failure = modelFailure(thrown, modelName, signal);
    if (failure.kind !== 'refused' || !refusesContent(thrown) || talk.tally.turns === 0) return { ok: false, failure };
    // It took what was said before: one that begins anew has nothing in it that is refused.
    return fail('agent', failure.message, 'Retry the task. If that comes again, use another model.');
  }
}

/** A conversation at work. */
interface Talk {
  readonly options: AgentOptions;
  readonly tools: readonly Tool[];
  tally: Tally;
  rounds: readonly Round[];
  /** Images and documents that it holds. */
  load: MediaLoad;
  /** With which the agent finished; empty as long as it has not. */
  summary: string;
  /** Whether that says why the person has to decide. */
  isOpen: boolean;
  /** Whether it was just made shorter: it cannot become so again. */
  isFresh: boolean;
  /** Set when its budget is used up: with the turn under way it stops. */
  stopped?: Failure;
}

function ended({ summary, isOpen }: Talk): Result<{ summary: string }> {
  return isOpen ? fail('unsure', `The arbiter cannot tell: ${summary}`, 'Decide the conflict yourself.') : ok({ summary });
}

type Answer = { readonly kind: 'finished' } | { readonly kind: 'told'; readonly content: BetaContentBlockParam[] };

/** Makes the calls of a turn that have no result yet, and answers it. Fails where the conversation cannot go on. */
async function respond(talk: Talk, turn: OpenTurn): Promise<Result<Answer>> {
  const { maxTurns, report, signal } = talk.options;
  const objection = objectionTo(turn, talk.tally);
  if (objection !== undefined) return objection;
  const made = turn.kind === 'whole' ? await makeCalls(talk, turn) : ok(turn.results);
  if (!made.ok) return made;
  if (signal.aborted) return cancelled;
  const results = resultsOf({ content: turn.content, results: made.value });
  talk.rounds = [...talk.rounds, roundOf(turn.content, results)];
  const circle = circleOf(talk.rounds);
  const said = notes(turn, talk.tally, maxTurns);
  if (circle?.kind === 'told') said.push(circleNote(circle));
  report({ type: 'said', entry: { type: 'close', notes: said } });
  if (talk.stopped !== undefined) return { ok: false, failure: wrappedUp(talk.stopped, talk.summary) };
  if (talk.summary !== '' && !results.some(isError)) return ok({ kind: 'finished' });
  talk.summary = '';
  talk.isOpen = false;
  if (circle?.kind === 'stopped') return circleFailure(circle);
  return talk.tally.turns < maxTurns ? ok({ kind: 'told', content: contentOf(results, said) }) : tooLong(maxTurns);
}

function tooLong(maxTurns: number): Result<never> {
  const fix = 'Split the task into smaller ones, or run it again from what it has done.';
  return fail('agent', `The agent did not finish in ${maxTurns} turns.`, fix);
}

/** Each call waits for the one before it, since two edits of one file would otherwise undo each other. After an abort no call begins. */
async function makeCalls(talk: Talk, { content, results, redacted }: OpenTurn): Promise<Result<BetaContentBlockParam[]>> {
  const { role, draft, report, save, spawn, act, signal, modelName } = talk.options;
  const takes = takesOf(modelName);
  const made = [...results];
  const desk = {
    draft,
    finish: (said: string) => {
      talk.summary = said;
      talk.isOpen = false;
    },
    leaveOpen: (why: string) => {
      talk.summary = why;
      talk.isOpen = true;
    },
    spawn: spawner(draft, spawn),
    actFor: actor(draft, act, role.tools === null || role.tools.includes('edit')),
    signal,
  };
  for (const call of callsOf(content)) {
    if (made.some((one) => one.type === 'tool_result' && one.tool_use_id === call.id)) continue;
    if (signal.aborted) return cancelled;
    const known = draft.readPaths.length;
    const result = redacted.includes(call.id)
      ? notKept(call.id)
      : await make(call, { tools: talk.tools, role, desk, takes, load: talk.load });
    const saved = await save();
    if (!saved.ok) return saved;
    // What it came to after an abort may be half of it: it is made again.
    if (signal.aborted) return cancelled;
    // Who stops for want of budget has not finished, whatever it calls.
    const said = talk.summary !== '' && talk.stopped === undefined;
    const summary = said ? { summary: talk.summary, ...(talk.isOpen && { isOpen: true }) } : {};
    report({ type: 'said', entry: { type: 'result', result, draft: saved.value, reads: draft.readPaths.slice(known), ...summary } });
    made.push(result);
    const { count, base64 } = loadOf([result]);
    talk.load = { count: talk.load.count + count, base64: talk.load.base64 + base64 };
  }
  return ok(made);
}

/** The conversation, made shorter; as it is where that is to be had only when it becomes too long (`full`), and the model does not answer. */
async function makeRoom(talk: Talk, params: readonly BetaMessageParam[], why: 'full' | 'refused'): Promise<Result<Conversation>> {
  const { model, about, modelName, report, signal } = talk.options;
  const messages = sessionSchema.shape.messages.parse(params);
  const hopeless = fail(
    'agent',
    'The conversation became too long for the model, even when it was summed up.',
    'Split the task into smaller ones.',
  );
  if (talk.isFresh) return why === 'full' ? ok(messages) : hopeless;
  report({ type: 'step', step: 'Summing up a long conversation' });
  const summary = await summaryOf(messages, { model, about, modelName, told: toldAlways(talk), isTooLong: why === 'refused', signal });
  if (signal.aborted) return cancelled;
  if (summary.kind !== 'summary' && why === 'full') return ok(messages);
  if (summary.kind === 'hopeless') return hopeless;
  if (summary.kind === 'none') return { ok: false, failure: modelFailure(summary.thrown, modelName, signal) };
  report({ type: 'said', entry: { type: 'compacted', summary: summary.text, usage: summary.usage } });
  report({ type: 'turn', usage: summary.usage });
  talk.isFresh = true;
  talk.load = loadOf([]);
  return ok(compacted(messages, summary.text));
}

function toldAlways({ options, tools }: Talk) {
  const { role, project } = options;
  const names = tools.map(({ name }) => name);
  return { system: systemPrompt({ role, project, tools: names, maySpawn: options.spawn !== undefined }), tools: toldTools(tools) };
}

function conversation(talk: Talk, messages: Conversation) {
  const { model, about, modelName, signal } = talk.options;
  return modelClient(model, about).beta.messages.toolRunner(
    {
      model: modelName,
      max_tokens: MAX_TOKENS,
      stream: true,
      // Else the SDK keeps the conversation on the server, which only Anthropic's own can do.
      thread: false,
      // Marks the last block of every request: each turn reads from the cache what the one before it wrote.
      cache_control: { type: 'ephemeral' },
      messages: [...messages],
      ...toldAlways(talk),
    },
    { signal },
  );
}

/** The conversation as the model gets it: what is new stands in its last message, which is the agent's side. */
function opening({ task, goal, again, report }: AgentOptions, before: Conversation): Conversation {
  const prompt = taskPrompt(task, goal);
  const message = again?.message;
  const said = before.length > 0 ? [] : [prompt];
  if (message !== undefined) said.push(message);
  const [only] = said;
  if (only === undefined) return before;
  const content = before.length === 0 && said.length === 1 ? only : said.map(textBlock);
  report({ type: 'said', entry: { type: 'told', content } });
  return tell(before, content);
}

/** Why the conversation cannot go on after a reply; undefined where it can. */
function objectionTo({ stop }: OpenTurn, { idle, spoilt }: Tally): Result<never> | undefined {
  if (stop === 'refusal') {
    return fail('agent', 'The model refused to work on this task.', 'Say in its instructions what the work is for, or use another model.');
  }
  if (idle > 1) {
    return fail(
      'agent',
      'The agent neither called a tool nor finished, twice in a row.',
      'Say more exactly what is to be done, or use another model.',
    );
  }
  if (spoilt >= MAX_SPOILT) {
    const what = `was longer than ${MAX_TOKENS.toLocaleString('en')} tokens, or garbled`;
    return fail(
      'agent',
      `The agent’s answer ${what}, ${spoilt} times in a row.`,
      'Split the task into smaller ones, or use another model.',
    );
  }
  return undefined;
}

/** What the agent is told beside the answers to its calls. */
function notes({ kind }: OpenTurn, { turns, idle }: Tally, maxTurns: number): string[] {
  const said: string[] = [];
  if (kind === 'cut') {
    said.push('Your answer was cut off at the token limit. Go on in smaller steps: fewer calls at a time, and shorter texts in them.');
  }
  if (kind === 'garbled') said.push('The input of a call was no JSON. Make your calls again.');
  if (idle > 0) said.push('You called no tool. Go on with your task; if it is done, or cannot be done, call finish with a summary.');
  if (turns === maxTurns - 1) said.push('You have one turn left: call finish now, and say what is done and what is not.');
  return said;
}
