/** A process of its own for tests of the lock: counts in a file under the lock, or takes the lock and dies over it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ok } from '../../src/domain/failure';
import { fileLock } from '../../src/repo/lock';
import { NEVER } from './result';

/** `count LOCK COUNTER TIMES` adds to the number in COUNTER, not atomically; `die LOCK` ends while it holds the lock. */
async function main([what, file = '', counter = '', times = '0']: readonly string[]): Promise<void> {
  const lock = fileLock(file);
  if (what === 'die') {
    await lock(NEVER, () => process.exit(0));
    return;
  }
  for (let at = 0; at < Number(times); at++) {
    await lock(NEVER, async () => {
      const now = Number(readFileSync(counter, 'utf8'));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(counter, String(now + 1));
      return ok();
    });
  }
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(String(thrown));
  process.exitCode = 1;
});
