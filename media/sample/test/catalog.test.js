import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allTeas, findTea } from '../src/catalog.js';

test('every tea has an id of its own', () => {
  const ids = allTeas().map((tea) => tea.id);
  assert.equal(new Set(ids).size, ids.length);
});

test('a tea is found by its id', () => {
  assert.equal(findTea('sencha').name, 'Sencha Uji');
  assert.equal(findTea('coffee'), undefined);
});
