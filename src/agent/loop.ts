/** The agent's loop: a model works on a draft with tools, turn after turn, until it finishes. */

import { AnthropicError } from '@anthropic-ai/sdk';
import type { BetaContentBlockParam, BetaMessage, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta/messages';
import { cancelled, fail, ok, type Result } from '../domain/failure';
import type { Task } from '../domain/plan';
import type { Usage } from '../domain/usage';
import type { ModelFetch } from '../model/fetch';
import type { Draft } from '../repo/draft/draft';
import { modelClient } from './client';
import { brokeOff, modelFailure } from './modelFailure';
import { systemPrompt, taskPrompt } from './prompt';
import { callsOf, type Reply, replyOf, spoken } from './reply';
import { type Ask, spawner } from './spawner';
import { answersOf, notMade, runnableTools, stepOf } from './toolCalls';
import { toolsFor } from './tools/toolbox';
import { usageOf } from './usage';

/** Most tokens that the model may write in one turn. */
const MAX_TOKENS = 16_000;
/** How often in a row a turn may break off in mid-stream, and how often in a row it may be cut or garbled. */
const MAX_BROKEN = 2;
const MAX_SPOILT = 3;

/** What an agent reports while it works. */
export type AgentEvent =
  /** What it does now, in a few words for a person. */
  | { readonly type: 'step'; readonly step: string }
  /** A turn of the model ended; the usage is that turn's. */
  | { readonly type: 'turn'; readonly usage: Usage };

export interface AgentOptions {
  readonly task: Task;
  /** The goal of the whole run. */
  readonly goal: string;
  readonly draft: Draft;
  readonly model: ModelFetch;
  readonly modelName: string;
  /** Most turns of the model; an agent that has not finished by then has failed. */
  readonly maxTurns: number;
  readonly report: (event: AgentEvent) => void;
  readonly signal: AbortSignal;
  /** Has other agents do parts of its task; undefined where it has to do all of it itself. */
  readonly spawn?: Ask | undefined;
  /** Set where the agent has worked on this task before: it goes on from there, on a draft that has what it did. */
  readonly again?: Again | undefined;
}

/** What was said between an agent and its model: plain data, in the order of the Messages API. */
export type Conversation = readonly BetaMessageParam[];

/** How an agent goes on with a task. */
export interface Again {
  /** As {@link runAgent} gave it back; undefined where it is lost: the agent is told its task, and that there is work to go on from. */
  readonly conversation: Conversation | undefined;
  /** What it is told, as the newest message. */
  readonly message: string;
}

/**
 * Runs one agent on its task. What it does is in the draft at once, whatever the result is.
 * The conversation that comes with the summary can be gone on with.
 * Fails as `cancelled` when the signal aborts (the request in flight is aborted with it), as `auth` or `model` where the model
 * does not answer, and as `agent` where it answers but does not finish.
 */
export async function runAgent(options: AgentOptions): Promise<Result<{ summary: string; conversation: Conversation }>> {
  const { task, draft, modelName, maxTurns, report, signal } = options;
  let summary = '';
  const tools = toolsFor(task.role, options.spawn !== undefined);
  const finish = (said: string) => {
    summary = said;
  };
  const runner = conversation(options, runnableTools(tools, { draft, finish, signal, spawn: spawner(draft, options.spawn) }));
  let tally: Tally = { turns: 0, idle: 0, spoilt: 0 };
  let broken = 0;
  try {
    for await (const stream of runner) {
      report({ type: 'step', step: 'Thinking' });
      stream.on('contentBlock', (block) => {
        if (block.type === 'tool_use') report({ type: 'step', step: stepOf(tools, block) });
      });
      const reply = await replyOf(stream);
      if (reply.kind === 'none') {
        broken += 1;
        if (signal.aborted || !brokeOff(reply.thrown) || broken > MAX_BROKEN) throw reply.thrown;
        // Messages that were set are sent as they are: the turn is asked for again.
        runner.setMessagesParams((params) => params);
        continue;
      }
      broken = 0;
      const { message } = reply;
      report({ type: 'turn', usage: usageOf(message.usage) });
      tally = counted(tally, reply);
      const objection = objectionTo(message, tally);
      if (objection !== undefined) return objection;
      // The runner sends a turn that paused back by itself, and the model goes on with it.
      if (message.stop_reason !== 'pause_turn') {
        const calls = callsOf(message);
        const answers = reply.kind === 'whole' ? answersOf(await runner.generateToolResponse(), calls, tools) : notMade(calls);
        if (signal.aborted) return cancelled;
        if (summary !== '' && !answers.some(isError)) {
          const conversation = [...runner.params.messages, ...spoken(message), { role: 'user' as const, content: answers }];
          return ok({ summary, conversation });
        }
        summary = '';
        const said = [...answers, ...notes(reply, tally, maxTurns).map(text)];
        runner.pushMessages(...spoken(message), { role: 'user', content: said });
      }
      if (tally.turns >= maxTurns) {
        const fix = 'Split the task into smaller ones, or run it again from what it has done.';
        return fail('agent', `The agent did not finish in ${maxTurns} turns.`, fix);
      }
    }
    return fail('agent', 'The conversation ended before the agent finished.', 'Run the task again.');
  } catch (thrown) {
    // Anything else is a bug of ours.
    if (!signal.aborted && !(thrown instanceof AnthropicError)) throw thrown;
    return { ok: false, failure: modelFailure(thrown, modelName, signal) };
  }
}

function conversation({ task, goal, model, modelName, signal, again }: AgentOptions, tools: ReturnType<typeof runnableTools>) {
  return modelClient(model).beta.messages.toolRunner(
    {
      model: modelName,
      max_tokens: MAX_TOKENS,
      stream: true,
      // Else the SDK keeps the conversation on the server, which only Anthropic's own can do.
      thread: false,
      // Marks the last block of every request: each turn reads from the cache what the one before it wrote.
      cache_control: { type: 'ephemeral' },
      system: systemPrompt(
        task.role,
        tools.map(({ name }) => name),
      ),
      messages: begun(taskPrompt(task, goal), again),
      tools,
    },
    { signal },
  );
}

/** The conversation as the agent finds it: what is new stands in its last message, which is the person's side. */
function begun(prompt: string, again: Again | undefined): BetaMessageParam[] {
  if (again === undefined) return [{ role: 'user', content: prompt }];
  const before = again.conversation ?? [{ role: 'user' as const, content: prompt }];
  const last = before.at(-1);
  if (last?.role !== 'user') return [...before, { role: 'user', content: [text(again.message)] }];
  const said = typeof last.content === 'string' ? [text(last.content)] : last.content;
  return [...before.slice(0, -1), { role: 'user', content: [...said, text(again.message)] }];
}

/** Turns so far; how many of the last ones in a row called no tool, and how many could not be used as they came. */
interface Tally {
  readonly turns: number;
  readonly idle: number;
  readonly spoilt: number;
}

function counted({ turns, idle, spoilt }: Tally, { kind, message }: Exclude<Reply, { kind: 'none' }>): Tally {
  const wasIdle = kind === 'whole' && message.stop_reason !== 'pause_turn' && callsOf(message).length === 0;
  return { turns: turns + 1, idle: wasIdle ? idle + 1 : 0, spoilt: kind === 'whole' ? 0 : spoilt + 1 };
}

/** Why the conversation cannot go on after a reply; undefined where it can. */
function objectionTo({ stop_reason }: BetaMessage, { idle, spoilt }: Tally): Result<never> | undefined {
  if (stop_reason === 'refusal') {
    return fail('agent', 'The model refused to work on this task.', 'Say in its instructions what the work is for, or use another model.');
  }
  if (stop_reason === 'model_context_window_exceeded') {
    return fail('agent', 'The conversation became too long for the model.', 'Split the task into smaller ones.');
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
function notes({ kind }: Reply, { turns, idle }: Tally, maxTurns: number): string[] {
  const said: string[] = [];
  if (kind === 'cut') {
    said.push('Your answer was cut off at the token limit. Go on in smaller steps: fewer calls at a time, and shorter texts in them.');
  }
  if (kind === 'garbled') said.push('The input of a call was no JSON. Make your calls again.');
  if (idle > 0) said.push('You called no tool. Go on with your task; if it is done, or cannot be done, call finish with a summary.');
  if (turns === maxTurns - 1) said.push('You have one turn left: call finish now, and say what is done and what is not.');
  return said;
}

function isError(block: BetaContentBlockParam): boolean {
  return block.type === 'tool_result' && block.is_error === true;
}

function text(said: string): BetaContentBlockParam {
  return { type: 'text', text: said };
}
