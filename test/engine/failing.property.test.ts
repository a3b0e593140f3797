/** Runs in which much fails: attempts, fallbacks, breakers, pools, pauses, stops and crashes, in any order; held to what a run promises. */
import { array, assert as check, constantFrom, integer, nat, property, record } from 'fast-check';
import { planSchema } from '../../src/domain/plan';
import { assertEnded, GROWTH } from '../support/promises';
import { Simulation } from '../support/simulation';

const roles = constantFrom('coder' as const, 'docs' as const);
const models = constantFrom('m1', 'm2');
const fallback = constantFrom({ model: 'm2' }, { role: 'docs' as const }, { role: 'coder' as const, model: 'm1' });

const shapes = array(
  record({
    on: array(nat(11), { maxLength: 2 }),
    role: roles,
    model: models,
    attempts: constantFrom(undefined, 1, 2, 4),
    fallback: array(fallback, { maxLength: 2 }),
    candidates: constantFrom(1, 1, 1, 2),
    check: constantFrom(undefined, 'test'),
  }),
  { minLength: 1, maxLength: 12 },
);

const limits = record({
  maxWorkers: integer({ min: 1, max: 6 }),
  pools: constantFrom({}, { coder: 2 }, { coder: 1, docs: 1 }),
  undecided: constantFrom('wait' as const, 'leave' as const),
});

describe('a run in which much fails', () => {
  it('starts nothing too early or too often, keeps its limits and pools, forgets nothing, and comes to an end', async () => {
    await check(
      property(shapes, limits, array(nat(5_039), { minLength: 50, maxLength: 400 }), (rows, limit, picks) => {
        const tasks = rows.map(({ on, attempts, check: command, ...row }, at) => ({
          ...row,
          id: `t${at}`,
          title: `Task ${at}`,
          instructions: `Do ${at}.`,
          dependsOn: [...new Set(on.filter((one) => one < at))].map((one) => `t${one}`),
          ...(attempts === undefined ? {} : { attempts }),
          ...(command === undefined ? {} : { check: command }),
        }));
        let at = 0;
        const pick = (below: number) => ((picks[at++ % picks.length] ?? 0) + Math.floor(at / picks.length)) % Math.max(1, below);
        const run = new Simulation(planSchema.parse({ goal: 'A goal', tasks, limits: GROWTH }), limit, pick, {
          fails: 4,
          spawns: 1,
          asks: 3,
          isDone: 2,
        });
        run.drive();
        assertEnded(run.played, limit);
      }),
      { numRuns: 1_000 },
    );
  });
});
