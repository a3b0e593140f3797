/** Takes results apart in tests: the value, or the failure, and a test that fails with the text of the other. */
import assert from 'node:assert/strict';
import { type Failure, failureText, type Result } from '../../src/domain/failure';

export function valued<T>(result: Result<T>): T {
  assert.ok(result.ok, result.ok ? '' : failureText(result.failure));
  return result.value;
}

export function failed(result: Result<unknown>): Failure {
  assert.ok(!result.ok, 'It was expected to fail, and did not.');
  return result.failure;
}

export const NEVER = new AbortController().signal;
