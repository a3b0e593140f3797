/** Numbers of agents, attempts and seconds, as the command line says them. */
import { fail, ok, type Result } from '../domain/failure';
import { MAX_TIMEOUT_SECONDS } from '../domain/plan';
import { DEFAULT_ATTEMPTS, DEFAULT_MAX_WORKERS, MAX_ATTEMPTS, MAX_WORKERS } from '../domain/settings';
import { type Pools, readPools } from '../engine/schedule/limits';
import { numberOf } from './numbers';
import type { Values } from './options';

export function poolsOf(given: readonly string[]): Result<Pools> {
  const pools = new Map<string, number>();
  for (const one of given) {
    const [, role, many] = /^([^=]+)=(.*)$/s.exec(one) ?? [];
    if (role === undefined || many === undefined)
      return fail('input', `--pool ${one} is no role and number.`, 'Give it as ROLE=N: --pool coder=3.');
    if (pools.has(role)) return fail('input', `--pool ${role} is given twice.`, 'Give it once.');
    const range = { least: 1, most: MAX_WORKERS, example: `--pool ${role}=3`, note: 'so many agents of the role work at once' };
    const number = numberOf(`--pool ${role}`, many, range);
    if (!number.ok) return number;
    pools.set(role, number.value);
  }
  // Which roles there are says the folder.
  return readPools(Object.fromEntries(pools), '--pool', undefined);
}

/** What may be said, and what holds where nothing is. */
const COUNTS = {
  'max-workers': { most: MAX_WORKERS, example: DEFAULT_MAX_WORKERS, note: `left out, it is ${DEFAULT_MAX_WORKERS}` },
  attempts: { most: MAX_ATTEMPTS, example: DEFAULT_ATTEMPTS, note: `left out, it is ${DEFAULT_ATTEMPTS}` },
  timeout: { most: MAX_TIMEOUT_SECONDS, example: 3600, note: 'it is in seconds, and left out, there is no limit' },
} as const;

/** `otherwise`: what holds where nothing is said, if not what does for a run that begins. */
export function countOf(option: keyof typeof COUNTS, { [option]: said }: Values, otherwise?: string): Result<number | undefined> {
  const { most, example, note } = COUNTS[option];
  const range = { least: 1, most, example: `--${option} ${example}`, note: otherwise ?? note };
  return said === undefined ? ok(undefined) : numberOf(`--${option}`, said, range);
}
