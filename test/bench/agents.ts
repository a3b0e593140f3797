/** What running agents cost in a workspace of 100,000 files: the radar's sweep, and their searches. */

import { spawn } from 'node:child_process';
import { systemClock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { type LiveDraft, Radar } from '../../src/engine/agents/radar';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { Draft } from '../../src/repo/draft/draft';
import { beginChain } from '../../src/repo/land/land';
import type { Repository } from '../../src/repo/repository';
import { pathOf, textOf } from './bigRepository';
import { atMost, noLimit, type Row } from './row';
import { inTurns, must } from './timing';

const ROUNDS = 8;
const AGENTS = 10;
const FILES_EACH = 10;
const FILES_A_FOLDER = 50;

/** Ten agents with ten files each, two of which all of them edit: every pair has to be merged. In each sweep all drafts are new. */
export async function measureRadar(repo: Repository, base: string): Promise<Row> {
  const run = systemClock.id();
  must(await beginChain(repo, run, base));
  let drafts = new Map<string, LiveDraft>();
  const workspace = diskWorkspace(repo, async () => ok());
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

/** Searches as agents make them, through a draft that has changes of its own, beside ripgrep on the files; no reference where there is none. */
export async function measureSearch(repo: Repository, base: string, ripgrep: string | undefined): Promise<Row[]> {
  const draft = new Draft(repo, base);
  must(await draft.write(pathOf(3, 3), Buffer.from('export const changed = 1;\n')));
  const rows: Row[] = [];
  for (const [what, pattern, hits] of [
    ['few lines match', 'value_1234_\\d+_3\\b', FILES_A_FOLDER],
    ['no line matches', 'nothing_of_(this|that)\\s', 0],
  ] as const) {
    const search = async () => {
      const found = must(await draft.search({ pattern, folder: '', ignoreCase: false, most: 200 }, new AbortController().signal));
      if (found.hits.length !== hits) throw new Error(`The search found ${found.hits.length} lines.`);
    };
    const works = { search, rg: async () => ripgrep && run(ripgrep, ['-n', '-e', pattern, '.'], repo.top.folder) };
    const samples = await inTurns(ROUNDS, works);
    rows.push({
      name: `search in 100,000 files, ${what}${ripgrep ? '' : ' (ripgrep not found)'}`,
      unit: 'ms',
      samples: samples.search,
      reference: ripgrep ? { name: 'ripgrep', samples: samples.rg, ratio: 'over' } : null,
      limit: ripgrep ? atMost(2) : noLimit,
    });
  }
  return rows;
}

/** A program that can be started: the first of these; undefined where none can. */
export async function firstOf(programs: readonly string[]): Promise<string | undefined> {
  for (const program of programs) {
    const isThere = await run(program, ['--version'], '.').then(
      () => true,
      () => false,
    );
    if (isThere) return program;
  }
  return undefined;
}

/** Runs a program to its end, reading what it says; that nothing was found (1) is an end like any other. */
function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', (code) => (code === 0 || code === 1 ? resolve() : reject(new Error(`${program} ended with ${code}.`))));
  });
}
