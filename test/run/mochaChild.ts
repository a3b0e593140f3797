/** A Mocha run in a process of its own, told to its parent over the IPC channel: a crash or a leak stays in here. */
import { type Message, runMocha } from './mocha';

const [timeoutSeconds, grep, ...files] = process.argv.slice(2);

function say(message: Message): void {
  const last = message.kind === 'end';
  process.send?.(message, () => {
    // What tests left open must not keep the process.
    if (last) process.exit(0);
  });
}

process.on('disconnect', () => process.exit(1));
void runMocha(files, { timeoutSeconds: Number(timeoutSeconds), grep: grep === '' ? undefined : grep }, say);
