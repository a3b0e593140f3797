/** ask: puts a question to the person, and waits for the answer. */
import * as z from 'zod';
import { ok } from '../../domain/failure';
import { tool } from './tool';

export const ask = tool({
  name: 'ask',
  description:
    'Asks the person who runs you a question, and waits for the answer. Only for what the files do not say and what changes what you do; an answer may take long, or not come at all.',
  writes: false,
  input: z.object({
    question: z.string().trim().min(1).max(2_000).describe('The question, with what the person has to know to answer it.'),
    options: z
      .array(z.string().trim().min(1).max(200))
      .max(8)
      .default([])
      .describe('Answers to choose from, the one that you would take first.'),
  }),
  step: ({ question }) => `Asking: ${question}`,
  async run({ question, options }, desk) {
    const answer = await desk.act({ kind: 'question', question, options });
    return answer.ok ? ok(answer.value.text) : answer;
  },
});
