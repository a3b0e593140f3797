/** What went wrong in words that a person can act on; anything else that is thrown is a bug and shows its stack. */
export class Problem extends Error {}

export function explain(error: unknown): string {
  if (error instanceof Problem) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
