/** What a run reads of its project when it begins: from its snapshot, so that links lead nowhere. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemText } from '../../../src/domain/role';
import { contextOf, projectFacts } from '../../../src/engine/project/project';
import { projectReader } from '../../../src/engine/project/readProject';
import { wholeTruth } from '../../../src/repo/truth/truth';
import { editor } from '../../support/editor';
import { NEVER, valued } from '../../support/result';
import { ROLES_FOLDER } from '../../support/roles';
import { planOf } from '../../support/run';
import { sandbox } from '../../support/sandbox';

const ROLE = '---\ndescription: Paints.\nmodel: claude-opus-5\npool: slow\ntools: [edit]\n---\nYou paint.\n';

describe('the project of a run', () => {
  it('has the roles, rules and lessons of the workspace, unsaved text included, and nothing behind links or ignored', async () => {
    const box = await sandbox({
      '.gitignore': 'secret/\n',
      'secret/AGENTS.md': 'Told to nobody.',
      'elsewhere.md': ROLE,
      '.weft/agents/link.md': { link: '../../elsewhere.md' },
      'CLAUDE.md': { link: 'AGENTS.md' },
      'AGENTS.md': 'Be brief.',
      'web/AGENTS.md': 'Use tabs.',
      'web/empty/CLAUDE.md': '  \n',
      '.github/copilot-instructions.md': 'Be kind.',
      '.weft/agents/painter.md': ROLE,
      '.weft/agents/deep/no.md': ROLE,
      'sub/.weft/agents/no.md': ROLE,
      '.claude/agents/helper.md': '---\nname: helper\ndescription: Helps.\n---\nYou help.',
      '.claude/agents/binary.md': 'a\0b',
      '.weft/lessons.md': '# Lessons\n\n- Tests need a port.\n',
    });
    const workspace = editor(box.repo.root);
    workspace.buffers.set('AGENTS.md', 'Be very brief.');
    const truth = valued(await wholeTruth(box.repo, workspace, NEVER));
    const project = valued(await projectReader(box.repo, { builtIn: ROLES_FOLDER, lessons: () => true })(truth.tree));
    assert.deepEqual(
      project.roles
        .filter(({ source }) => source.kind === 'file')
        .map(({ name, source }) => [name, source.kind === 'file' ? source.path : '']),
      [
        ['helper', '.claude/agents/helper.md'],
        ['painter', '.weft/agents/painter.md'],
      ],
    );
    assert.deepEqual(project.problems.map(problemText), ['.claude/agents/binary.md:1 is too large, or no text, for a role: shorten it.']);
    assert.deepEqual(
      project.rules.map(({ path, folder, text }) => [path, folder, text]),
      [
        ['.github/copilot-instructions.md', '', 'Be kind.'],
        ['AGENTS.md', '', 'Be very brief.'],
        ['web/AGENTS.md', 'web', 'Use tabs.'],
      ],
    );
    assert.deepEqual(project.lessons, ['Tests need a port.']);
    const off = valued(await projectReader(box.repo, { builtIn: ROLES_FOLDER, lessons: () => false })(truth.tree));
    assert.deepEqual(off.lessons, []);
  });

  it('is kept in the journal by what decides whether work can be taken over; Claude’s models hold where Claude is asked', async () => {
    const box = await sandbox({ '.weft/agents/painter.md': ROLE, 'AGENTS.md': 'Be brief.' });
    const read = projectReader(box.repo, { builtIn: ROLES_FOLDER, lessons: () => true });
    const project = valued(await read(valued(await wholeTruth(box.repo, editor(box.repo.root), NEVER)).tree));
    const { roles, rules } = projectFacts(project, 'claude-sonnet-5-5');
    const { hash, ...painter } = roles['painter'] ?? { hash: '' };
    assert.match(hash, /^[0-9a-f]{16}$/);
    assert.deepEqual(painter, { model: 'claude-opus-5', pool: 'slow' });
    assert.deepEqual(projectFacts(project, 'qwen').roles['painter'], { hash, pool: 'slow' });
    writeFileSync(join(box.root, '.weft/agents/painter.md'), ROLE.replace('You paint.', 'You paint well.'));
    writeFileSync(join(box.root, 'AGENTS.md'), 'Be long.');
    const later = projectFacts(valued(await read(valued(await wholeTruth(box.repo, editor(box.repo.root), NEVER)).tree)), 'qwen');
    assert.notEqual(later.roles['painter']?.hash, hash);
    assert.notEqual(later.rules, rules);
    assert.equal(later.roles['coder']?.hash, roles['coder']?.hash);
    const context = contextOf(project, planOf({ a: [] }));
    assert.deepEqual(context.role('painter'), {
      name: 'painter',
      instructions: 'You paint.',
      tools: ['edit'],
      source: { kind: 'file', path: '.weft/agents/painter.md' },
    });
    assert.deepEqual(contextOf(undefined, planOf({ a: [] })).role('x'), {
      name: 'x',
      instructions: '',
      tools: null,
      source: { kind: 'builtIn' },
    });
  });
});
