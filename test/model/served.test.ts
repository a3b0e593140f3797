/** What servers say that they have, over real HTTP. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KNOWN_MODELS, priceOf } from '../../src/domain/prices';
import { anthropicModel } from '../../src/model/anthropic';
import { editorModel } from '../../src/model/editor/editorModel';
import { servedModels } from '../../src/model/served';

/** What is made of an answer to the request for the list, and the request. */
async function listed(status: number, body: string) {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization} ${incoming.headers['anthropic-version']}`);
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // As a window asks: with models of the editor before it.
  const editor = { models: async () => undefined, id: () => 'x', wait: async () => undefined };
  const models = await servedModels(editorModel(editor, anthropicModel({ baseUrl, key: 'the-key', fetch })), new AbortController().signal);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { models, asked };
}

describe('the models that a server has', () => {
  it('are those that it lists, with the names that it shows', async () => {
    const { models, asked } = await listed(
      200,
      '{"data":[{"id":"a-1","display_name":"The A","type":"model"},{"id":"b"}],"has_more":false}',
    );
    assert.deepEqual(models, [
      { id: 'a-1', title: 'The A' },
      { id: 'b', title: 'b' },
    ]);
    assert.deepEqual(asked, ['GET /v1/models?limit=1000 Bearer the-key 2023-06-01']);
  });

  it('are not known where it refuses, says something else, or is not there', async () => {
    for (const [status, body] of [
      [404, '{"data":[{"id":"a"}]}'],
      [200, '<html>'],
      [200, '{"models":[]}'],
    ] as const)
      assert.equal((await listed(status, body)).models, undefined);
    const gone = anthropicModel({ baseUrl: 'http://127.0.0.1:1', key: undefined, fetch });
    assert.equal(await servedModels(gone, new AbortController().signal), undefined);
  });

  it('of Anthropic, those that are offered without asking, have prices', () => {
    assert.deepEqual(
      KNOWN_MODELS.filter((name) => priceOf(name) === undefined),
      [],
    );
  });
});
