/** A process of its own that lands, for tests of two at work in one workspace. */

import { z } from 'zod';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { land } from '../../src/repo/land/land';
import { openRepository } from '../../src/repo/repository';
import type { Workspace } from '../../src/repo/workspace';
import { editor } from './editor';
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

/** `ROOT INCOMING… [UNSAVED]` as JSON, the last one the texts that its editor has not saved, by path; exits 0 when all of them have landed. */
async function main([root = '', json = '', unsaved]: readonly string[]): Promise<void> {
  const repo = valued(await openRepository(root));
  const workspace = unsaved === undefined ? diskWorkspace(repo, async () => ok()) : withTexts(root, unsaved);
  for (const incoming of incomingSchema.parse(JSON.parse(json))) {
    const landing = valued(await land({ repo, workspace, clock: systemClock, titleOf: (task) => task }, incoming, NEVER));
    if (landing.kind !== 'landed') throw new Error(JSON.stringify(landing));
  }
  await repo.objects.dispose();
}

function withTexts(root: string, unsaved: string): Workspace {
  const workspace = editor(root);
  for (const [path, text] of Object.entries(z.record(z.string(), z.string()).parse(JSON.parse(unsaved)))) workspace.buffers.set(path, text);
  return workspace;
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(String(thrown));
  process.exitCode = 1;
});
