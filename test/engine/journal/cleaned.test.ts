/** A secret in any text of any event, and all that is written of a run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, assert as check, property, sample } from 'fast-check';
import { eventLine } from '../../../src/cli/eventLine';
import { asEvent, type Happening } from '../../../src/domain/event';
import { cleaned } from '../../../src/engine/journal/cleaned';
import { journalFile, readJournal } from '../../../src/engine/journal/journal';
import { RunRecord } from '../../../src/engine/journal/record';
import { summarize } from '../../../src/engine/summary';
import { synthesisOf } from '../../../src/engine/synthesis/synthesis';
import { readTraces, writeTraces } from '../../../src/engine/trace/read';
import { spansOf } from '../../../src/engine/trace/telemetry';
import { runTraceLines } from '../../../src/engine/trace/text';
import { anyEvent, ofType, PLANNED, TYPES } from '../../support/anyEvent';
import { countingClock } from '../../support/clock';
import { valued } from '../../support/result';
import { planOf, startOf } from '../../support/run';
import { temporaryFolder } from '../../support/sandbox';

/** Put together here, so that nobody who looks for secrets finds one in this file. */
const VALUE = `hunter2-${'aB3dE6gH9k'.repeat(2)}`;
const SECRET = `DB_PASSWORD=${VALUE}`;

/**
 * Fields by which something is found, paths, and what the person wrote or approves: the only ones in which a secret stays, by their names, and
 * by the whole way there where the name says too little. A field that is missing here has to be cleaned.
 */
const KEPT = new Set(
  (
    'task id role model parent candidate child children arbiter because base draft before after changeset blob path from head commit run root ' +
    'snapshot rules birth ours theirs tree dependsOn writes context check authors commands command together onTopOf item key call folder ' +
    'server tool input paths priority include landedIn definition.id origin.name by of over plan reads'
  ).split(' '),
);

type Way = readonly (string | number)[];

/** The way to each text in it. */
function texts(value: unknown, way: Way = []): Way[] {
  if (typeof value === 'string') return [way];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]) => texts(inner, [...way, Array.isArray(value) ? Number(field) : field]));
}

function planted<T>(value: T, [field, ...rest]: Way): T;
function planted(value: unknown, [field, ...rest]: Way): unknown {
  if (field === undefined) return SECRET;
  if (Array.isArray(value)) return value.map((one, at) => (at === field ? planted(one, rest) : one));
  assert.ok(typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === field ? planted(inner, rest) : inner]));
}

/** The names on the way, and the last two of them as one. */
function isKept(way: Way): boolean {
  const names = way.filter((part) => typeof part === 'string');
  return [...names, names.slice(-2).join('.')].some((name) => KEPT.has(name));
}

/** Whether it is an event at all: what is one of a few words cannot be a secret. */
const isEvent = (happening: Happening) => asEvent({ ...happening, at: 1 }) !== undefined;

const start = startOf(planOf(Object.fromEntries(PLANNED.map((id) => [id, []]))));

/** The event with the secret in all of its texts that are to be cleaned. */
function full(happening: Happening): Happening {
  return texts(happening)
    .filter((way) => !isKept(way))
    .map((way) => (all: Happening) => planted(all, way))
    .reduce((all, plant) => (isEvent(plant(all)) ? plant(all) : all), happening);
}

describe('a secret in an event', () => {
  it('is taken out of every text of every kind of event, but for those by which something is found or that the person approves', () => {
    const left = new Set<string>();
    const state = valued(RunRecord.begin(temporaryFolder(), start, countingClock())).state;
    for (const happening of [start, ...TYPES.flatMap((type) => sample(ofType(type), 40))]) {
      for (const way of texts(happening)) {
        const event = planted(happening, way);
        if (!isEvent(event)) continue;
        const clean = { ...cleaned(event), at: 1 };
        assert.ok(isEvent(clean), JSON.stringify(clean));
        const said = `${JSON.stringify(clean)} ${eventLine(clean, state)}`;
        if (said.includes(VALUE) && !isKept(way)) left.add([happening.type, ...way].join('.'));
      }
    }
    assert.deepEqual([...left], []);
  });

  it('leaves everything else of it as it is', () => {
    const data = (happening: Happening): unknown => JSON.parse(JSON.stringify(happening));
    for (const happening of [start, ...sample(anyEvent, 1000)]) assert.deepEqual(data(cleaned(happening)), data(happening));
  });

  it('is in nothing that is written of a run: journal, lines, summary, traces and telemetry', async () => {
    let planting = 0;
    await check(
      property(array(anyEvent, { minLength: 1, maxLength: 60, size: 'max' }), (happenings) => {
        const stateDir = temporaryFolder();
        const record = valued(RunRecord.begin(stateDir, start, countingClock()));
        const lines: (string | undefined)[] = [];
        record.listen((event, state) => lines.push(JSON.stringify(event), eventLine(event, state)));
        for (const happening of happenings) {
          const event = full(happening);
          try {
            record.emit(event);
          } catch {
            // It cannot happen in this state.
            continue;
          }
          if (JSON.stringify(event).includes(VALUE)) planting++;
        }
        record.close();
        const file = journalFile(stateDir, start.run);
        const duration = (ms: number) => `${ms} ms`;
        const traces = valued(readTraces(stateDir, start.run, duration));
        const folder = join(stateDir, 'traces');
        valued(writeTraces(traces, folder));
        const written = {
          journal: readFileSync(file, 'utf8'),
          lines: lines.join('\n'),
          state: JSON.stringify([...record.state.tasks]),
          summary: JSON.stringify(summarize(record.state, 60_000)),
          synthesis: JSON.stringify(synthesisOf(record.state, valued(readJournal(file)), { life: 'running', now: 60_000 })),
          traces: JSON.stringify(traces),
          trace: runTraceLines(traces, duration).join('\n'),
          telemetry: JSON.stringify(spansOf(traces).map(({ name, attributes, status, events }) => [name, attributes, status, events])),
        };
        for (const [where, text] of Object.entries(written)) assert.ok(!text.includes(VALUE), `${where}: ${text}`);
      }),
      { numRuns: 25 },
    );
    assert.ok(planting > 0);
  });
});
