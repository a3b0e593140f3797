/** What snapshots take of the disk, and what ignored files that are included cost, in a workspace of 100,000 files. */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NO_INCLUDE } from '../../src/domain/include';
import { openRepository, type Repository } from '../../src/repo/repository';
import type { Snapshot } from '../../src/repo/snapshot/snapshot';
import { pathOf, textOf } from './bigRepository';
import { atMost, type Row } from './row';
import { git, inTurns, must } from './timing';

const ROUNDS = 4;
const CHANGED = 10;
/** Files of the ignored folder that nobody may walk through. */
const IGNORED = 20_000;

type Take = (repo: Repository) => Promise<Snapshot>;

/**
 * A snapshot stores what changed, and the folders on the way to it: so does git's own commit of as much, which is the reference. Beside
 * that, a snapshot has a commit that git makes the tree with, and some words more in its message.
 */
export async function measureGrowth(repo: Repository, snapshot: Take): Promise<Row> {
  const commits: number[] = [];
  const snapshots: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await change(repo, round * 2);
    commits.push(
      await growth(repo, async () => {
        await git(repo.cwd, ['add', '--all']);
        await git(repo.cwd, [
          '-c',
          'user.name=Bench',
          '-c',
          'user.email=bench@example.com',
          'commit',
          '--quiet',
          '--message',
          `Round ${round}`,
        ]);
      }),
    );
    await snapshot(repo);
    await change(repo, round * 2 + 1);
    snapshots.push(await growth(repo, () => snapshot(repo)));
  }
  return {
    name: 'disk that a snapshot takes after ten files changed',
    unit: 'KiB',
    samples: snapshots,
    reference: { name: 'a commit of as much', samples: commits, ratio: 'over' },
    limit: atMost(1.25),
  };
}

/** A line more in ten files of ten folders. No two rounds have a folder in common. */
async function change(repo: Repository, round: number): Promise<void> {
  for (let at = 0; at < CHANGED; at++) {
    const [folder, file] = [1000 + round * CHANGED + at, 11];
    await writeFile(join(repo.cwd, pathOf(folder, file)), `${textOf(folder, file)}export const grown = ${round};\n`);
  }
}

/** KiB by which git's folder grows, but for the indexes, which are written anew each time. */
async function growth(repo: Repository, work: () => Promise<unknown>): Promise<number> {
  const before = await bytesIn(repo.gitDir);
  await work();
  return ((await bytesIn(repo.gitDir)) - before) / 1024;
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !/^index\b/.test(entry.name)) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

/** git walks through the folder once more, to say what it ignores: beside its first walk where a core is free, else after it. */
export async function measureIncluded(repo: Repository, snapshot: Take): Promise<Row> {
  const write = async (path: string) => {
    await mkdir(dirname(join(repo.cwd, path)), { recursive: true });
    await writeFile(join(repo.cwd, path), 'SECRET=1\n');
  };
  await writeFile(join(repo.cwd, '.gitignore'), 'node_modules/\n.env\n');
  for (let file = 0; file < IGNORED; file++) await write(`node_modules/module${file % 500}/lib/file${file}.js`);
  for (const path of ['.env', 'packages/package3/.env', 'node_modules/module1/.env']) await write(path);
  const including = must(await openRepository(repo.cwd, () => ({ ...NO_INCLUDE, globs: ['.env'] })));
  try {
    const { taken, status } = await inTurns(ROUNDS * 2, {
      status: () => git(repo.cwd, ['status', '--porcelain']),
      taken: () => snapshot(including),
    });
    return {
      name: 'snapshot with .env included, beside 20,000 ignored files',
      unit: 'ms',
      samples: taken,
      reference: { name: 'git status', samples: status, ratio: 'over' },
      limit: atMost(2.2),
    };
  } finally {
    await including.objects.dispose();
  }
}
