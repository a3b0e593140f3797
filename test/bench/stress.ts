/** Whether landings get slower as a run grows: two hundred of them, from twenty agents, while somebody edits and commits. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beginStress, type Stressful, stressFiles, writeFiles, wrongFiles } from '../support/stress';
import { atMost, noLimit, type Row } from './row';
import { git } from './timing';

const SIZE = { agents: 20, changesets: 200 };
/** Rounds that are measured, in which each agent lands once. */
const ROUNDS = 4;
/** Files that nobody touches, so that the repository is one of a middling project. */
const OTHERS = 5_000;

/**
 * The last landings, in turns with the first ones of workspaces that began the same: half a minute lies between the first and the last of a
 * single one, in which a busy machine becomes another.
 */
export async function measureStress(folder: string, say: (line: string) => void): Promise<Row[]> {
  say(`${SIZE.changesets} landings from ${SIZE.agents} agents`);
  const old = await begin(join(folder, 'old'));
  const landings: number[] = [];
  while (landings.length < SIZE.changesets - ROUNDS * SIZE.agents)
    landings.push(...(await Promise.all((await old.ready(SIZE.agents)).map((land) => land()))));
  const [first, last]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const fresh = await begin(join(folder, `fresh${round}`));
    const [firsts, lasts] = [await fresh.ready(SIZE.agents), await old.ready(SIZE.agents)];
    for (const [at, land] of firsts.entries()) {
      const [early, late] = [await land(), await lasts[at]?.()];
      // The first of a round finds the workspace as its draft began, and has nothing to merge: it is not counted.
      if (at === 0 || late === undefined) continue;
      first.push(early);
      last.push(late);
    }
    await end(fresh);
  }
  await end(old);
  landings.push(...last);
  return [
    {
      name: `the last of ${SIZE.changesets} landings`,
      unit: 'ms',
      samples: last,
      reference: { name: 'the first', samples: first, ratio: 'over' },
      limit: atMost(1.3),
    },
    { name: 'a landing, while somebody commits', unit: 'ms', samples: landings, reference: null, limit: noLimit },
  ];
}

interface AtWork extends Stressful {
  readonly root: string;
}

async function begin(root: string): Promise<AtWork> {
  mkdirSync(root);
  await git(root, ['init', '--quiet', '--initial-branch=main']);
  writeFiles(root, stressFiles(SIZE));
  const others = Array.from({ length: OTHERS }, (_, at): [string, string] => [
    `src/folder${at % 100}/file${at}.ts`,
    `export const value = ${at};\n`,
  ]);
  writeFiles(root, new Map(others));
  await git(root, ['add', '--all']);
  await git(root, ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', 'commit', '--quiet', '-m', 'Beginning']);
  return { root, ...(await beginStress(root, SIZE.agents)) };
}

async function end({ root, end: atRest }: AtWork): Promise<void> {
  const { expected } = await atRest();
  const wrong = wrongFiles(root, expected);
  if (wrong.length > 0) throw new Error(`Something was lost in ${wrong.join(', ')}.`);
}
