/** run: has a shell command run on the draft, in a real folder, and tells how it ended. */
import * as z from 'zod';
import { ok } from '../../domain/failure';
import { tool } from './tool';

export const run = tool({
  name: 'run',
  description:
    'Runs a shell command on your draft: in a real folder that has the draft’s files, with the project’s dependencies linked. You get its exit code and its output, cut in the middle where it is long. Files that it changes are changed in your draft, but for those that git ignores; build output stays for your next command. It has no input, a temporary folder of its own (TMPDIR), and ten ports of its own (PORT, and WEFT_PORT to WEFT_LAST_PORT). When it ends, everything that it started is ended, too. The person may have to allow it first: prefer the project’s own commands, one at a time.',
  // What it changes is a part of it that whoever only reads may not have.
  writes: true,
  input: z.object({
    command: z
      .string()
      .trim()
      .min(1)
      .max(10_000)
      .describe('As you would type it in the folder of the workspace: npm test -- --grep login.'),
    seconds: z.number().min(1).max(1800).optional().describe('How long it may take. Absent: 120.'),
  }),
  // That it runs says who runs it: the person may have to be asked first.
  step: ({ command }) => `Wants to run ${command}`,
  async run({ command, seconds }, desk) {
    const answer = await desk.act({ kind: 'command', command, ...(seconds === undefined ? {} : { seconds }) });
    return answer.ok ? ok(answer.value.text) : answer;
  },
});
