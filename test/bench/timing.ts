/** How the benchmarks take time: repeated, and in turns with what they are compared with, because the machine is never quiet. */
import { spawn } from 'node:child_process';
import { failureText, type Result } from '../../src/domain/failure';

/** Milliseconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Measures each of `works` once a round, one after the other, after `before`; the first round only warms up, and is not counted. */
export async function inTurns<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, (round: number) => Promise<unknown>>>,
  before: (round: number) => Promise<unknown> = async () => undefined,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    await before(round);
    for (const name of names) {
      const took = await timed(() => works[name](round));
      if (round > 0) samples[name].push(took);
    }
  }
  return samples;
}

/** The value; a benchmark cannot go on from a failure. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(failureText(result.failure));
  return result.value;
}

/** Runs git as a person does. Resolves to what it printed. */
export function git(cwd: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', (error) => err.push(Buffer.from(error.message)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else reject(new Error(`git ${args[0]} ended with ${code}: ${Buffer.concat(err)}`));
    });
    child.stdin.end(input);
  });
}
