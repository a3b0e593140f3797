/** What holds a run up, or ends it before its time, and goes by clocks that nobody sets: pauses between attempts, breakers, and the run's limit of time. */
import type { Time } from '../../model/time';
import type { RunRecord } from '../journal/record';
import { Breakers } from './breakers';
import { Rests } from './rests';
import { limitRun } from './timeLimit';

export interface SetbackPorts {
  readonly record: RunRecord;
  readonly time: Time;
  /** Sees to what goes on by itself. */
  readonly run: (work: Promise<void>) => void;
  /** Has the run look again at what it can do. */
  readonly stir: () => void;
}

export class Setbacks {
  readonly rests: Rests;
  readonly breakers: Breakers;
  private readonly ends: (() => void)[] = [];

  constructor(private readonly ports: SetbackPorts) {
    const { record, time, run, stir } = ports;
    this.rests = new Rests(time, stir);
    this.breakers = new Breakers(record, time, run);
  }

  /** From here on time counts; `onOver`: the run has taken longer than it may. */
  begin(onOver: () => void): void {
    const { record, time } = this.ports;
    const unlisten = record.listen((event) => {
      // The person does not want to wait.
      if (event.type === 'task.again') this.rests.end(event.task);
    });
    const unlimited = limitRun({ record, time, seconds: record.state.start.plan.limits?.timeoutSeconds, onOver });
    this.ends.push(unlisten, unlimited);
  }

  /** Nothing is waited for any more. */
  close(): void {
    for (const end of this.ends) end();
    this.rests.close();
    this.breakers.close();
  }
}
