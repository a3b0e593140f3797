/** The planner's conversation: the model looks around in the workspace with tools that only read, a bounded number of times, and answers. */
import { type AnthropicError, APIError } from '@anthropic-ai/sdk';
import type { BetaContentBlockParam, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta/messages';
import { callsOf } from '../agent/calls';
import { modelClient } from '../agent/client';
import { brokeOff, modelFailure } from '../agent/modelFailure';
import { type Reply, replyOf, spoken } from '../agent/reply';
import { make, notMade, stepOf, toldTools } from '../agent/toolCalls';
import { listFiles } from '../agent/tools/listFiles';
import { readFile } from '../agent/tools/readFile';
import { search } from '../agent/tools/search';
import { textBlock } from '../agent/transcript';
import { usageOf } from '../agent/usage';
import { cancelled, fail, ok, type Result } from '../domain/failure';
import type { AgentRole } from '../domain/role';
import { addUsage, NO_USAGE, type Usage } from '../domain/usage';
import type { ModelFetch } from '../model/fetch';
import type { Draft } from '../repo/draft/draft';
import { formatInWords } from './planFormat';

/** Most tokens of a plan: hundreds of tasks. */
const MAX_TOKENS = 32_000;
/** How often in a row an answer may break off in mid-stream. */
const MAX_BROKEN = 2;
/** How often the model may look around before it has to answer, and how often more it is told so. */
const MAX_LOOKS = 16;
const MAX_REMINDERS = 2;
/** Characters of all that it is shown: with the request, what a model of 200,000 tokens has room for. */
const MAX_SEEN = 360_000;

const TOOLS = [listFiles, readFile, search];
const PLANNER: AgentRole = { name: 'planner', instructions: '', tools: [], source: { kind: 'builtIn' } };

export interface Talk {
  /** What the model is told of its work: the same in every conversation. */
  readonly instructions: string;
  /** What the answer is to be, as a JSON schema. */
  readonly format: { [keyword: string]: unknown };
  /** What is looked at. */
  readonly draft: Draft;
  readonly model: ModelFetch;
  readonly modelName: string;
  /** What the planner looks at now, in a few words for a person; null: it thinks. */
  readonly report: (step: string | null) => void;
  readonly signal: AbortSignal;
}

/** A conversation as it stands. */
export class Conversation {
  private readonly messages: BetaMessageParam[] = [];
  private looks = 0;
  /** Characters that it was shown. */
  private seen = 0;
  /** The server does not take a format: the model is told of it in words. */
  private inWords = false;
  /** Of all requests so far. */
  usage: Usage = NO_USAGE;

  constructor(private readonly talk: Talk) {}

  /** Says something to the model, and resolves to the text that it answers with, once it has looked enough. */
  async ask(text: string): Promise<Result<string>> {
    this.messages.push({ role: 'user', content: text });
    for (;;) {
      const reply = await this.reply();
      if (!reply.ok) return reply;
      const { kind, message } = reply.value;
      this.usage = addUsage(this.usage, usageOf(message.usage));
      const content = spoken(message);
      if (content.length > 0) this.messages.push({ role: 'assistant', content: answerOf(content) });
      if (callsOf(content).length === 0 || kind === 'cut') return textOf(message.stop_reason, content);
      if (this.looks >= MAX_LOOKS + MAX_REMINDERS)
        return fail(
          'agent',
          `The model looked around ${this.looks} times and gave no plan.`,
          'Ask for less at once, or use another model.',
        );
      const results = await this.look(content, kind === 'whole');
      if (this.talk.signal.aborted) return cancelled;
      this.messages.push({ role: 'user', content: results });
    }
  }

  /** Makes the calls of a turn. */
  private async look(content: readonly BetaContentBlockParam[], isWhole: boolean): Promise<BetaContentBlockParam[]> {
    const { draft, report, signal } = this.talk;
    this.looks += 1;
    const results: BetaContentBlockParam[] = [];
    for (const call of callsOf(content)) {
      const mayLook = isWhole && this.looks <= MAX_LOOKS && this.seen < MAX_SEEN && !signal.aborted;
      if (mayLook) report(stepOf(TOOLS, call));
      const making = { tools: TOOLS, role: PLANNER, desk: { draft, signal, ...ALONE }, ...TEXT_ALONE };
      const result = mayLook ? await make(call, making) : notMade(call.id);
      this.seen += JSON.stringify(result).length;
      results.push(result);
    }
    if (!isWhole) results.push(textBlock('The input of a call was no JSON. Make your calls again.'));
    if (this.looks >= MAX_LOOKS || this.seen >= MAX_SEEN)
      results.push(textBlock('You have looked around enough. Answer with the plan now.'));
    return results;
  }

  /** One answer. What breaks off is asked for again. */
  private async reply(): Promise<Result<Exclude<Reply, { kind: 'none' }>>> {
    const { modelName, report, signal } = this.talk;
    report(null);
    for (let broken = 1; ; ) {
      const reply = await this.request();
      if (signal.aborted || reply === undefined) return cancelled;
      if (reply.kind !== 'none') return ok(reply);
      const { thrown } = reply;
      if (!this.inWords && refusesFormat(thrown)) this.inWords = true;
      else if (!brokeOff(thrown) || broken++ > MAX_BROKEN) return { ok: false, failure: modelFailure(thrown, modelName, signal) };
    }
  }

  /** Undefined where it was called off. */
  private async request(): Promise<Reply | undefined> {
    const { instructions, format: schema, model, modelName, signal } = this.talk;
    const system = this.inWords ? `${instructions}\n\n${formatInWords(schema)}` : instructions;
    const format = this.inWords ? {} : { output_config: { format: { type: 'json_schema' as const, schema } } };
    // Streamed only so that no connection waits in silence for minutes.
    const stream = modelClient(model).beta.messages.stream(
      {
        model: modelName,
        max_tokens: MAX_TOKENS,
        system,
        messages: this.messages,
        tools: toldTools(TOOLS),
        cache_control: { type: 'ephemeral' },
        ...format,
      },
      { signal },
    );
    try {
      return await replyOf(stream);
    } catch (thrown) {
      // Anything else is a bug of ours.
      if (!signal.aborted) throw thrown;
      return undefined;
    }
  }
}

/** A planner has nobody to hand work to, and nothing to finish but its answer. */
const ALONE = {
  finish: () => undefined,
  leaveOpen: () => undefined,
  spawn: async () => fail('input', 'A planner has nobody do parts of its work.', 'Answer with the plan.'),
  actFor: async () => fail('input', 'A planner only looks.', 'Answer with the plan.'),
};

/** Pictures tell little of how work is to be cut. */
const TEXT_ALONE = { takes: { images: false, documents: false }, load: { count: 0, base64: 0 } };

/** What is text alone is said as one. */
function answerOf(content: BetaContentBlockParam[]): string | BetaContentBlockParam[] {
  return content.every((block) => block.type === 'text') ? joined(content) : content;
}

function joined(content: readonly BetaContentBlockParam[]): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/** Whether a server refuses a request because it knows nothing of structured output. */
function refusesFormat(thrown: AnthropicError): boolean {
  return (
    thrown instanceof APIError &&
    (thrown.status === 400 || thrown.status === 422) &&
    /output_config|output_format|json_schema|structured/i.test(thrown.message)
  );
}

/** The text of an answer that is whole. */
function textOf(stop: string | null, content: readonly BetaContentBlockParam[]): Result<string> {
  if (stop === 'refusal') return fail('agent', 'The model refused to plan this.', 'Say what the work is for, or use another model.');
  if (stop === 'max_tokens' || stop === 'model_context_window_exceeded')
    return fail('agent', 'The plan became too long for the model.', 'Ask for less at once, or select fewer files.');
  const text = joined(content);
  if (text.trim() === '') return fail('agent', 'The model answered without a plan.', 'Ask again, or use another model (weft.model).');
  return ok(text);
}
