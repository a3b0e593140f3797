/** What `weft --help` prints. */
import { DEFAULT_ATTEMPTS, DEFAULT_BUDGET_USD, DEFAULT_CONFLICT_PRIORITY, DEFAULT_MAX_WORKERS, DEFAULT_MODEL } from '../domain/settings';

export const USAGE = `Weft runs parallel coding agents on a folder.

  weft run [PLAN.json | -] [--goal TEXT]   run a plan (from a file, or standard input), or plan a goal and run it
       --max-workers N                     agents at once (default ${DEFAULT_MAX_WORKERS})
       --pool ROLE=N                       of a role, agents at once (--pool coder=3); may be repeated
       --adaptive-workers                  find out how many agents are worth having at once, within --max-workers
       --attempts N                        how often an agent may begin on a task before it has failed (default ${DEFAULT_ATTEMPTS})
       --timeout SECONDS                   how long the whole run may take (default: no limit)
       --budget USD                        what it may spend (default ${DEFAULT_BUDGET_USD}; 0: no limit); where that is used up, its agents wrap up,
                                           and “weft resume RUN --budget USD” has them go on
       --budget-tokens N                   how many tokens it may use (default: no limit)
       --fallback-model NAME               who answers while the model keeps failing; may be repeated
       --record FILE                       record what the model answers; --model recorded:FILE plays it again, offline
       --model NAME                        model (default ${DEFAULT_MODEL})
       --on-stale check|ask|rework         where a file that an agent read was changed meanwhile: land if its check
                                           passes (default), leave it to you, or have the agent go on from it
       --conflicts ask|arbiter|priority    where two tasks contradict each other: leave it to you (default), have an agent
                                           decide it, whose decision is checked, or go by the order of roles
       --priority ROLE,ROLE                that order, those that prevail first (default ${DEFAULT_CONFLICT_PRIORITY.slice(0, 3).join(', ')} …)
       --allow-command COMMAND             a command that agents, and a plan of --goal, may run, exactly or with *; may be
                                           repeated
       --allow-mcp NAME                    an MCP server of .vscode/mcp.json or .mcp.json that agents may use; may be repeated
       --approve KIND=ask|allow|deny       without asking: plan (one that a model made; allow), command, mcp (tools of
                                           servers), protected (files such as .github/**), landing, question; may be repeated
       --answer-within SECONDS             how long an agent waits for your answer, which is no then (default 1800, without a
                                           terminal 300)
       --include GLOB                      ignored files, as in a .gitignore, that agents see and snapshots have (.env);
                                           may be given several times
       --in-process                        run agents in this process, not in processes of their own without secrets
       --no-lessons                        agents are told nothing of .weft/lessons.md
       --no-reuse                          do everything anew, also what nothing has changed for since an earlier run
       --tasks FILE.md                     plan the open items (- [ ] …) of a Markdown file; with --goal: what to do with them
       --failing FILE | -                  plan how to mend what failed: FILE, or standard input, has what it printed
       --template NAME                     run .weft/plans/NAME.weft.json; --set NAME=VALUE for each of its variables
  weft plan --goal TEXT                    plan only, and print the plan; --tasks, --failing, --model and --include as of “weft run”
       --out FILE                          into a file, to be read, changed and run
  weft revise PLAN "SENTENCE"              have a plan changed as the sentence says, and print it; --out, --model and --include as of
                                           “weft plan”
  weft plan-rest RUN                       plan what a run left undone, from what failed and why; --out, --model as of “weft plan”
       --hint TEXT                         what you say about it
  weft summary RUN                         what was done, by whom, what failed and why, and what to do next
  weft lessons RUN                         what went wrong in a run, and how it was mended
       --keep                              in .weft/lessons.md, for the agents of later runs
  weft roles                               the roles that tasks of this folder can have, and where they come from
  weft runs                                the runs of this folder
  weft trace RUN [TASK]                    what the tasks of a run did when, and what would have made it faster; of one
                                           task: each turn and call of its agent
       --out DIR                           as files: an index, and one for each task
  weft undo RUN [TASK]                     take back all of a run, or one task, and keep everything else
       --file PATH                         only this file of the task
       --hunk N                            only this hunk of the file
       --call-off                          leave it: nothing of an undo that is in conflict is done
  weft redo RUN [TASK]                     bring back what was undone; --file, --hunk and --call-off as of “weft undo”
  weft hunks RUN TASK FILE                 what a task changed in a file, numbered
  weft blame FILE                          who wrote each line: which task of which run, or you
  weft export RUN --branch NAME            make a branch with one commit for each landed task
       --include-edits                     with your own edits before and during the run as commits of their own
  weft land RUN TASK                       land a draft that was kept, or a conflict that you merged in its files
  weft discard RUN TASK                    throw away a draft that was kept; nothing brings it back
  weft resume RUN                          go on with a run whose process was killed, where it was, with its model;
                                           --fallback-model, --record, --in-process, --adaptive-workers, --budget, --approve and the
                                           like as of “weft run”
       --task TASK                         --budget is of that task
  weft pause RUN                           have a run that goes on wait, whoever drives it: nothing starts or lands, and no
                                           agent begins another turn of the model
  weft continue RUN                        have it go on
  weft budget RUN USD [TASK]               change what a run that goes on, or one of its tasks, may spend; --budget-tokens N: how many
                                           tokens
  weft limit RUN                           change how many agents of a run that goes on work at once: --max-workers, --pool as of
                                           “weft run”
  weft stop RUN                            have it stop; what its agents did is kept
  weft inbox                               what waits for you in the runs of this folder: questions, approvals, conflicts
  weft answer RUN ITEM yes | no | TEXT     answer it, whoever drives the run
       --for once|agents|run               yes to what is equal, too: of these agents, or of all of the run
       --reason TEXT                       what the agent is told with a no
  weft add RUN TASK.json | -               add a task to it, written as in a plan
  weft arbitrate RUN TASK                  have an agent decide what a task is in conflict over: in its run while that goes on, else
                                           in one of its own; options as of “weft retry”, but for
                                           --hint, --fresh and --allow-mcp
  weft retry RUN TASK                      do a task that did not land again, from its draft: in its run while that goes on,
                                           else in one of its own, with its model; --model, --fallback-model, --record,
                                           --on-stale, --in-process, --budget, --approve and the like as of “weft run”
       --hint TEXT                         what its agent should know
       --fresh                             without its draft
  weft snapshots                           the snapshots of this folder, with their age and size
       --compare SNAPSHOT                  the files that differ between a snapshot and now
       --delete SNAPSHOT                   forget a snapshot, and the runs that began at it
       --keep N                            forget all but the N newest, and those that something waits for
  weft rollback SNAPSHOT [PATH…]           make the folder, or only these files and folders, equal to a snapshot
  weft folders [--remove]                  the folders in which checks run, of all workspaces; --remove deletes those not in use
  weft schema                              the JSON schema of a plan

  --workspace DIR   the folder (default: the current one); given several times, or a .code-workspace file: all of them together
  --json            one event a line, and a last line with the result
  --help, --version

What --include names is sent to the model when an agent reads it: mind your secrets. The settings of VS Code do not hold
here: those of a folder may be a stranger's. Snapshots are forgotten only when you say so.
What an MCP server is to be given (\${input:ID}) stands in WEFT_INPUT_ID.
Environment: ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL (any server that speaks the Messages API), WEFT_STATE_DIR, WEFT_PRICES (as weft.prices in VS Code),
WEFT_OTLP_ENDPOINT (an OpenTelemetry collector, which is sent times, tokens and costs of runs, and nothing that was said).
Exit codes of “weft run”, “resume”, “retry” and “arbitrate”: 0 every task landed, 1 some did not, 2 unusable input, 130 interrupted.
`;

/** What is said of one command; of all, without one. */
export function usageOf(command: string | undefined): string {
  if (command === undefined) return USAGE;
  const lines = USAGE.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`  weft ${command} `));
  const length = lines.slice(from + 1).findIndex((line) => line === '' || line.startsWith('  weft '));
  return [...lines.slice(from, from + 1 + length), '', '  All commands, and the options that each of them takes: weft --help', ''].join(
    '\n',
  );
}
