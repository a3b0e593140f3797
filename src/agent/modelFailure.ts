/** What the SDK throws, as failures that name what failed and what a person can do about it. */
import { AnthropicError, APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import { cancelled, type Failure, fail, thrownText } from '../domain/failure';
import { BUDGET_GONE, EDITOR_ERROR, NO_ANSWER, statusOfType } from '../model/messages';

/** Longest quotation from a server. */
const MAX_QUOTE = 300;

/** The failure of a request to `modelName`. Quotes the server, but never anything that looks like a key. */
export function modelFailure(thrown: unknown, modelName: string, signal: AbortSignal): Failure {
  if (signal.aborted || thrown instanceof APIUserAbortError) return cancelled.failure;
  return failureOf(thrown, modelName).failure;
}

/**
 * Whether the same request may well succeed when it is sent again at once. The SDK sees to answers with an error itself;
 * what is left is a stream that broke off, or in which the server reported that it is overloaded.
 */
export function brokeOff(thrown: unknown): boolean {
  if (thrown instanceof APIConnectionError) return false;
  if (thrown instanceof APIError) return thrown.status === undefined && [429, 500, 529].includes(statusOf(thrown));
  return thrown instanceof AnthropicError;
}

/** Whether the server does not take what the request says: the same one fails again. */
export function refusesContent(thrown: unknown): boolean {
  return thrown instanceof APIError && (thrown.status === 400 || thrown.status === 413);
}

/** Whether a server refuses a request since it is longer than what the model can hold. Servers say it each in their own words. */
export function isTooLong(thrown: unknown): boolean {
  if (!(thrown instanceof APIError)) return false;
  const said = thrown.apiMessage ?? thrown.message;
  return (
    thrown.status === 413 ||
    (thrown.status === 400 &&
      /(prompt|input|request|conversation)\b.*\btoo (long|large)|context.?(length|window|size|limit)|max\w* .*context|too many (input )?tokens|exceed\w* .*tokens?\b/i.test(
        said,
      ))
  );
}

/** Whether a budget did not allow the request: then the agent has one turn to say how far it came. */
export function isOutOfBudget(thrown: unknown): boolean {
  return thrown instanceof APIError && typeOf(thrown) === BUDGET_GONE;
}

function failureOf(thrown: unknown, modelName: string): { readonly failure: Failure } {
  if (thrown instanceof APIConnectionTimeoutError) {
    return fail('model', 'The model’s server did not answer in time.', 'Try again, or check weft.baseUrl and your network.');
  }
  if (thrown instanceof APIConnectionError) {
    const cause = deepestCause(thrown);
    return unreachable(cause === thrown ? '' : thrownText(cause));
  }
  if (!(thrown instanceof APIError)) {
    return fail(
      'model',
      `The answer of the model’s server broke off, or cannot be read: ${sentence(quote(thrownText(thrown)))}`,
      'Try again. If that does not help, look at what stands between Weft and the server, such as a proxy.',
    );
  }
  if (typeOf(thrown) === NO_ANSWER) return unreachable(thrown.apiMessage ?? '');
  const said = sentence(quote(thrown.apiMessage ?? thrown.message));
  if (isOutOfBudget(thrown)) return fail('budget', said, 'Raise the budget, then go on from what was done.');
  const status = statusOf(thrown);
  if (typeOf(thrown) === EDITOR_ERROR) return editorFailure(status, said);
  if (status === 400 && isTooLong(thrown))
    return fail(
      'model',
      `What was asked is too long for the model “${modelName}”: ${said}`,
      'Ask for less at once, select fewer files, or use another model.',
    );
  switch (status) {
    case 401:
    case 403:
      return fail(
        'auth',
        `The API key was refused (${status}).`,
        'Run “Weft: Set API Key”, or set ANTHROPIC_API_KEY, with a key that may use this model.',
      );
    case 402:
      return fail('auth', `The model’s server wants to be paid (402): ${said}`, 'Look at the billing of your account with it.');
    case 404:
      return fail(
        'refused',
        `The model “${modelName}” is not known to the server (404): ${said}`,
        'Set weft.model (or --model) to a model that the server has, and check weft.baseUrl.',
      );
    case 413:
      return fail(
        'model',
        `The request is too large for the model’s server (413): ${said}`,
        'Split the task into smaller ones, or name fewer files.',
      );
    case 429:
      return fail(
        'model',
        `The model’s server has had too many requests (429): ${said}`,
        'Wait a little, or lower weft.maxWorkers, and try again.',
      );
    // The ones below 500 that say nothing of the request: it came too slowly, at the same time as another, or too early.
    case 408:
    case 409:
    case 425:
      return fail('model', `The model’s server did not take the request this time (${status}): ${said}`, 'Wait a little and try again.');
    default:
      return status >= 500
        ? fail('model', `The model’s server is overloaded, or has an error of its own (${status}): ${said}`, 'Wait a little and try again.')
        : fail(
            'refused',
            `The model’s server refused the request (${status}): ${said}`,
            'Check weft.model and weft.baseUrl: the server may not support what Weft asks for.',
          );
  }
}

/** What only the person can mend, in the editor. */
function editorFailure(status: number, said: string) {
  if (status === 403)
    return fail(
      'auth',
      `VS Code does not let Weft ask its model: ${said}`,
      'Allow it (Accounts → Manage Language Model Access…), or run “Weft: Choose Model”.',
    );
  if (status === 404) return fail('refused', said, 'Run “Weft: Choose Model”, and sign in where the model comes from if it needs that.');
  return fail(
    'agent',
    `The model of VS Code refused the request: ${said}`,
    'Say in other words what is to be done, or run “Weft: Choose Model”.',
  );
}

function unreachable(why: string) {
  return fail(
    'model',
    `The model’s server cannot be reached.${why === '' ? '' : ` ${sentence(quote(why))}`}`,
    'Check weft.baseUrl (or ANTHROPIC_BASE_URL) and your network, and that the server runs.',
  );
}

/** The SDK knows the types of Anthropic's errors only. */
function typeOf(error: APIError): string | null {
  return error.type;
}

/** In the middle of a stream an error comes without a status. */
function statusOf(error: APIError): number {
  return error.status ?? statusOfType(error.type);
}

/** `fetch` says only that it failed; the reason is the last of its causes. */
function deepestCause(thrown: Error): unknown {
  let cause: unknown = thrown;
  for (let depth = 0; depth < 5 && cause instanceof Error && cause.cause !== undefined; depth += 1) cause = cause.cause;
  return cause;
}

/** Without line breaks and without keys, and not too long. */
function quote(text: string): string {
  const plain = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\b(sk|key|Bearer)[-_ ][A-Za-z0-9_-]{8,}/gi, '(key)');
  return plain.length > MAX_QUOTE ? `${plain.slice(0, MAX_QUOTE)}…` : plain;
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
