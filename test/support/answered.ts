/** What a model was asked, and what of it has an answer on disk: an answer that is there must not be asked for again. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { standingAfter } from '../../src/agent/transcript';
import { journalFile } from '../../src/engine/journal/journal';
import { Transcripts } from '../../src/engine/journal/transcripts';
import type { ModelFetch } from '../../src/model/fetch';
import { countingClock } from './clock';
import { valued } from './result';

const requestSchema = z.looseObject({ messages: z.array(z.unknown()) });

export interface Asked {
  readonly model: ModelFetch;
  /** The conversations that were sent, in order. */
  readonly asked: string[];
}

/** A model that keeps what it is asked; `onAsked` is told of each. */
export function keepsAsked(model: ModelFetch, onAsked: (conversation: string) => void = () => undefined): Asked {
  const asked: string[] = [];
  return {
    asked,
    model: async (request) => {
      const conversation = JSON.stringify(requestSchema.parse(await request.clone().json()).messages);
      asked.push(conversation);
      onAsked(conversation);
      return model(request);
    },
  };
}

/** The conversations of a run to which its transcripts have an answer. */
export function answeredIn(stateDir: string, run: string): Set<string> {
  const folder = join(dirname(journalFile(stateDir, run)), 'transcripts');
  const all = new Set<string>();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const entries = valued(new Transcripts(stateDir, run, countingClock()).read(name.replace('.jsonl', '')));
    for (const [at, { type }] of entries.entries()) {
      if (type !== 'answer') continue;
      const standing = standingAfter(entries.slice(0, at));
      assert.ok(standing !== undefined, `${name} does not fit together before its line ${at + 1}`);
      all.add(JSON.stringify(standing.session.messages));
    }
  }
  return all;
}
