/** What a role takes away of the tools that all agents of a run are told of. */
import assert from 'node:assert/strict';
import { refusal, rightsText } from '../../../src/agent/roles/rights';
import type { AgentRole } from '../../../src/domain/role';

const role = (tools: string[] | null): AgentRole => ({ name: 'r', instructions: '', tools, source: { kind: 'builtIn' } });
const TOOLS = [
  { name: 'read_file', writes: false },
  { name: 'finish', writes: false },
  { name: 'ask', writes: false },
  { name: 'edit_file', writes: true },
  { name: 'run', writes: true },
  { name: 'spawn', writes: true },
  { name: 'mcp__git_hub__create_issue', writes: false },
  { name: 'mcp__other__x', writes: false },
];
const may = (tools: string[] | null) => TOOLS.filter((tool) => refusal(role(tools), tool) === undefined).map(({ name }) => name);

describe('a role', () => {
  const always = ['read_file', 'finish', 'ask'];

  it('may use what it names, what is everybody’s, and nothing else', () => {
    assert.deepEqual(
      may(null),
      TOOLS.map(({ name }) => name),
    );
    assert.deepEqual(may([]), always);
    assert.deepEqual(may(['edit']), [...always, 'edit_file']);
    assert.deepEqual(may(['run', 'mcp']), [...always, 'run', 'mcp__git_hub__create_issue', 'mcp__other__x']);
    assert.deepEqual(may(['git.hub/*']), [...always, 'mcp__git_hub__create_issue']);
    assert.deepEqual(may(['git.hub/create_issue', 'other/y']), [...always, 'mcp__git_hub__create_issue']);
    assert.deepEqual(may(['git/*', 'git.hub/create']), always);
  });

  it('that may not change files has nobody do it either', () => {
    assert.deepEqual(may(['spawn']), always);
    assert.deepEqual(may(['spawn', 'edit']), [...always, 'edit_file', 'spawn']);
  });

  it('is told what it may not, and nothing where it may everything', () => {
    assert.equal(rightsText(role(null)), undefined);
    assert.equal(rightsText(role(['edit', 'run', 'spawn', 'mcp'])), undefined);
    assert.equal(
      rightsText(role(['edit', 'run', 'x/*'])),
      'In this role you have no others do your work, use of the tools of servers only x/*. Calls of such tools are refused.',
    );
  });
});
