/** An agent that decides a conflict: in its run while that goes on, else in a run of its own. */
import type * as vscode from 'vscode';
import { ok, type Result } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import { isReversal } from '../../domain/taskState';
import { NO_USAGE } from '../../domain/usage';
import { arbitrationOf, landedElsewhere } from '../../engine/steering/arbitrated';
import { showFailure } from '../messages';
import { COMMANDS } from '../names';
import { dispatching, type Ports, startRun } from '../plans/starting';
import { fulfil } from '../runs/steering';
import type { Sessions } from '../session';
import { type TaskTarget, taskTarget } from '../targets';

export function registerArbitration(ports: Ports): vscode.Disposable {
  const command = dispatching;
  return command(COMMANDS.askArbiter, (row) => askArbiter(ports, row));
}

async function askArbiter(ports: Ports, row: unknown): Promise<Result<void>> {
  const { sessions } = ports;
  const wanted = ({ task: { stage } }: TaskTarget) => stage.kind === 'conflicted' && !isReversal(stage);
  const options = { wanted, title: 'Weft: Ask an Arbiter', none: 'No task is in conflict.', takeOnly: true };
  const target = await taskTarget(sessions, row, options);
  if (target === undefined) return ok();
  const { view, task } = target;
  const { id, title } = task.task;
  if (view.life === 'running') {
    const asked = await fulfil(sessions, view, { kind: 'arbitrate', task: id }, `Weft: asking an arbiter about “${title}”`);
    return asked.ok ? ok() : asked;
  }
  const own = arbitrationOf(view.state, id);
  if (!own.ok) return own;
  const { plan, retry } = own.value;
  const started = await startRun(ports, view.session, plan, NO_USAGE, retry);
  if (!started.ok) return started;
  void started.value.ended.then((ended) => (ended.ok ? letGo(sessions, target, ended.value) : undefined));
  return ok();
}

/** What an arbiter decided and landed waits for the person no more. */
async function letGo(sessions: Sessions, { view, task }: TaskTarget, decided: RunState): Promise<void> {
  const now = await sessions.find(view.state.start.run);
  if (now === undefined) return;
  const done = await sessions.withRecord(now, (record) => landedElsewhere(record, now.session.repo, task.task.id, decided));
  if (!done.ok) await showFailure(done.failure);
}
