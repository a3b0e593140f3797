/** The model of a run from the command line: as its name and the environment say, behind the whole pipeline. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Failure, fail, failureText, ok, type Result, thrownText } from '../domain/failure';
import { type OwnPrices, readPrices } from '../domain/prices';
import { recordInto } from '../model/record/recordingFile';
import { type RunModel, runModel } from '../model/runModel';
import { SharedModels } from '../model/sharedModels';
import { doorOf, isPlayed, modelSource, type SourceOptions } from '../model/source';
import { systemTime } from '../model/time';
import type { AskingSaid } from './command';

export interface Asking extends Partial<AskingSaid> {
  readonly model: string;
  readonly warn: (text: string) => void;
}

/** A process drives one run. */
export async function modelFor({ model, fallbacks = [], record: path, warn }: Asking): Promise<Result<RunModel>> {
  const where = { model, baseUrl: process.env['ANTHROPIC_BASE_URL'], key: process.env['ANTHROPIC_API_KEY'] };
  const source = await sourceOf(where);
  if (!source.ok && source.failure.kind === 'auth' && where.key === undefined)
    return fail('auth', source.failure.message, 'Set ANTHROPIC_API_KEY, or see how it goes without one: --model scripted:sample.');
  if (!source.ok) return source;
  const played = await checkPlayed(fallbacks);
  if (!played.ok) return played;
  const prices = pricesSet();
  if (!prices.ok) return prices;
  const shared = new SharedModels(systemTime);
  const onFailure = (failure: Failure) => warn(failureText(failure));
  const record = path === undefined ? ok(undefined) : recordInto(path, { secrets: where.key === undefined ? [] : [where.key], onFailure });
  if (!record.ok) return record;
  return ok(runModel({ source: source.value, door: doorOf(where), shared, prices: prices.value, fallbacks, record: record.value }));
}

function sourceOf(where: Pick<SourceOptions, 'model' | 'baseUrl' | 'key'>) {
  return modelSource({
    ...where,
    fetch: (request) => fetch(request),
    samplePath: join(__dirname, '..', 'media', 'sample.scenario.json'),
    readText: (path) => readFile(path, 'utf8'),
    paceMs: 30,
    // A pause that the signal ends is over, not failed.
    wait: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
  });
}

/** Fails where one of these models is played from a file, and there is no such file, or it is not one. */
export async function checkPlayed(models: readonly string[]): Promise<Result<void>> {
  for (const model of models) {
    const source = isPlayed(model) ? await sourceOf({ model, baseUrl: undefined, key: undefined }) : ok();
    if (!source.ok) return source;
  }
  return ok();
}

/** `WEFT_PRICES`: as the setting `weft.prices` of VS Code. */
function pricesSet(): Result<OwnPrices> {
  const said = process.env['WEFT_PRICES'] ?? '';
  if (said === '') return ok({});
  try {
    return readPrices(JSON.parse(said), 'WEFT_PRICES');
  } catch (thrown) {
    return fail('input', `WEFT_PRICES is not JSON: ${thrownText(thrown)}.`, 'Write it as the setting weft.prices of VS Code.');
  }
}
