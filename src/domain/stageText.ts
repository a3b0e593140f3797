/** Where tasks stand, in words. Pure. */
import type { Stage } from './taskState';

/** As it is said of a task: “it is in conflict”. What came to an end stands first. */
export const STAGE_TEXTS: Readonly<Record<Stage['kind'], string>> = {
  landed: 'landed',
  joined: 'joined to its parent',
  conflicted: 'in conflict',
  held: 'held',
  failed: 'failed',
  stopped: 'stopped',
  elsewhere: 'landed by another run',
  doomed: 'not started',
  undone: 'undone',
  running: 'running',
  awaiting: 'waiting for tasks of its own',
  asking: 'waiting for an answer',
  waiting: 'waiting',
  done: 'waiting to land',
};

export function stageText({ kind }: Pick<Stage, 'kind'>): string {
  return STAGE_TEXTS[kind];
}
