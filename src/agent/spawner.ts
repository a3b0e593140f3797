/** How an agent has others do parts of its task: on its draft as it is, and what they did comes into it. */
import { fail, type Result } from '../domain/failure';
import type { Spawn, Spawned } from '../domain/spawn';
import type { Draft } from '../repo/draft/draft';
import type { Desk } from './tools/tool';

/** Asks the agent's run; resolves when the parts are over. Fails, and starts nothing, where the run's limits do not allow it. */
export type Ask = (request: Spawn) => Promise<Result<Spawned>>;

/** `ask`: undefined where the agent may not. */
export function spawner(draft: Draft, ask: Ask | undefined): Desk['spawn'] {
  return async (call, children) => {
    if (ask === undefined) return fail('input', 'Your task cannot be divided any further.', 'Do it yourself.');
    // What the others are told of, they do not say.
    draft.noteLook('', 'contents');
    const now = await draft.now();
    if (!now.ok) return now;
    const spawned = await ask({ call, draft: now.value.changes.length === 0 ? null : now.value.commit, children });
    if (!spawned.ok) return spawned;
    const adopted = await draft.adopt(spawned.value.draft ?? draft.base, spawned.value.reads);
    return adopted.ok ? spawned : adopted;
  };
}
