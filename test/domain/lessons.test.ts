/** Lessons in their file, and which of them fit a run. */
import assert from 'node:assert/strict';
import { array, assert as check, property, string, stringMatching } from 'fast-check';
import { fittingLessons, MAX_LESSON, oneLine, readLessons, withLessons } from '../../src/domain/lessons';

describe('the file of lessons', () => {
  it('begins with what it is for, and has one list item for each', () => {
    const file = withLessons('', ['Tests need a port.', 'Build first.']);
    assert.match(file, /^# Lessons\n\nWhat earlier runs .+\n\n- Tests need a port\.\n- Build first\.\n$/);
    assert.deepEqual(readLessons(file), ['Tests need a port.', 'Build first.']);
  });

  it('keeps what the person made of it, line ends included, and gets nothing twice', () => {
    const own = '# Ours\r\n\r\n* Tests need\r\n  a port.\r\n- Build first.\r\n\r\nA word.';
    assert.deepEqual(readLessons(own), ['Tests need a port.', 'Build first.']);
    assert.equal(withLessons(own, ['build first!', 'tests need a PORT.']), own);
    assert.equal(withLessons(own, ['New.', 'new']), `${own}\r\n\r\n- New.\r\n`);
    assert.equal(withLessons('- One.\n', ['Two.']), '- One.\n- Two.\n');
    assert.equal(withLessons('- One.\n', []), '- One.\n');
  });

  it('has no secret, no line of another, and no more than there is room for', () => {
    const key = `sk-ant-${'a1b2'.repeat(8)}`;
    assert.deepEqual(readLessons(withLessons('', [`The key\n- is ${key}.`])), ['The key - is (secret).']);
    assert.equal(oneLine('x'.repeat(MAX_LESSON + 1)).length, MAX_LESSON);
    const many = Array.from({ length: 250 }, (_, at) => `Lesson ${at}.`);
    assert.deepEqual(readLessons(withLessons('', many)), many.slice(50));
  });

  it('has what is put into it, whatever stands there', async () => {
    const lesson = stringMatching(/^[a-z]{3,12} [a-z0-9]{3,12}$/);
    await check(
      property(string({ unit: 'grapheme' }), array(lesson, { maxLength: 5 }), (file, lessons) => {
        const before = readLessons(file);
        const after = withLessons(file, lessons);
        for (const one of lessons)
          assert.ok(
            readLessons(after).some((kept) => kept.toLowerCase().includes(one)),
            JSON.stringify(after),
          );
        assert.deepEqual(readLessons(after).slice(0, before.length), before);
        assert.equal(withLessons(after, lessons), after);
      }),
    );
  });
});

describe('the lessons of a run', () => {
  const lessons = [
    '`npm test` turned red after “Add search”. Mended so: exported it. (coder: src/catalog.js)',
    'Always run the formatter.',
    'Migrations of the invoices table need a lock timeout first. (database: db/invoices.sql)',
    'The cart view rests on src/cart/view.js. (coder: src/cart/view.js)',
  ];
  const topic = (text: string, paths: string[] = []) => ({ text, paths, roles: ['coder'] });

  it('are those of its files, those that share its words, and those that hold for everything', () => {
    assert.deepEqual(fittingLessons(lessons, topic('Improve it', ['src/catalog.js'])), [lessons[0], lessons[1]]);
    assert.deepEqual(fittingLessons(lessons, topic('x', ['src/cart/**'])), [lessons[3], lessons[1]]);
    assert.deepEqual(fittingLessons(lessons, topic('Add a migration: a lock timeout for the invoices table')), [lessons[2], lessons[1]]);
    assert.deepEqual(fittingLessons(lessons, topic('x')), [lessons[1]]);
    assert.deepEqual(fittingLessons([], topic('x')), []);
  });

  it('are no more than a prompt has room for, the newest of equals first', () => {
    const many = Array.from({ length: 300 }, (_, at) => `Note ${at}: ${'so '.repeat(90)}`);
    const told = fittingLessons(many, topic('x'));
    assert.ok(told.join('').length <= 6_000 && told.length > 10);
    assert.equal(told[0], many[299]);
  });
});
