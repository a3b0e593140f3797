/** finish: ends the agent's work. */
import * as z from 'zod';
import { fail, ok } from '../../domain/failure';
import { leftBeside, undecided } from '../files';
import { tool } from './tool';

export const finish = tool({
  name: 'finish',
  description: 'Ends your work. Call it last, once the task is done or you know that it cannot be done.',
  writes: false,
  input: z.object({
    summary: z.string().describe('For a person, in a few sentences: what you did, what you decided, and what is left open.'),
  }),
  step: () => 'Finishing',
  run: async ({ summary }, desk) => {
    if (summary.trim() === '') return fail('input', 'The summary is empty.', 'Call finish again and say what you did.');
    const open = undecided(desk.draft);
    if (open.length > 0)
      return fail(
        'input',
        `There are still markers of a conflict in ${open.join(', ')}.`,
        'Edit each of these files to what it should be, without the lines that begin with <<<<<<<, ======= and >>>>>>>; then call finish again.',
      );
    const beside = await leftBeside(desk.draft);
    if (!beside.ok) return beside;
    if (beside.value.length > 0)
      return fail(
        'input',
        `It is not decided what is to become of ${beside.value.join(', ')}, which a part made of a file that could not be merged.`,
        'Move each to where it belongs (delete first what is there), or delete it; then call finish again, and say in your summary which version you kept.',
      );
    desk.finish(summary.trim());
    return ok('Finished, unless another call of this turn failed: then see to that first and call finish again.');
  },
});
