/** Runs compiled Mocha files in a child process: the unit tests, and the tests that click the workbench. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openHearing } from './listener';
import { Message, type Report } from './mocha';
import type { Processes } from './processes';
import { root } from './versions';

export interface MochaSuite {
  processes: Processes;
  files: string[];
  /** For one test. */
  timeoutSeconds: number;
  grep: string | undefined;
  env: NodeJS.ProcessEnv;
  print: (line: string) => void;
}

/** Compiled tests below a folder of `out/test`, without those below `except`. */
export function compiledTests(folder: string, except: string[] = []): string[] {
  const base = join(root, 'out', 'test', folder);
  const names = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.js'));
  return names.filter((name) => !except.some((each) => name.startsWith(each))).map((name) => join(base, name));
}

export async function runMochaSuite({ processes, files, timeoutSeconds, grep, env, print }: MochaSuite): Promise<Report> {
  const hearing = openHearing(print, timeoutSeconds + 60);
  const args = ['--enable-source-maps', join(__dirname, 'mochaChild.js'), String(timeoutSeconds), grep ?? '', ...files];
  const started = processes.start(process.execPath, args, { cwd: root, env, ipc: true, onLine: (line) => print(`  | ${line}`) });
  started.child.on('message', (message) => hearing.hear(Message.parse(message)));
  void started.exited.then((exit) => hearing.lost(`the test process ended with code ${exit.code} before its tests did`));
  const report = await hearing.report;
  await started.stop();
  return report;
}
