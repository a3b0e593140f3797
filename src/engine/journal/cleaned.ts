/** Takes out of events what looks like a secret: agents, models and checks say in them what they have read. Pure. */
import type { Happening } from '../../domain/event';
import type { Failure } from '../../domain/failure';
import type { Answer, Ask } from '../../domain/inbox';
import { redacted } from '../../domain/secrets';

/**
 * The event as the journal may hold it. Texts that people or programs go by (paths, commits, commands that were approved, the plan as the
 * person wrote it) stay as they are.
 */
export function cleaned(happening: Happening): Happening {
  switch (happening.type) {
    case 'task.step':
      return { ...happening, step: redacted(happening.step) };
    case 'task.done':
    case 'task.reused':
      return { ...happening, summary: redacted(happening.summary) };
    case 'task.checked':
      return { ...happening, output: redacted(happening.output) };
    case 'task.failed':
    case 'task.parked':
    case 'task.passedOver':
      return { ...happening, failure: cleanedFailure(happening.failure) };
    case 'task.retrying':
      return { ...happening, failure: cleanedFailure(happening.failure), message: redacted(happening.message) };
    case 'task.reworked':
      return happening.next === undefined
        ? happening
        : { ...happening, next: { ...happening.next, message: redacted(happening.next.message) } };
    case 'task.added': {
      const { definition } = happening;
      return {
        ...happening,
        definition: { ...definition, title: redacted(definition.title), instructions: redacted(definition.instructions) },
      };
    }
    case 'inbox.asked':
      return { ...happening, ask: cleanedAsk(happening.ask) };
    case 'inbox.answered':
      return { ...happening, answer: cleanedAnswer(happening.answer) };
    case 'run.breaker':
    case 'run.fallback':
      return { ...happening, why: redacted(happening.why) };
    default:
      return happening;
  }
}

/** What leave is asked for stays as it is, since it is shown to whoever gives it; what has a secret in it is refused before (`engine/acts/acts`). */
function cleanedAsk(ask: Ask): Ask {
  if (ask.kind !== 'question') return ask;
  return { ...ask, question: redacted(ask.question), options: ask.options.map((one) => redacted(one)) };
}

function cleanedAnswer(answer: Answer): Answer {
  if (answer.kind === 'said') return { ...answer, text: redacted(answer.text) };
  return answer.kind === 'denied' ? { ...answer, reason: redacted(answer.reason) } : answer;
}

function cleanedFailure(failure: Failure): Failure {
  return { ...failure, message: redacted(failure.message), fix: redacted(failure.fix) };
}
