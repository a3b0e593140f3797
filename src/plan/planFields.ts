/** Which fields of a task only people and programs write. Pure. */

/** How often, by whom and when a task is done, is for people to say: a model would make it up, and several agents for one task cost as much as several tasks. */
export const BY_PEOPLE = {
  model: true,
  priority: true,
  timeoutSeconds: true,
  budgetUsd: true,
  budgetTokens: true,
  attempts: true,
  fallback: true,
  candidates: true,
  pick: true,
} as const;
