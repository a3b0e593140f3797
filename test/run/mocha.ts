/** Runs compiled Mocha files and tells how it went, message by message: the same in plain Node and inside the extension host. */
import type { Runnable, Test } from 'mocha';
import { z } from 'zod';
import { explain } from './problem';

const failure = z.object({ title: z.string(), message: z.string() });
const report = z.object({ passed: z.number(), failures: z.array(failure), skipped: z.array(z.string()) });

/** How a suite went. A check that is no Mocha suite counts as one test. */
export type Report = z.infer<typeof report>;

/** What a run says while it goes; a run that ends without `end` crashed in the test that began last. */
export const Message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('begin'), title: z.string() }),
  z.object({ kind: z.literal('pass'), title: z.string(), milliseconds: z.number() }),
  z.object({ kind: z.literal('fail'), title: z.string(), message: z.string() }),
  z.object({ kind: z.literal('skip'), title: z.string() }),
  z.object({ kind: z.literal('end'), report }),
]);
export type Message = z.infer<typeof Message>;

export interface MochaOptions {
  timeoutSeconds: number;
  /** Only tests whose full title holds this text. */
  grep?: string | undefined;
}

/** Never rejects: a file that cannot be loaded is a failure in the report. */
export async function runMocha(files: string[], options: MochaOptions, say: (message: Message) => void): Promise<void> {
  const found: Report = { passed: 0, failures: [], skipped: [] };
  try {
    const { default: Mocha } = await import('mocha');
    const mocha = new Mocha({
      ui: 'bdd',
      timeout: options.timeoutSeconds * 1000,
      forbidOnly: Boolean(process.env.CI),
      reporter: class {} as never,
    });
    if (options.grep !== undefined) mocha.fgrep(options.grep);
    for (const file of files.toSorted()) mocha.addFile(file);
    await mocha.loadFilesAsync();
    await new Promise<void>((resolve) => {
      const runner = mocha.run(() => resolve());
      runner.on('test', (test: Test) => say({ kind: 'begin', title: test.fullTitle() }));
      runner.on('pass', (test: Test) => {
        found.passed += 1;
        say({ kind: 'pass', title: test.fullTitle(), milliseconds: test.duration ?? 0 });
      });
      runner.on('fail', (test: Runnable, error: Error) => {
        const failed = { title: test.fullTitle(), message: error.stack ?? error.message };
        found.failures.push(failed);
        say({ kind: 'fail', ...failed });
      });
      runner.on('pending', (test: Test) => {
        found.skipped.push(test.fullTitle());
        say({ kind: 'skip', title: test.fullTitle() });
      });
    });
  } catch (error) {
    const failed = { title: 'loading the tests', message: explain(error) };
    found.failures.push(failed);
    say({ kind: 'fail', ...failed });
  }
  say({ kind: 'end', report: found });
}
