/** Choosing a model as a person does: from what the server, and Weft itself, have. */
import assert from 'node:assert/strict';
import { useWorkbench } from './workbench';

const SERVED = { data: [{ id: 'claude-sonnet-5-5', display_name: 'Claude Sonnet 5.5' }, { id: 'our-own-model' }] };

describe('Choose Model', function () {
  this.timeout(240_000);
  const workbench = useWorkbench({
    files: { 'README.md': '# A shop\n' },
    settings: { 'weft.prices': { 'our-own-model': { input: 0.3, output: 7 } } },
    model: async (request) => (request.method === 'GET' ? Response.json(SERVED) : new Response('nothing is to be asked', { status: 500 })),
  });

  it('lists what there is, with what it costs, marks what is used, and says what was chosen', async () => {
    await workbench().runCommand('Weft: Choose Model');
    await workbench().page.getByText('Claude Sonnet 5.5').first().waitFor();
    const choices = await workbench().choices();
    await workbench().screenshot('choose-model');
    assert.deepEqual(
      ['Claude Sonnet 5.5', 'our-own-model', '$0.30 per million tokens of input, $7 of output.', 'Scripted Sample', 'Another Name…'].filter(
        (one) => !choices.some((row) => row.includes(one)),
      ),
      [],
    );
    await workbench().choose('our-own-model');
    await workbench().notification('“our-own-model” is used from the next run on.');
    await workbench().screenshot('chose-model');
    await workbench().runCommand('Weft: Choose Model');
    await workbench().page.getByText('Scripted Sample').first().waitFor();
    await workbench().screenshot('choose-model-again');
    await workbench().choose('Another Name…');
    await workbench().answer('claude-opus-5');
    await workbench().notification('“claude-opus-5” is used from the next run on');
  });
});
