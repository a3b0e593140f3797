/** Any event in any state: it is refused, or what comes of it makes sense. */
import assert from 'node:assert/strict';
import { array, assert as check, property } from 'fast-check';
import { parseEvent, type RunEvent } from '../../src/domain/event';
import { type RunState, reduce } from '../../src/domain/run';
import { anyEvent, PLANNED, TYPES } from '../support/anyEvent';
import { assertSound } from '../support/invariants';
import { planOf, startOf } from '../support/run';

const start: RunEvent = { ...startOf(planOf(Object.fromEntries(PLANNED.map((id, at) => [id, PLANNED.slice(0, at)])))), at: 1 };

/** Whatever changes it throws. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of value instanceof Map ? value.values() : Object.values(value)) frozen(inner);
  return value;
}

describe('any event in any state', () => {
  it('is refused with the reason, or leads to a state that makes sense, and that its journal gives again', async () => {
    const seen = new Set<string>();
    await check(
      property(array(anyEvent, { minLength: 1, maxLength: 600, size: 'max' }), (happenings) => {
        let state: RunState = frozen(reduce(undefined, start));
        const journal: RunEvent[] = [start];
        for (const [at, happening] of happenings.entries()) {
          const event = written({ ...happening, at: at + 2 });
          const after = attempt(state, event);
          if (after === undefined) continue;
          sound(after, [...journal, event]);
          seen.add(happening.type);
          journal.push(event);
          state = frozen(after);
        }
        for (const [id, { work }] of state.tasks) {
          const turns = journal.filter((event) => event.type === 'task.turn' && event.task === id).length;
          assert.deepEqual([work.turns, work.usage.input], [turns, turns]);
        }
        assert.deepEqual(journal.map(written).reduce<RunState | undefined>(reduce, undefined), state);
      }),
      { numRuns: 300 },
    );
    // Else it says nothing of them.
    assert.deepEqual(
      TYPES.filter((type) => !seen.has(type)),
      [],
    );
  });
});

/** An event as a journal has it. */
function written(event: RunEvent): RunEvent {
  const read = parseEvent(JSON.stringify(event));
  assert.ok(read !== undefined, JSON.stringify(event));
  return read;
}

function sound(state: RunState, journal: readonly RunEvent[]): void {
  try {
    assertSound(state);
  } catch (thrown) {
    const happened = journal.map((event) => JSON.stringify(event).slice(0, 120)).join('\n');
    throw new Error(`${thrown instanceof Error ? thrown.message : thrown}, after\n${happened}`);
  }
}

/** The state after an event; undefined where it is refused. */
function attempt(state: RunState, event: RunEvent): RunState | undefined {
  try {
    return reduce(state, event);
  } catch (thrown) {
    assert.ok(thrown instanceof Error);
    assert.match(thrown.message, new RegExp(`^The event ${event.type} is not possible: .+\\.$`));
    return undefined;
  }
}
