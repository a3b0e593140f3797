/** A model that can hold little: it refuses what is too long, and sums up when it is told to. It remembers nothing: all is in what it is asked. */
import { z } from 'zod';
import type { ModelFetch } from '../../src/model/fetch';
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';

const blockSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
const requestSchema = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(blockSchema)]) })),
});

export type Refusal = (length: number) => Response;

export interface ShortMemory {
  readonly model: ModelFetch;
  /** What it was asked, in order: for a summary, or for which turn (from 0); `!` where that was refused. */
  readonly asked: string[];
}

/** The server's words for what is longer than `most` characters. */
const anthropics: Refusal = (length) =>
  errorResponse(400, 'invalid_request_error', `prompt is too long: ${length} tokens > 200000 maximum`);

/** Plays these turns, whatever was summed up in between; refuses requests whose messages have more than `most` characters. */
export function shortMemory(turns: readonly Turn[], { most, refuse = anthropics }: { most: number; refuse?: Refusal }): ShortMemory {
  const asked: string[] = [];
  return {
    asked,
    model: async (request) => {
      const { messages } = requestSchema.parse(await request.clone().json());
      const last = messages.at(-1)?.content ?? '';
      const isSummary = (typeof last === 'string' ? last : (last.at(-1)?.text ?? '')).startsWith('Your conversation is becoming too long');
      const length = JSON.stringify(messages).length;
      const before = Number(/Turns so far: (\d+)/.exec(JSON.stringify(messages[0]))?.[1] ?? 0);
      const turn = before + messages.filter(({ role }) => role === 'assistant').length;
      asked.push(`${isSummary ? 'summary' : turn}${length > most ? '!' : ''}`);
      if (length > most) return refuse(length);
      const said: Turn = isSummary ? { say: `Turns so far: ${turn}` } : (turns[turn] ?? { say: 'There is no such turn.' });
      const scenario = scenarioSchema.parse({ otherwise: new Array(messages.length).fill(said) });
      return scriptedModel(scenario, { paceMs: 0, wait: async () => undefined })(request);
    },
  };
}
