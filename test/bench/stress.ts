/** Whether landings get slower as a run grows: two hundred of them, from twenty agents, while somebody edits and commits. */
import { stress, stressFiles, writeFiles, wrongFiles } from '../support/stress';
import { atMost, noLimit, type Row } from './row';
import { git } from './timing';

const SIZE = { agents: 20, changesets: 200 };
/** Files that nobody touches, so that the repository is one of a middling project. */
const OTHERS = 5_000;

export async function measureStress(folder: string, say: (line: string) => void): Promise<Row[]> {
  say(`${SIZE.changesets} landings from ${SIZE.agents} agents`);
  await git(folder, ['init', '--quiet', '--initial-branch=main']);
  writeFiles(folder, stressFiles(SIZE));
  for (let at = 0; at < OTHERS; at++)
    writeFiles(folder, new Map([[`src/folder${at % 100}/file${at}.ts`, `export const value = ${at};\n`]]));
  await git(folder, ['add', '--all']);
  await git(folder, ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', 'commit', '--quiet', '-m', 'Beginning']);
  const { landings, expected } = await stress(folder, SIZE);
  const wrong = wrongFiles(folder, expected);
  if (wrong.length > 0) throw new Error(`Something was lost in ${wrong.join(', ')}.`);
  const [first, last] = [landings.slice(0, SIZE.agents), landings.slice(-SIZE.agents)];
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
