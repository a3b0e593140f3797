/** All that waits for the person in a run: what was asked, conflicts, and what is held. Pure. */
import type { Item } from './inbox';
import { openItems } from './reduceInbox';
import type { RunState } from './run';
import { isDecided, type TaskState } from './taskState';

export type Waiting =
  /** To be answered; `tasks`: who asks, none where the run does. */
  | { readonly kind: 'item'; readonly item: Item; readonly tasks: readonly TaskState[] }
  | { readonly kind: 'conflict'; readonly task: TaskState }
  /** Its landing waits: its premise is stale, or the run is over that would have gone by an answer. */
  | { readonly kind: 'held'; readonly task: TaskState };

export function waitingIn(state: RunState): Waiting[] {
  const items = state.phase === 'finished' ? [] : openItems(state);
  const asked = new Set(items.map(({ id }) => id));
  const waiting: Waiting[] = items.map((item) => ({ kind: 'item', item, tasks: tasksOf(state, item) }));
  for (const task of state.tasks.values()) {
    const { stage } = task;
    if (stage.kind === 'conflicted' && !isDecided(stage)) waiting.push({ kind: 'conflict', task });
    if (stage.kind === 'held' && (stage.item === null || !asked.has(stage.item))) waiting.push({ kind: 'held', task });
  }
  return waiting;
}

function tasksOf({ tasks }: RunState, { id, askers }: Item): TaskState[] {
  return askers.flatMap(({ task }) => {
    const found = tasks.get(task);
    return (found?.stage.kind === 'asking' || found?.stage.kind === 'held') && found.stage.item === id ? [found] : [];
  });
}
