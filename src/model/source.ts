/** Chooses the model that answers a run, by its name: a scenario or a recording that is played, a model of the editor, or a server. */
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { ANTHROPIC_URL, anthropicModel } from './anthropic';
import { askedOf } from './asked';
import { EDITOR_PREFIX } from './editor/editor';
import type { ModelFetch, Part } from './fetch';
import { EDITOR_ERROR, errorResponse } from './messages';
import { readRecording } from './record/recording';
import { replayer } from './record/replayer';
import { readScenario } from './scenario';
import { scriptedModel } from './scripted';
import type { Wait } from './time';

/** `scripted:sample` plays the shipped sample, `scripted:PATH` the scenario file at that path. */
const SCRIPTED = 'scripted:';
/** `recorded:PATH` plays the recording at that path. */
const RECORDED = 'recorded:';

/** Whether a model of that name is played from a file. */
export function isPlayed(model: string): boolean {
  return model.startsWith(SCRIPTED) || model.startsWith(RECORDED);
}

export interface SourceOptions {
  readonly model: string;
  /** Address of the server; undefined or empty: Anthropic's. */
  readonly baseUrl: string | undefined;
  /** Undefined or empty: none. */
  readonly key: string | undefined;
  readonly fetch: ModelFetch;
  /** Path of the scenario that `scripted:sample` plays. */
  readonly samplePath: string;
  /** The text of a file; rejects where there is none. */
  readonly readText: (path: string) => Promise<string>;
  /** Pause between the chunks of a scripted model, in milliseconds. */
  readonly paceMs: number;
  readonly wait: Wait;
  /** What asks models of the editor, and another model for all others; undefined where there is no editor. */
  readonly editor?: Part | undefined;
}

/** The model of that name. Fails, before anything is sent, where the scenario, the recording, the address or the key cannot be used. */
export async function modelSource(options: SourceOptions): Promise<Result<ModelFetch>> {
  if (options.model.startsWith(SCRIPTED)) return scriptedSource(options);
  if (options.model.startsWith(RECORDED)) return recordedSource(options);
  return options.model.startsWith(EDITOR_PREFIX) ? editorSource(options) : serverSource(options);
}

/** What else is asked in a run with such a model, by names of servers' models, has no server. */
function editorSource({ model, editor }: SourceOptions): Result<ModelFetch> {
  if (editor === undefined)
    return fail(
      'input',
      `The model “${model}” is one of VS Code’s, which only the extension can ask.`,
      'Name another one: --model claude-…',
    );
  const message = (name: string) =>
    `This run asks models of VS Code, and “${name}” is none. Choose one whose name begins with ${EDITOR_PREFIX}.`;
  return ok(editor(async (request) => errorResponse(404, EDITOR_ERROR, message((await askedOf(request)).content.model ?? ''))));
}

/** The name of what requests of that model go through: a server and a key, or what is played. It has the key in it, and is for no eye. */
export function doorOf({ model, baseUrl, key }: Pick<SourceOptions, 'model' | 'baseUrl' | 'key'>): string {
  return [SCRIPTED, RECORDED, EDITOR_PREFIX].some((prefix) => model.startsWith(prefix))
    ? model
    : JSON.stringify([baseUrl?.trim() || ANTHROPIC_URL, key?.trim() ?? '']);
}

async function recordedSource({ model, readText }: SourceOptions): Promise<Result<ModelFetch>> {
  const fix = 'Use recorded: and the path of a recording.';
  const path = model.slice(RECORDED.length);
  if (path === '') return fail('input', `The model “${model}” names no recording.`, fix);
  let text: string;
  try {
    text = await readText(path);
  } catch (thrown) {
    return fail('file', `The recording ${path} could not be read: ${thrownText(thrown)}.`, fix);
  }
  const recording = readRecording(text, path);
  return recording.ok ? ok(replayer(recording.value)) : recording;
}

async function scriptedSource({ model, samplePath, readText, paceMs, wait }: SourceOptions): Promise<Result<ModelFetch>> {
  const name = model.slice(SCRIPTED.length);
  if (name === '')
    return fail('input', `The model “${model}” names no scenario.`, 'Use scripted:sample, or scripted: and the path of a scenario file.');
  const path = name === 'sample' ? samplePath : name;
  let text: string;
  try {
    text = await readText(path);
  } catch (thrown) {
    return fail(
      'file',
      `The scenario ${path} could not be read: ${thrownText(thrown)}.`,
      'Use scripted:sample, or the path of a scenario file.',
    );
  }
  const scenario = readScenario(text, path);
  return scenario.ok ? ok(scriptedModel(scenario.value, { paceMs, wait })) : scenario;
}

function serverSource({ model, baseUrl, key, fetch, editor }: SourceOptions): Result<ModelFetch> {
  if (model.trim() === '') return fail('input', 'No model is named.', 'Set weft.model to the name of a model.');
  const base = parseBaseUrl(baseUrl?.trim() || ANTHROPIC_URL);
  if (!base.ok) return base;
  const bare = key?.trim() || undefined;
  if (bare === undefined && base.value === ANTHROPIC_URL)
    return fail('auth', 'There is no API key.', 'Run “Weft: Set API Key”, or set ANTHROPIC_API_KEY.');
  // A header cannot carry anything else, and what refuses it would quote the key.
  if (bare !== undefined && !/^[\x21-\x7e]+$/.test(bare))
    return fail(
      'auth',
      'The API key has blanks or characters that no key has.',
      'Copy it again, then run “Weft: Set API Key”, or set ANTHROPIC_API_KEY.',
    );
  const server = anthropicModel({ baseUrl: base.value, key: bare, fetch });
  // A task of such a run may be for a model of the editor.
  return ok(editor === undefined ? server : editor(server));
}

/** The address without what requests bring themselves (`/v1`) and without a closing slash. */
function parseBaseUrl(raw: string): Result<string> {
  const fix = 'Set weft.baseUrl, or ANTHROPIC_BASE_URL, to an address such as http://localhost:8080.';
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== ''))
    return fail('input', `The base URL of ${url.host} contains a user name or password.`, 'Leave it out: the API key is kept apart.');
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    return fail('input', `The base URL ${JSON.stringify(raw)} is not an http or https address.`, fix);
  if (url.search !== '' || url.hash !== '') return fail('input', `The base URL of ${url.host} has a query or a fragment.`, fix);
  return ok(`${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`);
}
