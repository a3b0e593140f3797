/** What a run costs and waits for, as a person sees it: a rate limit, the cost in tree and status bar, a budget that is used up, and raised. */
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { useWorkbench } from './workbench';

const FILES = Array.from({ length: 24 }, (_, at) => `notes/${at}.md`);
const TURNS: Turn[] = [
  ...FILES.map((path): Turn => ({ calls: [{ tool: 'write_file', input: { path, content: 'Note.\n' } }] })),
  { calls: [{ tool: 'finish', input: { summary: 'All notes are written.' } }] },
];
const PLAN = { goal: 'Write the notes', tasks: [{ id: 'notes', title: 'Write all notes', instructions: 'Write them.' }] };

describe('a run and its budget', function () {
  this.timeout(240_000);
  let asked = 0;
  const scripted = scriptedModel(scenarioSchema.parse({ otherwise: TURNS }), { paceMs: 0, wait: async () => undefined });
  const workbench = useWorkbench({
    files: { 'README.md': '# Notes\n', 'notes.weft.json': JSON.stringify(PLAN, null, 2) },
    settings: {
      'weft.model': 'm',
      'weft.prices': { m: { input: 10, output: 10, cacheRead: 10, cacheWrite: 10 } },
      'weft.budget.run': 0.6,
    },
    model: async (request) => {
      asked += 1;
      return asked === 1 ? errorResponse(429, 'rate_limit_error', 'Too many.', { 'retry-after': '8' }) : scripted(request);
    },
  });

  it('waits for a rate limit in sight, stops when the budget is used up, and goes on with more', async () => {
    await workbench().openContainer('Weft');
    await workbench().openFile('notes.weft.json');
    await workbench().page.getByText('Cost not known yet — budget: $0.60').waitFor();
    await workbench().clickEditorAction('Run Plan');
    await workbench().row('Runs', 'waiting for the model (rate limit)');
    await workbench().screenshot('waiting-for-the-model');
    await workbench().row('Runs', 'out of budget, goes on with more');
    await workbench().notification('the budget of the run ($0.60) is used up');
    await workbench().screenshot('out-of-budget');
    await workbench().clearNotifications();
    await workbench().clickRowAction('Runs', 'Write all notes', 'Raise Budget…');
    await workbench().answer('50', false);
    await workbench().screenshot('raise-budget');
    await workbench().answer('50');
    await workbench().notification('1 of 1 task landed');
    await workbench()
      .page.getByText(/As past runs tell: about \$\d.* — more than the budget: \$0\.60/)
      .waitFor();
    await workbench().screenshot('budget-raised');
  });
});
