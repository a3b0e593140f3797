/** How many agents a run may have at work: what its plan says, and what is set. Pure. */
import * as z from 'zod';
import type { RunLimits } from '../../domain/event';
import { fail, ok, type Result } from '../../domain/failure';
import { type Plan, ROLES } from '../../domain/plan';
import { MAX_WORKERS } from '../../domain/settings';

export type Pools = RunLimits['pools'];

const poolsSchema = z.partialRecord(z.enum(ROLES), z.int().min(1).max(MAX_WORKERS));

/** Where the plan says a number of its own, that holds: for the whole, and for each role that it names. */
export function limitsOf({ limits }: Plan, set: RunLimits): RunLimits {
  return { maxWorkers: limits?.maxWorkers ?? set.maxWorkers, pools: { ...set.pools, ...limits?.pools } };
}

/** Reads pools that a person set, in the place of that name. */
export function readPools(data: unknown, source: string): Result<Pools> {
  const parsed = poolsSchema.safeParse(data);
  if (parsed.success) return ok(parsed.data);
  const fix = `Give each role a number from 1 to ${MAX_WORKERS}; the roles are ${ROLES.join(', ')}.`;
  const shown = typeof data === 'object' && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
  for (const [role, many] of shown) {
    if (!ROLES.some((known) => known === role)) return fail('input', `${source} names a role that there is not: “${role}”.`, fix);
    if (!poolsSchema.safeParse({ [role]: many }).success)
      return fail('input', `${source} has no usable number of agents for “${role}”: ${JSON.stringify(many)}.`, fix);
  }
  return fail('input', `${source} is no list of roles with their numbers: ${JSON.stringify(data)}.`, fix);
}
