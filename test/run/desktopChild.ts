/** Starts a desktop VS Code on the host suite in a process of its own, so that stopping this process stops VS Code. */
import { runTests } from '@vscode/test-electron';

const [vscodeExecutablePath = '', extensionDevelopmentPath = '', extensionTestsPath = '', ...launchArgs] = process.argv.slice(2);

runTests({ vscodeExecutablePath, extensionDevelopmentPath, extensionTestsPath, launchArgs }).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
