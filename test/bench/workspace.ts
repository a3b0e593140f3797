/** What Weft does in a workspace of 100,000 files: snapshots, drafts, merges and landings. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { Draft } from '../../src/repo/draft/draft';
import { beginChain, land } from '../../src/repo/land/land';
import { openRepository, type Repository } from '../../src/repo/repository';
import { type Snapshot, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { mergeTrees } from '../../src/repo/trees';
import { firstOf, measureRadar, measureSearch } from './agents';
import { makeBigRepository, pathOf, textOf } from './bigRepository';
import { measureFolders } from './folders';
import { measureGrowth, measureIncluded } from './growth';
import { measureManyFiles } from './manyFiles';
import { atMost, noLimit, type Row } from './row';
import { git, inTurns, must, timed } from './timing';

const SNAPSHOT_ROUNDS = 12;
const ROUNDS = 20;
const LANDINGS = 8;
const CHANGED_FILES = 10;

const never = new AbortController().signal;

/** `ripgrep`: programs that may be it. */
export async function measureWorkspace(folder: string, ripgrep: readonly string[], say: (line: string) => void): Promise<Row[]> {
  say('making a repository of 100,000 files');
  await makeBigRepository(folder);
  const opening = await measureOpening(folder);
  const repo = must(await openRepository(folder));
  try {
    say('snapshots');
    const snapshots = await measureSnapshots(repo);
    snapshots.push(await measureGrowth(repo, snapshot));
    say('drafts, merges and landings');
    const base = await snapshot(repo);
    return [
      ...snapshots,
      opening,
      ...(await measureDrafts(repo, base)),
      await measureRadar(repo, base.commit),
      ...(await measureSearch(repo, base.commit, await firstOf(ripgrep))),
      ...(await measureMerges(repo, base)),
      await measureManyFiles(repo, base.commit),
      ...(await measureFolders(repo, await differingTrees(repo, base))),
      // Last, for it fills the folder with files that are ignored.
      await measureIncluded(repo, snapshot),
    ];
  } finally {
    await repo.objects.dispose();
  }
}

/** The base, and some that differ from it and from each other in ten files or twenty. */
async function differingTrees(repo: Repository, base: Snapshot): Promise<string[]> {
  const trees = [base.commit];
  for (let round = 0; round < 3; round++) trees.push(await changeset(repo, base, 100 + round));
  return trees;
}

async function measureOpening(folder: string): Promise<Row> {
  const { open } = await inTurns(ROUNDS, { open: async () => must(await openRepository(folder)).objects.dispose() });
  return { name: 'opening the repository', unit: 'ms', samples: open, reference: null, limit: noLimit };
}

async function snapshot(repo: Repository): Promise<Snapshot> {
  return must(await takeSnapshot(repo, workspaceOf(repo), { label: 'Bench', clock: systemClock }, never));
}

function workspaceOf(repo: Repository) {
  return diskWorkspace(repo, async () => ok());
}

async function measureSnapshots(repo: Repository): Promise<Row[]> {
  const works = { status: () => git(repo.top.folder, ['status', '--porcelain']), snapshot: () => snapshot(repo) };
  const first = await timed(works.snapshot);
  const same = await inTurns(SNAPSHOT_ROUNDS, works);
  const changed = await inTurns(SNAPSHOT_ROUNDS, works, async (round) => {
    await write(repo, pathOf(round, 7), `export const changed = ${round};\n`);
    await write(repo, `notes/untracked${round % 3}.md`, `Round ${round}\n`);
  });
  const staged = await inTurns(SNAPSHOT_ROUNDS / 2, works, async (round) => {
    await git(repo.top.folder, ['add', '--', pathOf(round, 7)]);
  });
  const status = (samples: readonly number[]) => ({ name: 'git status', samples, ratio: 'over' }) as const;
  return [
    {
      name: 'snapshot, nothing changed since the last',
      unit: 'ms',
      samples: same.snapshot,
      reference: status(same.status),
      limit: atMost(1.6),
    },
    {
      name: 'snapshot, a tracked and an untracked file changed',
      unit: 'ms',
      samples: changed.snapshot,
      reference: status(changed.status),
      limit: atMost(1.6),
    },
    { name: 'snapshot, after a “git add”', unit: 'ms', samples: staged.snapshot, reference: status(staged.status), limit: noLimit },
    { name: 'the first snapshot of all', unit: 'ms', samples: [first], reference: null, limit: noLimit },
  ];
}

async function write(repo: Repository, path: string, text: string): Promise<void> {
  const file = join(repo.top.folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function measureDrafts(repo: Repository, base: Snapshot): Promise<Row[]> {
  const { open } = await inTurns(ROUNDS, {
    open: async (round) => {
      const read = must(await new Draft(repo, base.commit).read(pathOf(round + 100, 3)));
      if (read?.bytes.toString() !== textOf(round + 100, 3)) throw new Error('The draft does not have what the workspace has.');
    },
  });
  return [{ name: 'opening a draft and reading its first file', unit: 'ms', samples: open, reference: null, limit: atMost(10) }];
}

/** Ten files: nine of a folder's edited, and a new one. No two rounds have a file in common. */
async function changeset(repo: Repository, base: Snapshot, round: number): Promise<string> {
  const draft = new Draft(repo, base.commit);
  const folder = 500 + round;
  for (let file = 1; file < CHANGED_FILES; file++) {
    must(await draft.write(pathOf(folder, file), Buffer.from(`${textOf(folder, file)}export const added = true;\n`)));
  }
  must(await draft.write(`packages/new/round${round}.ts`, Buffer.from(`export const round = ${round};\n`)));
  const { commit, changes } = must(await draft.commit());
  if (commit === null || changes.length !== CHANGED_FILES) throw new Error(`The changeset has ${changes.length} files.`);
  return commit;
}

async function measureMerges(repo: Repository, base: Snapshot): Promise<Row[]> {
  const ours = await changeset(repo, base, 0);
  const theirs: string[] = [];
  for (let round = 0; round <= ROUNDS; round++) theirs.push(await changeset(repo, base, round + 1));
  const at = (round: number): string => theirs[round] ?? '';
  const { merge } = await inTurns(ROUNDS, {
    merge: async (round) => {
      const merged = must(await mergeTrees(repo, { base: base.commit, ours, theirs: at(round) }));
      if (merged.conflicts.length > 0) throw new Error('The changesets are in conflict.');
    },
  });
  const run = systemClock.id();
  must(await beginChain(repo, run, base.commit));
  const ports = { repo, workspace: workspaceOf(repo), clock: systemClock, titleOf: (task: string) => task };
  const { landing } = await inTurns(LANDINGS, {
    landing: async (round) => {
      const task = `task${round}`;
      const incoming = { run, task, title: task, intent: 'land', base: base.commit, theirs: at(round) } as const;
      if (must(await land(ports, incoming, never)).kind !== 'landed') throw new Error(`${task} did not land.`);
    },
  });
  return [
    { name: 'merging a changeset of ten files', unit: 'ms', samples: merge, reference: null, limit: atMost(60) },
    { name: 'landing it on disk', unit: 'ms', samples: landing, reference: null, limit: noLimit },
  ];
}
