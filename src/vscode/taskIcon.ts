/** The icon of a task, by its stage. */
import * as vscode from 'vscode';
import { never } from '../domain/failure';
import type { Stage } from '../domain/taskState';
import type { Life } from '../engine/library';

/** `warns`: the radar shows that what its agent does will not fit. */
export function taskIcon(stage: Stage, life: Life, warns: boolean): vscode.ThemeIcon {
  switch (stage.kind) {
    case 'waiting':
      return colored(life === 'running' ? 'circle-outline' : 'circle-slash', 'testing.iconSkipped');
    case 'running':
      if (life === 'running' && warns) return colored('sync~spin', 'list.warningForeground');
      return life === 'running' ? new vscode.ThemeIcon('sync~spin') : colored('debug-disconnect', 'testing.iconSkipped');
    case 'done':
      return life === 'running' ? new vscode.ThemeIcon('sync~spin') : colored('debug-disconnect', 'testing.iconSkipped');
    case 'conflicted':
    case 'held':
      return colored('warning', 'list.warningForeground');
    case 'awaiting':
      return colored('type-hierarchy-sub', life === 'running' ? 'charts.blue' : 'testing.iconSkipped');
    case 'landed':
    case 'joined':
      return colored('pass', 'testing.iconPassed');
    case 'undone':
      return colored('discard', 'testing.iconSkipped');
    case 'failed':
      return colored('error', 'testing.iconFailed');
    case 'stopped':
    case 'doomed':
      return colored('circle-slash', 'testing.iconSkipped');
    default:
      return never(stage);
  }
}

function colored(icon: string, color: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}
