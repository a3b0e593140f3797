/** A process of its own for tests of the pool: runs a command in a folder, until somebody kills it. */
import { systemClock } from '../../src/domain/clock';
import { runCommand } from '../../src/repo/commands/command';
import { folderPool } from '../../src/repo/commands/folderPool';
import { openRepository } from '../../src/repo/repository';
import { NEVER, valued } from './result';

/** `ROOT TREE COMMAND` */
async function main([root = '', tree = '', command = '']: readonly string[]): Promise<void> {
  const repo = valued(await openRepository(root));
  const pool = folderPool(repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock);
  valued(await pool.use({ tree }, NEVER, (folder) => runCommand(folder, command, { timeoutMs: 60_000 }, NEVER)));
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(String(thrown));
  process.exitCode = 1;
});
