/** What TypeScript's server answers when it is asked for the errors of a file, with lines: `DiagnosticWithLinePosition` of its protocol. */
import * as z from 'zod';

const answerSchema = z.looseObject({
  body: z.array(
    z.looseObject({
      message: z.string(),
      category: z.string(),
      code: z.number().optional(),
      /** Both from 1. */
      startLocation: z.looseObject({ line: z.number(), offset: z.number() }),
    }),
  ),
});
export type TsProblem = z.infer<typeof answerSchema>['body'][number];

/** The errors that an answer has; undefined where it is none, as from a server that is not there. */
export function readTsAnswer(said: unknown): readonly TsProblem[] | undefined {
  return answerSchema.safeParse(said).data?.body;
}
