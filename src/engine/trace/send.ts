/** Sends the traces of a run that has ended to where the person wants them, if they do. */
import { fail, ok, type Result } from '../../domain/failure';
import { readTraces } from './read';

/** `endpoint`: as the person set it; empty: nothing is sent, and nothing is loaded. */
export async function sendIfAsked(stateDir: string, run: string, endpoint: string): Promise<Result<void>> {
  if (endpoint.trim() === '') return ok();
  const url = URL.canParse(endpoint.trim()) ? new URL(endpoint.trim()) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    return fail(
      'input',
      `The endpoint ${JSON.stringify(endpoint)} is not an http or https address.`,
      'Set it to an address such as http://localhost:4318/v1/traces.',
    );
  const traces = readTraces(stateDir, run, String);
  if (!traces.ok) return traces;
  const { sendTraces } = await import('./telemetry.js');
  return sendTraces(traces.value, url.href);
}
