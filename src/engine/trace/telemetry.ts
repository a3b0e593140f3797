/**
 * Sends a run's traces to an OpenTelemetry collector, in OpenTelemetry's conventions for generative models: names, times, tokens and
 * costs, and nothing of what was said, read or written. A bundle of its own: it is loaded when an endpoint is set.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { fail, ok, type Result } from '../../domain/failure';
import type { Usage } from '../../domain/usage';
import type { Traces } from './read';
import type { TaskTrace } from './taskTrace';

/** A collector that does not answer must not hold the end of a run up. */
const TIMEOUT_MS = 10_000;

/** `endpoint`: where traces go, path included: `http://localhost:4318/v1/traces`. Credentials are the exporter's to find, in OTEL_EXPORTER_OTLP_HEADERS. */
export async function sendTraces(traces: Traces, endpoint: string): Promise<Result<void>> {
  const spans = spansOf(traces);
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: TIMEOUT_MS });
  const error = await new Promise<Error | undefined>((resolve) => {
    exporter.export(spans, ({ code, error: why }) => resolve(code === 0 ? undefined : (why ?? new Error('it was refused'))));
  });
  await exporter.shutdown();
  if (error === undefined) return ok();
  return fail(
    'file',
    `The traces of run ${traces.run.id} could not be sent to ${endpoint}: ${error.message}.`,
    'See whether the collector runs and takes OTLP over HTTP there (weft.telemetry.otlpEndpoint, --otlp-endpoint).',
  );
}

/** The run's span, below it those of its tasks, and below these the model's turns and the calls of tools. */
export function spansOf({ run, tasks }: Traces): ReadableSpan[] {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'weft' }),
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
    // One trace for a run, whoever sends it, and how often.
    idGenerator: {
      generateTraceId: () => createHash('sha256').update(run.id).digest('hex').slice(0, 32),
      generateSpanId: () => randomBytes(8).toString('hex'),
    },
  });
  const tracer = provider.getTracer('weft');
  const add = (within: Context, { name, operation, model, kind = SpanKind.INTERNAL, from, to, attributes, failed }: Piece): Context => {
    const common = {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': providerOf(model),
      'gen_ai.conversation.id': run.id,
      ...(failed === undefined ? {} : { 'error.type': failed }),
    };
    const span = tracer.startSpan(name, { kind, startTime: from, attributes: { ...common, ...attributes } }, within);
    if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
    span.end(to);
    return trace.setSpan(within, span);
  };
  const whole = add(ROOT_CONTEXT, {
    name: 'weft run',
    operation: 'invoke_workflow',
    model: run.model,
    from: run.from,
    to: run.to,
    attributes: { 'weft.run': run.id, 'gen_ai.request.model': run.model, ...tokens(run.summary.usage) },
  });
  for (const task of tasks) addTask(add, whole, task, run);
  return memory.getFinishedSpans();
}

interface Piece {
  readonly name: string;
  /** As the conventions call it. */
  readonly operation: 'invoke_workflow' | 'invoke_agent' | 'chat' | 'execute_tool';
  readonly model: string;
  readonly kind?: SpanKind;
  readonly from: number;
  readonly to: number;
  readonly attributes: Attributes;
  /** The kind of its failure. */
  readonly failed?: string | undefined;
}

function addTask(add: (within: Context, piece: Piece) => Context, whole: Context, task: TaskTrace, run: Traces['run']): void {
  const { input, model, usage, costUsd, spans } = task;
  const [first] = spans;
  const within = add(whole, {
    name: `invoke_agent ${input.role}`,
    operation: 'invoke_agent',
    model,
    from: first?.from ?? run.from,
    to: spans.at(-1)?.to ?? first?.from ?? run.from,
    attributes: {
      'gen_ai.agent.name': input.role,
      'gen_ai.agent.id': task.id,
      'gen_ai.request.model': model,
      ...tokens(usage),
      'weft.task': task.task,
      'weft.stage': task.stage,
      ...(task.parent === null ? {} : { 'weft.parent': task.parent }),
      ...(costUsd === null ? {} : { 'weft.cost_usd': costUsd }),
    },
    failed: task.error?.kind,
  });
  for (const turn of task.turns) {
    add(within, {
      name: `chat ${model}`,
      operation: 'chat',
      model,
      kind: SpanKind.CLIENT,
      from: turn.from,
      to: turn.to,
      attributes: {
        'gen_ai.request.model': model,
        'gen_ai.response.model': turn.model ?? model,
        ...(turn.stop === null ? {} : { 'gen_ai.response.finish_reasons': [turn.stop] }),
        ...tokens(turn.usage),
      },
    });
    for (const call of turn.calls) {
      add(within, {
        name: `execute_tool ${call.tool}`,
        operation: 'execute_tool',
        model,
        from: call.from,
        to: call.to,
        attributes: { 'gen_ai.tool.name': call.tool, 'gen_ai.tool.call.id': call.id },
        failed: call.failed ? 'tool_error' : undefined,
      });
    }
  }
}

/** Who serves a model, as far as its name tells: all that speak the Messages API count as Anthropic’s. */
function providerOf(model: string): string {
  return /^vscode:([^/]+)/.exec(model)?.[1] ?? /^(scripted|recorded):/.exec(model)?.[1] ?? 'anthropic';
}

/** Those from the cache are among the input's, as the conventions have it. */
function tokens({ input, output, cacheRead, cacheWrite }: Usage): Attributes {
  return {
    'gen_ai.usage.input_tokens': input + cacheRead + cacheWrite,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.cache_read.input_tokens': cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': cacheWrite,
  };
}
