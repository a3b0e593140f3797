/** `npm test`: every check and every suite, one after the other, a failing one not stopping the rest. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findBrowser } from './browser';
import { buildBundles, bundles, checks, runCheck, vsixPath } from './checks';
import { findDesktop } from './desktop';
import { runHostSuite } from './hostSuite';
import { installHost } from './install';
import type { Report } from './mocha';
import { compiledTests, runMochaInParallel, runMochaSuite } from './mochaSuite';
import { explain, Problem } from './problem';
import { type Processes, runCommand } from './processes';
import { installVsix, testEnvironment } from './server';
import { root } from './versions';

interface Suite {
  name: string;
  run(): Promise<Report>;
}

const usage = `npm test -- [--only SUITE]... [--grep TEXT]
  --only SUITE   only this one: types, lint and format, layers, unused code, unit, bundles, host, “host, several folders”, ui
  --grep TEXT    only the tests whose title holds this text`;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function suites(processes: Processes, grep: string | undefined): Suite[] {
  const desktop = findDesktop();
  const packagedHost = lazily(() => installHost(processes, print));
  return [
    ...checks.map((check) => ({ name: check.name, run: () => runCheck(check, processes) })),
    {
      name: 'unit',
      run: async () => {
        const folder = processes.folder('unit');
        const files = compiledTests('.', ['host/', 'ui/', 'bench/']);
        // Once for all of them: one process must not write what another one runs.
        const built = await buildBundles(processes);
        if (built !== '') throw new Problem(built);
        const env = testEnvironment(folder, { WEFT_BUILT: '1' });
        return await runMochaInParallel({ processes, files, timeoutSeconds: 60, grep, env, print });
      },
    },
    { name: bundles.name, run: () => runCheck(bundles, processes) },
    {
      name: 'host',
      run: async () => {
        print(`  host: ${desktop ? `desktop VS Code, ${desktop.executable} (${desktop.from})` : packagedBecause()}`);
        return await runHostSuite({ processes, host: desktop ?? packagedHost, grep, window: 'one folder', print });
      },
    },
    {
      name: 'host, several folders',
      run: () => runHostSuite({ processes, host: desktop ?? packagedHost, grep, window: 'several folders', print }),
    },
    {
      name: 'ui',
      run: async () => {
        const host = await packagedHost();
        const browser = await findBrowser(processes, host, print);
        print(`  host: packaged VS Code server with the VSIX installed; browser: ${browser.executable} (from ${browser.from})`);
        const folder = processes.folder('ui');
        const extensions = join(folder, 'extensions');
        await installVsix(processes, host, { data: join(folder, 'install'), extensions }, vsixPath);
        const env = testEnvironment(folder, { WEFT_UI: JSON.stringify({ host, browser, extensions }) });
        return await runMochaSuite({ processes, files: compiledTests('ui'), timeoutSeconds: 120, grep, env, print });
      },
    },
  ];
}

function packagedBecause(): string {
  const why = process.env.VSCODE_EXECUTABLE
    ? 'VSCODE_EXECUTABLE is set, but there is no display'
    : 'no desktop VS Code with a display was found';
  return `packaged VS Code server, opened in a browser (${why})`;
}

/** Asks once, answers every time. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function runSuite(suite: Suite): Promise<Report> {
  const began = performance.now();
  print(`${suite.name} …`);
  const report = await suite.run().catch((error: unknown): Report => {
    return { passed: 0, failures: [{ title: `the suite "${suite.name}"`, message: explain(error) }], skipped: [] };
  });
  if (report.passed + report.failures.length + report.skipped.length === 0)
    report.failures.push({ title: suite.name, message: 'no test ran' });
  for (const failure of report.failures) print(`  FAIL  ${failure.title}\n${failure.message.replaceAll(/^/gm, '        ')}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const skipped = report.skipped.length > 0 ? `, ${report.skipped.length} skipped` : '';
  print(
    `${report.failures.length > 0 ? 'FAIL' : 'ok'}  ${suite.name}: ${report.passed} passed, ${report.failures.length} failed${skipped} (${seconds} s)`,
  );
  return report;
}

void runCommand(async (processes, signal) => {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, grep: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    print(usage);
    return 0;
  }
  const all = suites(processes, values.grep);
  const unknown = values.only?.filter((name) => !all.some((suite) => suite.name === name)) ?? [];
  if (unknown.length > 0) throw new Problem(`no suite is called ${unknown.join(', ')}\n${usage}`);
  const results: Record<string, Report> = {};
  for (const suite of all) {
    if (signal.aborted) return 1;
    if (values.only === undefined || values.only.includes(suite.name)) results[suite.name] = await runSuite(suite);
    // The host and the UI suite need the bundles even when only they were asked for.
    else if (suite.name === bundles.name && values.only.some((name) => name.startsWith('host') || name === 'ui')) await runSuite(suite);
  }
  await mkdir(join(root, 'out'), { recursive: true });
  await writeFile(join(root, 'out', 'test-report.json'), `${JSON.stringify(results, null, 2)}\n`);
  const reports = Object.values(results);
  const failures = Object.entries(results).flatMap(([name, report]) => report.failures.map((failure) => `  ${name}: ${failure.title}`));
  if (failures.length > 0) print(`\nfailed:\n${failures.join('\n')}`);
  const skipped = Object.entries(results).flatMap(([name, report]) => report.skipped.map((title) => `  ${name}: ${title}`));
  if (skipped.length > 0) print(`\nskipped:\n${skipped.join('\n')}`);
  print(`${reports.reduce((sum, report) => sum + report.passed, 0)} passed, ${failures.length} failed`);
  return failures.length > 0 ? 1 : 0;
});
