/** `npm start`: Weft, packaged and installed into a real VS Code, on a copy of the sample; or the same run without VS Code. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveCliArgsFromVSCodeExecutablePath } from '@vscode/test-electron';
import { SAMPLE_GOAL } from '../../src/repo/sample';
import { packageVsix, vsixPath } from './checks';
import { type Desktop, findDesktop, hasDisplay } from './desktop';
import { installHost } from './install';
import { Problem } from './problem';
import { type Processes, runCommand } from './processes';
import { copySample, sampleModel } from './sample';
import {
  cleanEnvironment,
  installedExtensions,
  installVsix,
  quietSettings,
  type ServerFolders,
  startWorkbenchServer,
  writeSettings,
} from './server';
import { root } from './versions';

const usage = `npm start -- [--headless] [--exit-when-ready] [--port N]
  --headless          run the sample through the command line instead of VS Code
  --exit-when-ready   start everything, see that it answers, and end
  --port N            where the packaged VS Code listens; any free port unless told otherwise`;

const extensionId = 'weft.weft';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function headless(processes: Processes): Promise<number> {
  const model = sampleModel();
  const args = [join(root, 'dist', 'weft.js'), 'run', '--goal', SAMPLE_GOAL, '--workspace', await copySample()];
  if (model !== undefined) args.push('--model', model);
  const run = processes.start(process.execPath, args, { env: cleanEnvironment(), inherit: true, stopSignal: 'SIGINT' });
  return (await run.exited).code;
}

interface Start {
  processes: Processes;
  signal: AbortSignal;
  folders: ServerFolders;
  sample: string;
  exitWhenReady: boolean;
}

async function inDesktop(desktop: Desktop, { processes, folders, sample, exitWhenReady }: Start): Promise<number> {
  print(`weft: installing into ${desktop.executable} (${desktop.from}), with a profile of its own`);
  const [cli = desktop.executable] = resolveCliArgsFromVSCodeExecutablePath(desktop.executable);
  const profile = ['--user-data-dir', folders.data, '--extensions-dir', folders.extensions];
  if (process.getuid?.() === 0) profile.push('--no-sandbox');
  const env = cleanEnvironment();
  const installed = await processes.run(cli, [...profile, '--install-extension', vsixPath, '--force'], { env, timeoutSeconds: 120 });
  if (installed.code !== 0) throw new Problem(`installing the extension failed:\n${installed.output}`);
  const listed = await processes.run(cli, [...profile, '--list-extensions'], { env, timeoutSeconds: 60 });
  if (!listed.output.split(/\s+/).includes(extensionId)) throw new Problem(`${extensionId} is not installed:\n${listed.output}`);
  if (exitWhenReady) return 0;
  const window = processes.start(desktop.executable, [...profile, '--new-window', '--disable-updates', sample], { env });
  tell(sample, 'VS Code opens now. Close its window, or press Ctrl-C here, to end it.');
  return (await window.exited).code;
}

async function inBrowser(port: number, { processes, signal, folders, sample, exitWhenReady }: Start): Promise<number> {
  const host = await installHost(processes, (line) => print(`weft: ${line}`));
  print('weft: installing into the packaged VS Code');
  await installVsix(processes, host, folders, vsixPath);
  const server = await startWorkbenchServer(processes, host, folders, cleanEnvironment(), port);
  const url = `${server.url}/?folder=${encodeURIComponent(sample)}`;
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]) });
  if (!answer.ok || !(await answer.text()).includes('vscode-workbench-web-configuration'))
    throw new Problem(`${url} answered ${answer.status}, and no workbench`);
  const extensions = await installedExtensions(processes, host, folders);
  if (!extensions.includes(extensionId))
    throw new Problem(`${extensionId} is not among the installed extensions: ${extensions.join(', ')}`);
  tell(sample, `VS Code is at ${url}\nOpen it in a browser. Press Ctrl-C here to end it.`);
  if (exitWhenReady) return 0;
  if (hasDisplay() && !process.env.CI) void processes.start(process.platform === 'darwin' ? 'open' : 'xdg-open', [url]);
  const exit = await server.exited;
  throw new Problem(`the VS Code server ended:\n${exit.output}`);
}

function tell(sample: string, how: string): void {
  print(`
Weft is installed and the sample is open: ${sample}
${how}

In VS Code, press F1 and run “Weft: Try the Sample”, or “Weft: Dispatch…” with a goal of yours; watch it in the Weft view of the activity bar.
${sampleModel() === undefined ? 'The model is the real one: ANTHROPIC_API_KEY is set.' : 'The model is scripted: set ANTHROPIC_API_KEY for a real one.'}
`);
}

void runCommand(async (processes, signal) => {
  const { values } = parseArgs({
    options: {
      headless: { type: 'boolean' },
      'exit-when-ready': { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    print(usage);
    return 0;
  }
  if (values.headless) return await headless(processes);
  const built = await packageVsix(processes);
  if (built !== '') throw new Problem(`packaging failed:\n${built}`);
  const folder = processes.folder('start');
  const folders = { data: join(folder, 'data'), extensions: join(folder, 'extensions') };
  const { 'workbench.colorTheme': _, ...settings } = quietSettings;
  writeSettings(join(folders.data, 'User', 'settings.json'), settings);
  const start = { processes, signal, folders, sample: await copySample(), exitWhenReady: values['exit-when-ready'] };
  const desktop = findDesktop();
  return desktop ? await inDesktop(desktop, start) : await inBrowser(Number(values.port), start);
});
