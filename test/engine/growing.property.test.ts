/** Runs that grow while they go on: children, races, retries, stops and crashes, in any order; held to what a run promises. */
import { array, assert as check, constantFrom, integer, nat, property, record } from 'fast-check';
import { planSchema } from '../../src/domain/plan';
import { assertEnded, GROWTH } from '../support/promises';
import { Simulation } from '../support/simulation';

const shapes = array(
  record({
    on: array(nat(5), { maxLength: 2 }),
    candidates: constantFrom(1, 1, 2, 3),
    pick: constantFrom('first' as const, 'best' as const),
    check: constantFrom(undefined, 'test'),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('a run that grows', () => {
  it('starts nothing too early, keeps its limits, forgets nothing, brings nothing in twice, and comes to an end', async () => {
    const limits = record({ maxWorkers: integer({ min: 1, max: 4 }), undecided: constantFrom('wait' as const, 'leave' as const) });
    await check(
      property(shapes, limits, array(nat(5_039), { minLength: 50, maxLength: 400 }), (rows, limit, picks) => {
        const tasks = rows.map(({ on, candidates, pick, check: command }, at) => ({
          id: `t${at}`,
          title: `Task ${at}`,
          instructions: `Do ${at}.`,
          dependsOn: [...new Set(on.filter((one) => one < at))].map((one) => `t${one}`),
          candidates,
          pick,
          ...(command === undefined ? {} : { check: command }),
        }));
        let at = 0;
        const pick = (below: number) => ((picks[at++ % picks.length] ?? 0) + Math.floor(at / picks.length)) % Math.max(1, below);
        const run = new Simulation(planSchema.parse({ goal: 'A goal', tasks, limits: GROWTH }), limit, pick, {
          fails: 1,
          spawns: 3,
          asks: 3,
          isDone: 3,
        });
        run.drive();
        assertEnded(run.played, limit);
      }),
      { numRuns: 1_000 },
    );
  });
});
