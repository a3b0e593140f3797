/** How many agents a run may have at work: what its plan says, and what is set. Pure. */
import * as z from 'zod';
import type { RunLimits } from '../../domain/event';
import { fail, ok, type Result } from '../../domain/failure';
import type { Plan } from '../../domain/plan';
import { BUILT_IN_HEADS, poolNames, type RoleHead, roleNameSchema } from '../../domain/role';
import { MAX_WORKERS } from '../../domain/settings';

export type Pools = RunLimits['pools'];

const poolsSchema = z.record(roleNameSchema, z.int().min(1).max(MAX_WORKERS));

/** Where the plan says a number of its own, that holds: for the whole, and for each role that it names. */
export function limitsOf({ limits }: Plan, set: RunLimits): RunLimits {
  return { maxWorkers: limits?.maxWorkers ?? set.maxWorkers, pools: { ...set.pools, ...limits?.pools } };
}

/** Reads pools that a person set, in the place of that name. `roles`: those that there are; undefined where that is not known yet. */
export function readPools(data: unknown, source: string, roles: readonly RoleHead[] | undefined): Result<Pools> {
  const parsed = poolsSchema.safeParse(data);
  const known = poolNames(roles ?? BUILT_IN_HEADS);
  const fix = `Give each role a number from 1 to ${MAX_WORKERS}; the roles are ${known.join(', ')}.`;
  const shown = typeof data === 'object' && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
  for (const [role, many] of shown) {
    // What reads records passes over this one.
    const isLost = role === '__proto__';
    if (isLost || (roles !== undefined && !known.includes(role)))
      return fail('input', `${source} names a role that there is not: “${role}”.`, fix);
    if (!poolsSchema.safeParse({ [role]: many }).success)
      return fail('input', `${source} has no usable number of agents for “${role}”: ${JSON.stringify(many)}.`, fix);
  }
  if (parsed.success) return ok(parsed.data);
  return fail('input', `${source} is no list of roles with their numbers: ${JSON.stringify(data)}.`, fix);
}
