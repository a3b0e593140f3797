/** Whether what a run left undone can be planned anew. Pure. */
import { fail, ok, type Result } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import { hasRest } from '../../plan/rest';
import { lifeOf } from '../journal/library';

export function restToPlan(state: RunState): Result<void> {
  const { run } = state.start;
  if (lifeOf(state) === 'running')
    return fail('input', `Run ${run} goes on.`, 'Wait until it has ended, or stop it. What failed in it can be retried meanwhile.');
  if (hasRest(state)) return ok();
  return fail(
    'input',
    `Run ${run} left nothing to plan: all of it landed, was taken back, or waits for your decision.`,
    'See “weft summary” for what to do next.',
  );
}
