/** The model of a run from the command line: as its name and the environment say, behind the whole pipeline. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ok, type Result } from '../domain/failure';
import { type RunModel, runModel } from '../model/runModel';
import { SharedModels } from '../model/sharedModels';
import { doorOf, modelSource } from '../model/source';
import { systemTime } from '../model/time';

/** A process drives one run. */
export async function modelFor(model: string): Promise<Result<RunModel>> {
  const where = { model, baseUrl: process.env['ANTHROPIC_BASE_URL'], key: process.env['ANTHROPIC_API_KEY'] };
  const source = await modelSource({
    ...where,
    fetch: (request) => fetch(request),
    samplePath: join(__dirname, '..', 'media', 'sample.scenario.json'),
    readText: (path) => readFile(path, 'utf8'),
    paceMs: 30,
    // A pause that the signal ends is over, not failed.
    wait: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
  });
  if (!source.ok) return source;
  const shared = new SharedModels(systemTime);
  return ok(runModel({ source: source.value, door: doorOf(where), shared, prices: {}, fallbacks: [], record: undefined }));
}
