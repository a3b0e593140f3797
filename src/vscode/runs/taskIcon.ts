/** The icon of a task, by its stage. */
import * as vscode from 'vscode';
import { never } from '../../domain/failure';
import type { Stage } from '../../domain/taskState';
import type { Life } from '../../engine/journal/library';

/** What a row stands for moves, has ended, was cut off, or waits for its run to go on. */
export type Look = Life | 'paused';

/** `warns`: the radar shows that what its agent does will not fit. */
export function taskIcon(stage: Stage, look: Look, warns: boolean): vscode.ThemeIcon {
  switch (stage.kind) {
    case 'waiting':
      return colored(look === 'running' || look === 'paused' ? 'circle-outline' : 'circle-slash', 'testing.iconSkipped');
    case 'running':
      return warns && look === 'running' ? colored('sync~spin', 'list.warningForeground') : moving(look);
    case 'done':
      return moving(look);
    case 'asking':
      return colored('question', 'list.warningForeground');
    case 'conflicted':
    case 'held':
      return colored('warning', 'list.warningForeground');
    case 'awaiting':
      return colored('type-hierarchy-sub', look === 'running' ? 'charts.blue' : 'testing.iconSkipped');
    case 'landed':
    case 'joined':
    case 'elsewhere':
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

function moving(look: Look): vscode.ThemeIcon {
  if (look === 'paused') return new vscode.ThemeIcon('debug-pause');
  return look === 'running' ? new vscode.ThemeIcon('sync~spin') : colored('debug-disconnect', 'testing.iconSkipped');
}

function colored(icon: string, color: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}
