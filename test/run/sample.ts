/** A copy of the sample project in a temporary folder, as a git repository, ready to be woven on. */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { commitAll, temporaryFolder } from './folders';
import { writeSettings } from './server';
import { root } from './versions';

/** What the headless run is asked to do. */
export const sampleGoal = 'Finish the sample project';

/** Without an API key the sample runs on the scripted model. */
export function sampleModel(): string | undefined {
  return process.env.ANTHROPIC_API_KEY ? undefined : 'scripted:sample';
}

export function copySample(): string {
  const sample = join(root, 'media', 'sample');
  const folder = temporaryFolder('sample');
  if (existsSync(sample)) cpSync(sample, folder, { recursive: true });
  const model = sampleModel();
  writeSettings(join(folder, '.vscode', 'settings.json'), model === undefined ? {} : { 'weft.model': model });
  commitAll(folder);
  return folder;
}
