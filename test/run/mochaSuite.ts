/** Runs compiled Mocha files in a child process: the unit tests, and the tests that click the workbench. */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
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

/** So many shares for each process: the last one is short then, whichever files are slow. */
const SHARES = 6;

/**
 * Shares the files out over processes: the units hold no common state. There are two for each core: tests wait for git and for timers.
 * Who is done with a share takes the next one, for they are not all alike.
 */
export async function runMochaInParallel(suite: MochaSuite): Promise<Report> {
  const count = Math.min(2 * availableParallelism(), 8, suite.files.length);
  const size = Math.ceil(suite.files.length / (count * SHARES));
  const shares = Array.from({ length: Math.ceil(suite.files.length / size) }, (_, share) =>
    suite.files.slice(share * size, (share + 1) * size),
  );
  const reports: Report[] = [];
  const work = async () => {
    for (let files = shares.shift(); files !== undefined; files = shares.shift()) reports.push(await runMochaSuite({ ...suite, files }));
  };
  await Promise.all(Array.from({ length: count }, work));
  return {
    passed: reports.reduce((sum, report) => sum + report.passed, 0),
    failures: reports.flatMap((report) => report.failures),
    skipped: reports.flatMap((report) => report.skipped),
  };
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
