/** What the CLI says of agents that wait for the model: now and then, and not where it is only for their turn. */
import type { LiveRun } from '../engine/run';
import type { Output } from './output';

const WHY = {
  limit: 'its rate limit is used up',
  overloaded: 'its server is overloaded',
  error: 'its server has an error',
  lost: 'there is no connection to it',
  silent: 'it does not answer',
} as const;

/** The same is said again after so many milliseconds. */
const AGAIN_MS = 60_000;

export function tellWaits({ live }: Pick<LiveRun, 'live'>, output: Output): void {
  const told = new Map<string, number>();
  live.listen(() => {
    for (const [task, { why, since }] of live.state.waiting) {
      const key = `${task} ${why}`;
      // Each try of a request is a wait of its own.
      if (why === 'turn' || since < (told.get(key) ?? Number.NEGATIVE_INFINITY) + AGAIN_MS) continue;
      told.set(key, since);
      output.say(`          ‖ ${task}: waiting for the model: ${WHY[why]}`);
    }
  });
}
