/** What a snapshot costs in a workspace that has repositories in it: 20,000 files, half of them in ten of those. */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { openRepository } from '../../src/repo/repository';
import { takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { checkOutFiles, pathOf, settle } from './bigRepository';
import { atMost, type Row } from './row';
import { git, inTurns, must } from './timing';

const NESTED = 10;
/** Of fifty files each. */
const OUTER_FOLDERS = 200;
const NESTED_FOLDERS = 20;
const ROUNDS = 12;

/** The outer one has links to them, as to submodules: so its `git status` looks into each, as a snapshot must, and is the reference. */
export async function measureNested(folder: string, say: (line: string) => void): Promise<Row[]> {
  say('making a repository with ten others in it');
  const nested = Array.from({ length: NESTED }, (_, at) => join('nested', `part${at}`));
  await checkOutFiles(folder, OUTER_FOLDERS);
  for (const path of nested) {
    mkdirSync(join(folder, path), { recursive: true });
    await checkOutFiles(join(folder, path), NESTED_FOLDERS);
  }
  await git(folder, ['add', '--', ...nested]);
  await git(folder, ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', 'commit', '--quiet', '--message', 'Links']);
  await settle([...nested.map((path) => join(folder, path)), folder]);
  const repo = must(await openRepository(folder));
  const workspace = diskWorkspace(repo, async () => ok());
  try {
    say('snapshots');
    const works = {
      status: () => git(folder, ['status', '--porcelain']),
      snapshot: async () => must(await takeSnapshot(repo, workspace, { label: 'Bench', clock: systemClock }, new AbortController().signal)),
    };
    await works.snapshot();
    const same = await inTurns(ROUNDS, works);
    const changed = await inTurns(ROUNDS, works, (round) =>
      writeFile(join(folder, nested[round % NESTED] ?? '', pathOf(round % NESTED_FOLDERS, 7)), `export const changed = ${round};\n`),
    );
    const row = (what: string, most: number, { status, snapshot }: typeof same): Row => ({
      name: `snapshot with ten nested repositories, ${what}`,
      unit: 'ms',
      samples: snapshot,
      reference: { name: 'git status', samples: status, ratio: 'over' },
      limit: atMost(most),
    });
    // As of one large repository; where something changed, git makes the trees of two, one after the other, however small they are.
    return [row('nothing changed', 1.6, same), row('a file in one changed', 2, changed)];
  } finally {
    await repo.objects.dispose();
  }
}
