/** A scripted model whose pauses last until the test ends them: agents are held in the middle of a turn. */

import type { ModelFetch } from '../../src/model/fetch';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';

/** The turn's answer is held. */
export const HELD = 1;

export interface HeldScenario {
  readonly model: ModelFetch;
  /** Resolves when that many requests have come that are held, ended ones included. */
  held(count: number): Promise<void>;
  /** Lets all go that are held, and that will be. */
  release(): void;
  /** How many of those that were held were called off. */
  aborted(count: number): Promise<void>;
}

/** Turns by task; those with `thinkMs` are held. `otherwise`: of all tasks that are not listed. */
export function heldScenario(tasks: Readonly<Record<string, readonly Turn[]>>, otherwise: readonly Turn[] = []): HeldScenario {
  let came = 0;
  let ended = 0;
  let released = false;
  let tell: (() => void)[] = [];
  const changed = () => {
    for (const one of tell.splice(0)) one();
  };
  const until = async (done: () => boolean) => {
    while (!done())
      await new Promise<void>((resolve) => {
        tell = [...tell, resolve];
      });
  };
  const gates: (() => void)[] = [];
  return {
    model: scriptedModel(scenarioSchema.parse({ tasks, otherwise }), {
      paceMs: 0,
      wait: (ms, signal) => {
        if (ms === 0 || released) return Promise.resolve();
        return new Promise((resolve) => {
          gates.push(resolve);
          signal.addEventListener('abort', () => {
            ended += 1;
            changed();
            resolve();
          });
          came += 1;
          changed();
        });
      },
    }),
    held: (count) => until(() => came >= count),
    aborted: (count) => until(() => ended >= count),
    release: () => {
      released = true;
      for (const gate of gates.splice(0)) gate();
    },
  };
}
