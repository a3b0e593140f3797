/** The extension comes up in a real extension host. */
import assert from 'node:assert/strict';
import { extensions, workspace } from 'vscode';

describe('activation', () => {
  it('activates in a workspace that is a git repository', async () => {
    const extension = extensions.getExtension('weft.weft');
    assert.ok(extension, 'VS Code does not know the extension weft.weft');
    await extension.activate();
    assert.equal(extension.isActive, true);
    assert.equal(workspace.workspaceFolders?.length, 1);
  });
});
