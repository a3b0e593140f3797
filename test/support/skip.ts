/** Tests that this machine cannot hold: skipped by name, never silently. */
import type { Context } from 'mocha';

/** Ends the test as skipped, with the reason in its name: the runner lists it at the end. */
export function skipFor(test: Context, reason: string): never {
  const { test: running } = test;
  if (running !== undefined) running.title += ` (skipped: ${reason})`;
  return test.skip();
}
