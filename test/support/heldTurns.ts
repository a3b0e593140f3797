/** A model that plays turns for every task, each when the test lets it: over a wire or not. */
import type { ModelFetch } from '../../src/model/fetch';
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';

export interface HeldTurn {
  /** Lets the model answer. */
  answer(): void;
  /** Has it refuse. */
  refuse(): void;
}

export interface HeldTurns {
  readonly model: ModelFetch;
  /** How many requests came so far, of all tasks. */
  readonly asked: () => number;
  /** The nth request of a task that comes, counted from 1. */
  nth(task: string, n: number): Promise<HeldTurn>;
}

export function heldTurns(otherwise: readonly Turn[]): HeldTurns {
  const scripted = scriptedModel(scenarioSchema.parse({ otherwise }), { paceMs: 0, wait: async () => undefined });
  const asked = new Map<string, HeldTurn[]>();
  const waiting: (() => void)[] = [];
  const model: ModelFetch = async (request) => {
    const task = /Task: ([\w.-]+)/.exec(await request.clone().text())?.[1] ?? '';
    const isRefused = await new Promise<boolean>((resolve) => {
      const turn = { answer: () => resolve(false), refuse: () => resolve(true) };
      asked.set(task, [...(asked.get(task) ?? []), turn]);
      for (const tell of waiting.splice(0)) tell();
    });
    return isRefused ? errorResponse(400, 'invalid_request_error', 'The test refuses this.') : scripted(request);
  };
  return {
    model,
    asked: () => [...asked.values()].flat().length,
    nth: async (task, n) => {
      for (;;) {
        const found = asked.get(task)?.[n - 1];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}
