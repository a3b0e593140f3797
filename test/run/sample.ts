/** A copy of the sample project in a temporary folder, as the extension makes it. */
import { join } from 'node:path';
import { failureText } from '../../src/domain/failure';
import { copySample as copyInto, SAMPLE_MODEL } from '../../src/repo/sample';
import { temporaryFolder } from './folders';
import { Problem } from './problem';
import { root } from './versions';

/** Without an API key the sample runs on the scripted model. */
export function sampleModel(): string | undefined {
  return process.env.ANTHROPIC_API_KEY ? undefined : SAMPLE_MODEL;
}

export async function copySample(): Promise<string> {
  const folder = temporaryFolder('sample');
  const copied = await copyInto(join(root, 'media'), folder, sampleModel());
  if (!copied.ok) throw new Problem(failureText(copied.failure));
  return folder;
}
