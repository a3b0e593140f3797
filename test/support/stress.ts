/** Many agents land in one workspace while the person edits and commits there: what is measured, and what must come of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/domain/clock';
import { failureText, ok, type Result } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { Draft } from '../../src/repo/draft/draft';
import { beginChain, chainNow, chainRef, type Incoming, land } from '../../src/repo/land/land';
import { openRepository, readRef } from '../../src/repo/repository';
import { takeSnapshot } from '../../src/repo/snapshot/snapshot';

const NEVER = new AbortController().signal;
/** The person commits at most once for so many landings: about as often as a hasty person does. */
const LANDINGS_A_COMMIT = 3;
/** Lines between those of two agents, so that none of them meet. */
const APART = 4;

export interface Stress {
  readonly agents: number;
  readonly changesets: number;
}

export interface Stressed {
  /** Milliseconds that each landing took, in order. */
  readonly landings: readonly number[];
  /** How often the person edited and committed meanwhile. */
  readonly commits: number;
  /** What each file must hold in the end that agents or the person wrote. */
  readonly expected: ReadonlyMap<string, string>;
  /** The commit at the tip of the chain, once the workspace has come to rest. */
  readonly tip: string;
}

/** Agents and a person at work in a workspace. */
export interface Stressful {
  /** Has so many agents each make a changeset. What lands it resolves to the milliseconds that it took: from the end of the landing before, where it had to wait for that. */
  ready(agents: number): Promise<(() => Promise<number>)[]>;
  /** Ends the person, and waits for the workspace to come to rest. */
  end(): Promise<Omit<Stressed, 'landings'>>;
}

/** The person: edits files and commits all there is, again whenever something has landed meanwhile, until told to stop; then says how often. */
const PERSON = `
  const { execFileSync } = require('node:child_process');
  const { writeFileSync } = require('node:fs');
  const git = (...args) => execFileSync('git', ['-c', 'user.name=Person', '-c', 'user.email=person@localhost', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  let round = 0;
  const go = () => {
    round++;
    writeFileSync('person/' + round % 7 + '.txt', 'round ' + round + '\\n');
    writeFileSync('person/count.txt', round + '\\n');
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '-m', 'Round ' + round);
  };
  process.stdin.on('data', (said) => {
    if (!String(said).includes('stop')) return go();
    process.stdout.write(String(round));
    process.exit(0);
  });
  go();
  process.stdout.write('committed ');
`;

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(failureText(result.failure));
  return result.value;
}

/** Files of the workspace to begin with: one that all agents write in, and one for each. */
export function stressFiles({ agents }: Stress): Map<string, string> {
  const files = new Map([
    ['shared.txt', sharedText(new Map(), agents)],
    ['person/count.txt', '0\n'],
  ]);
  for (let agent = 0; agent < agents; agent++) files.set(`agents/${agent}/own.txt`, 'nothing yet\n');
  return files;
}

function sharedText(said: ReadonlyMap<number, string>, agents: number): string {
  const lines: string[] = [];
  for (let agent = 0; agent < agents; agent++) {
    lines.push(`agent ${agent}: ${said.get(agent) ?? 'nothing yet'}`);
    for (let apart = 1; apart < APART; apart++) lines.push(`between ${agent} and ${agent + 1}, ${apart}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * In a repository with {@link stressFiles} committed: each agent changes its line of the shared file, its own file, and adds a file, on
 * a base that others have landed on since; they land as they come.
 */
export async function stress(root: string, size: Stress): Promise<Stressed> {
  const at = await beginStress(root, size.agents);
  const landings: number[] = [];
  while (landings.length < size.changesets) {
    const ready = await at.ready(Math.min(size.agents, size.changesets - landings.length));
    landings.push(...(await Promise.all(ready.map((land) => land()))));
  }
  return { landings, ...(await at.end()) };
}

/** As {@link stress}, round by round. Resolves when the person has committed for the first time. */
export async function beginStress(root: string, agents: number): Promise<Stressful> {
  const repo = must(await openRepository(root));
  const workspace = diskWorkspace(repo, async () => ok());
  const ports = { repo, workspace, clock: systemClock, titleOf: (task: string) => task };
  const snapshot = must(await takeSnapshot(repo, workspace, { label: 'Stress', cause: 'run', clock: systemClock }, NEVER));
  const run = systemClock.id();
  must(await beginChain(repo, run, snapshot.commit));
  mkdirSync(join(root, 'person'), { recursive: true });
  const person = spawn(process.execPath, ['-e', PERSON], { cwd: root });
  const [counted, complaints]: [Buffer[], Buffer[]] = [[], []];
  person.stdout.on('data', (chunk: Buffer) => counted.push(chunk));
  person.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  person.stdin.on('error', () => undefined);
  const gone = once(person, 'close');
  await Promise.race([once(person.stdout, 'data'), gone]);
  const expected = stressFiles({ agents, changesets: 0 });
  const said = new Map<number, string>();
  let rounds = 0;
  let landings = 0;
  let since = performance.now();

  const landOne = async (incoming: Incoming): Promise<number> => {
    const asked = performance.now();
    let took = 0;
    const report = () => {
      const now = performance.now();
      took = now - Math.max(asked, since);
      since = now;
      if (++landings % LANDINGS_A_COMMIT === 0) person.stdin.write('landed ');
    };
    const landed = must(await land({ ...ports, report }, incoming, NEVER));
    if (landed.kind !== 'landed') throw new Error(`There was a conflict after ${landings} landings.`);
    return took;
  };

  const ready = async (count: number): Promise<(() => Promise<number>)[]> => {
    const round = rounds++;
    const text = `round ${round}`;
    const base = must(await chainNow(ports, run, NEVER));
    const seen = new Map(said);
    return Promise.all(
      Array.from({ length: count }, async (_, agent) => {
        const draft = new Draft(repo, base);
        must(await draft.write('shared.txt', Buffer.from(sharedText(new Map([...seen, [agent, text]]), agents))));
        must(await draft.write(`agents/${agent}/own.txt`, Buffer.from(`${text}\n`)));
        must(await draft.write(`agents/${agent}/new${round}.txt`, Buffer.from(`${agent} ${text}\n`)));
        said.set(agent, text);
        expected.set(`agents/${agent}/own.txt`, `${text}\n`).set(`agents/${agent}/new${round}.txt`, `${agent} ${text}\n`);
        const { commit } = must(await draft.commit());
        return () => landOne({ run, task: `agent${agent}`, title: text, intent: 'land', base, theirs: commit ?? base });
      }),
    );
  };

  const end = async (): Promise<Omit<Stressed, 'landings'>> => {
    person.stdin.end('stop');
    const [code] = await gone;
    if (code !== 0) throw new Error(`The person’s script ended with ${code}: ${Buffer.concat(complaints)}`);
    const commits = Number(Buffer.concat(counted).toString().split(' ').pop());
    expected.set('shared.txt', sharedText(said, agents)).set('person/count.txt', `${commits}\n`);
    must(await chainNow(ports, run, NEVER));
    const tip = must(await readRef(repo, chainRef(run))) ?? '';
    await repo.objects.dispose();
    return { commits, expected, tip };
  };

  return { ready, end };
}

export function writeFiles(root: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** The files that do not hold what they must. */
export function wrongFiles(root: string, expected: ReadonlyMap<string, string>): string[] {
  return [...expected].filter(([path, text]) => readFileSync(join(root, path), 'utf8') !== text).map(([path]) => path);
}
