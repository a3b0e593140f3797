/** leave_open: ends an arbiter's work without a decision. */
import * as z from 'zod';
import { fail, ok } from '../../domain/failure';
import { tool } from './tool';

export const leaveOpen = tool({
  name: 'leave_open',
  description:
    'Leaves the conflict to the person, and ends your work. Nothing of your draft is used. Call it where you cannot tell what is right, or where deciding would throw away what somebody plainly wanted.',
  writes: false,
  input: z.object({
    why: z
      .string()
      .describe('For the person, in a few sentences: what each side wants, why you cannot decide it, and what they should look at.'),
  }),
  step: () => 'Leaving it to you',
  run: async ({ why }, desk) => {
    if (why.trim() === '') return fail('input', 'The reason is empty.', 'Call leave_open again and say what the person has to decide.');
    desk.leaveOpen(why.trim());
    return ok('The person decides, unless another call of this turn failed: then see to that first and call leave_open again.');
  },
});
