/** `npm run bench`: every benchmark in test/bench, then what VS Code itself measures: the size of the VSIX and the activation. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { activationMilliseconds } from '../ui/activation';
import { openWorkbench } from '../ui/workbench';
import { findBrowser } from './browser';
import { bundles, runCheck, vsixPath } from './checks';
import { installHost } from './install';
import { type Processes, runCommand } from './processes';
import { installVsix } from './server';
import { root } from './versions';

const activationLimit = 100;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Each prints its own numbers, and ends with another code than 0 where one misses its limit. */
async function runBenchmarks(processes: Processes): Promise<string[]> {
  const folder = join(root, 'out', 'test', 'bench');
  const missed: string[] = [];
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names.filter((each) => each.endsWith('.bench.js'))) {
    print(`${name.replace('.bench.js', '')} …`);
    const exit = await processes.run(process.execPath, ['--enable-source-maps', join(folder, name)], { cwd: root, onLine: print });
    if (exit.code !== 0) missed.push(name);
  }
  return missed;
}

/** The quickest of three: how long the code takes, not how busy the machine is. */
async function measureActivation(processes: Processes): Promise<number> {
  const host = await installHost(processes, print);
  const browser = await findBrowser(processes, host, print);
  const folder = processes.folder('bench');
  const extensions = join(folder, 'extensions');
  await installVsix(processes, host, { data: join(folder, 'install'), extensions }, vsixPath);
  process.env.WEFT_UI = JSON.stringify({ host, browser, extensions });
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const workbench = await openWorkbench();
    times.push(await activationMilliseconds(workbench));
    await workbench.close();
  }
  return Math.min(...times);
}

void runCommand(async (processes) => {
  const missed = await runBenchmarks(processes);
  const { failures } = await runCheck(bundles, processes);
  for (const failure of failures) print(failure.message);
  if (failures.length > 0) missed.push('bundles');
  print(`VSIX: ${(statSync(vsixPath).size / 1024).toFixed(1)} KiB (limit 2048)`);
  const activation = await measureActivation(processes);
  print(`activation: ${activation} ms (limit ${activationLimit})`);
  if (!(activation <= activationLimit)) missed.push('activation');
  print(missed.length > 0 ? `missed: ${missed.join(', ')}` : 'all within their limits');
  return missed.length > 0 ? 1 : 0;
});
