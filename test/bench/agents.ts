/** What running agents cost in a workspace of 100,000 files: the radar's sweep, and their searches. */

import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { type LiveDraft, Radar } from '../../src/engine/radar';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { Draft } from '../../src/repo/draft';
import { beginChain } from '../../src/repo/land';
import type { Repository } from '../../src/repo/repository';
import { pathOf, textOf } from './bigRepository';
import { atMost, type Row } from './row';
import { inTurns, must } from './timing';

const ROUNDS = 8;
const AGENTS = 10;
const FILES_EACH = 10;

/** Ten agents with ten files each, two of which all of them edit: every pair has to be merged. In each sweep all drafts are new. */
export async function measureRadar(repo: Repository, base: string): Promise<Row> {
  const run = systemClock.id();
  must(await beginChain(repo, run, base));
  let drafts = new Map<string, LiveDraft>();
  const workspace = diskWorkspace(repo.root, async () => ok());
  const radar = new Radar({ repo, workspace, run, drafts: () => drafts, told: () => undefined });
  const { sweep } = await inTurns(
    ROUNDS,
    {
      sweep: async () => {
        const clashes = must(await radar.sweep());
        // The first writes a line otherwise than the nine others.
        if (clashes.length !== AGENTS - 1) throw new Error(`The radar shows ${JSON.stringify(clashes)}.`);
      },
    },
    async (round) => {
      drafts = new Map();
      for (let agent = 0; agent < AGENTS; agent++) drafts.set(`agent${agent}`, await draftOf(repo, base, round, agent));
    },
  );
  return { name: 'radar: a sweep over ten running agents', unit: 'ms', samples: sweep, reference: null, limit: atMost(200) };
}

async function draftOf(repo: Repository, base: string, round: number, agent: number): Promise<LiveDraft> {
  const draft = new Draft(repo, base);
  const write = async (path: string, text: string) => must(await draft.write(path, Buffer.from(text)));
  const common = 1000 + round * 2;
  await write(pathOf(common, 1), `${textOf(common, 1)}// ${agent === 0 ? 'the first' : 'the others'}, round ${round}\n`);
  await write(pathOf(common + 1, 1), textOf(common + 1, 1).replace('export', `/* ${round} */ export`));
  for (let file = 2; file < FILES_EACH; file++) await write(pathOf(1200 + agent, file), `${textOf(1200 + agent, file)}// round ${round}\n`);
  const { commit, changes } = must(await draft.now());
  return { base, commit, changes };
}
