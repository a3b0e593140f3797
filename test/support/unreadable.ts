/** A process of somebody who may not read everything: snapshots of a folder where a file, then a folder, is closed to them. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { openRepository } from '../../src/repo/repository';
import { takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { listTree } from '../../src/repo/trees';

const root = process.argv[2] ?? '';
/** Whom root becomes: root may read everything. Only now, since the project may lie where nobody else may look. */
const nobody = Number(process.argv[3]);
if (nobody > 0) {
  process.setgroups?.([]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=Person', '-c', 'user.email=person@localhost', ...args], { cwd: root, encoding: 'utf8' });

async function main(): Promise<object> {
  git('init', '--quiet', '--template=');
  mkdirSync(join(root, 'dir'));
  writeFileSync(join(root, 'dir/b.txt'), 'b');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Begin');
  writeFileSync(join(root, 'a.txt'), 'a');
  writeFileSync(join(root, 'dir/new.txt'), 'new');
  const opened = await openRepository(root);
  if (!opened.ok) return opened.failure;
  const repo = opened.value;
  const snapshot = () =>
    takeSnapshot(
      repo,
      diskWorkspace(repo, async () => ok()),
      { label: 'Test', clock: systemClock },
      new AbortController().signal,
    );
  const refused = async (path: string, mode: number) => {
    chmodSync(join(root, path), 0);
    const taken = await snapshot();
    chmodSync(join(root, path), mode);
    return taken.ok ? 'taken' : taken.failure.message;
  };
  const [file, folder, refs] = [await refused('a.txt', 0o644), await refused('dir', 0o755), git('for-each-ref', 'refs/weft')];
  const taken = await snapshot();
  const files = taken.ok ? await listTree(repo, taken.value.commit) : taken;
  await repo.objects.dispose();
  return { file, folder, refs, after: files.ok ? [...files.value.keys()] : files.failure.message };
}

void main().then((said) => process.stdout.write(JSON.stringify(said)));
