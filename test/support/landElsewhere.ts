/** A process of its own that lands, for tests of two at work in one workspace. */
import { z } from 'zod';
import { ok } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { land } from '../../src/repo/land/land';
import { openRepository } from '../../src/repo/repository';
import { NEVER, valued } from './result';

const incomingSchema = z.array(
  z.object({
    run: z.string(),
    task: z.string(),
    title: z.string(),
    intent: z.enum(['land', 'undo']),
    base: z.string(),
    theirs: z.string(),
  }),
);

/** `ROOT INCOMING…` as JSON; exits 0 when all of them have landed. */
async function main([root = '', json = '']: readonly string[]): Promise<void> {
  const repo = valued(await openRepository(root));
  const workspace = diskWorkspace(repo, async () => ok());
  for (const incoming of incomingSchema.parse(JSON.parse(json))) {
    const landing = valued(await land({ repo, workspace, titleOf: (task) => task }, incoming, NEVER));
    if (landing.kind !== 'landed') throw new Error(JSON.stringify(landing));
  }
  await repo.objects.dispose();
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(String(thrown));
  process.exitCode = 1;
});
