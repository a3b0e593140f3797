/** Whether what a run left undone can be planned anew. Pure. */
import { fail, ok, type Result } from '../../domain/failure';
import { arbitrated, type RunState } from '../../domain/run';
import { hasRest } from '../../plan/rest';
import { lifeOf } from '../journal/library';
import { askAnother } from './kept';

export function restToPlan(state: RunState): Result<void> {
  const { run } = state.start;
  if (lifeOf(state) === 'running')
    return fail('input', `Run ${run} goes on.`, 'Wait until it has ended, or stop it. What failed in it can be retried meanwhile.');
  const conflict = arbitrated(state);
  if (conflict !== undefined)
    return fail('input', `Run ${run} was for a conflict of an earlier run, and has no plan.`, askAnother(conflict));
  if (hasRest(state)) return ok();
  return fail(
    'input',
    `Run ${run} left nothing to plan: all of it landed, was taken back, or waits for your decision.`,
    'See “weft summary” for what to do next.',
  );
}
