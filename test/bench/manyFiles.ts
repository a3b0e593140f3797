/** A landing of very many files at once, beside writing the same files without any care. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { Draft } from '../../src/repo/draft/draft';
import { beginChain, type Incoming, land } from '../../src/repo/land/land';
import type { Repository } from '../../src/repo/repository';
import { pathOf, textOf } from './bigRepository';
import { atMost, type Row } from './row';
import { inTurns, must } from './timing';

const FILES = 500;
const FILES_A_FOLDER = 50;
const ROUNDS = 4;
/** The first folder that no other row changes; each round has ten of its own. */
const FROM = 1500;

/**
 * Lands edits of 500 files in the workspace: read, merged, put on record, written whole, read again, recorded. The reference overwrites as
 * many files with the same texts, one after the other.
 */
export async function measureManyFiles(repo: Repository, base: string): Promise<Row> {
  const run = systemClock.id();
  must(await beginChain(repo, run, base));
  const ports = { repo, workspace: diskWorkspace(repo, async () => ok()), clock: systemClock, titleOf: (task: string) => task };
  const plain = await mkdtemp(join(tmpdir(), 'weft-bench-plain-'));
  let texts = new Map<string, string>();
  let incoming: Incoming | undefined;
  try {
    const samples = await inTurns(
      ROUNDS,
      {
        landing: async () => {
          if (incoming === undefined) throw new Error('There is nothing to land.');
          const landing = must(await land(ports, incoming, new AbortController().signal));
          if (landing.kind !== 'landed' || landing.changes.length !== FILES) throw new Error(`${FILES} files did not land.`);
        },
        plain: async () => {
          for (const [path, text] of texts) await writeFile(join(plain, path), text);
        },
      },
      async (round) => {
        texts = editsOf(round);
        const draft = new Draft(repo, base);
        for (const [path, text] of texts) {
          must(await draft.write(path, Buffer.from(text)));
          await mkdir(dirname(join(plain, path)), { recursive: true });
          await writeFile(join(plain, path), 'old\n');
        }
        const { commit } = must(await draft.commit());
        const task = `many${round}`;
        incoming = { run, task, title: task, intent: 'land', base, theirs: commit ?? base };
      },
    );
    return {
      name: `landing ${FILES} files at once`,
      unit: 'ms',
      samples: samples.landing,
      reference: { name: 'plain writes', samples: samples.plain, ratio: 'over' },
      // 21 to 31 on a machine with ten times the work that it can do; one git process for each file would be beyond it.
      limit: atMost(40),
    };
  } finally {
    await rm(plain, { recursive: true, force: true });
  }
}

/** The new texts of the files of a round, by path. */
function editsOf(round: number): Map<string, string> {
  const texts = new Map<string, string>();
  for (let at = 0; at < FILES; at++) {
    const [folder, file] = [FROM + round * (FILES / FILES_A_FOLDER) + Math.floor(at / FILES_A_FOLDER), at % FILES_A_FOLDER];
    texts.set(pathOf(folder, file), `${textOf(folder, file)}export const added = ${round};\n`);
  }
  return texts;
}
