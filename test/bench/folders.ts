/** Real folders for commands, in a workspace of 100,000 files: what the first costs, and what moving one to another tree does. */

import { rm } from 'node:fs/promises';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { folderPool, foldersHome } from '../../src/repo/commands/folderPool';
import { listFolders, removeFolder } from '../../src/repo/commands/folderStore';
import type { Repository } from '../../src/repo/repository';
import { atMost, noLimit, type Row } from './row';
import { git, inTurns, must, timed } from './timing';

const MOVES = 6;
const FILLS = 2;

const never = new AbortController().signal;

/** `trees`: as many that differ from each other in a few files as there are moves, and one more. */
export async function measureFolders(repo: Repository, trees: readonly string[]): Promise<Row[]> {
  const pool = folderPool(repo, { link: [], most: 1, quotaBytes: Number.POSITIVE_INFINITY }, systemClock);
  const moveTo = async (tree = '') => must(await pool.use({ tree }, never, async () => ok()));
  const worktree = `${repo.top.folder}.worktree`;
  const worktrees: number[] = [];
  const fills: number[] = [];
  for (let round = 0; round < FILLS; round++) {
    worktrees.push(await timed(() => git(repo.top.folder, ['worktree', 'add', '--quiet', '--detach', worktree])));
    await rm(worktree, { recursive: true });
    await git(repo.top.folder, ['worktree', 'prune']);
    for (const { slot } of await listFolders(foldersHome())) must(await removeFolder(slot));
    fills.push(await timed(() => moveTo(trees[0])));
  }
  const { move } = await inTurns(MOVES, { move: (round) => moveTo(trees[1 + (round % (trees.length - 1))]) });
  const reference = { name: 'git worktree add', samples: worktrees, ratio: 'over' } as const;
  return [
    { name: 'moving a folder for commands by ten files', unit: 'ms', samples: move, reference, limit: atMost(0.25) },
    { name: 'making the first one', unit: 'ms', samples: fills, reference, limit: noLimit },
  ];
}
