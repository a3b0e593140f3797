/** The models that other extensions bring into the editor, as Weft asks them. */
import * as vscode from 'vscode';
import { never, thrownText } from '../../domain/failure';
import {
  EDITOR_PREFIX,
  type EditorAsk,
  type EditorContent,
  EditorError,
  type EditorModel,
  type EditorPart,
  type EditorSaid,
  type EditorTrouble,
} from '../../model/editor/editor';

const JUSTIFICATION = 'Weft’s agents use it to work on the tasks that you dispatch.';
const NO_IMAGES = '(Here was an image, which this version of VS Code cannot show to a model.)';

/** All models that are there now. Extensions that bring some are started for it. */
export async function languageModels(): Promise<readonly vscode.LanguageModelChat[]> {
  return vscode.lm.selectChatModels();
}

/** The name by which Weft knows a model, among all that are there. */
export function nameOf(model: vscode.LanguageModelChat, all: readonly vscode.LanguageModelChat[]): string {
  const { vendor, family, id } = model;
  const isOnly = all.filter((one) => one.vendor === vendor && one.family === family).length === 1;
  return EDITOR_PREFIX + (isOnly ? `${vendor}/${family}` : id);
}

/** The model of that name, as it is now; undefined where there is none. */
export async function languageModel(name: string): Promise<EditorModel | undefined> {
  const chat = await languageModelChat(name);
  return (
    chat && {
      ask: (ask, signal) => said(chat, ask, signal),
      countTokens: async (text) => chat.countTokens(text),
    }
  );
}

/** Whether a model can be asked though the person did nothing to begin it: VS Code asks for leave where there is none, and that only a person's act may bring up. */
export async function mayAskUnbidden({ languageModelAccessInformation: access }: vscode.ExtensionContext, name: string): Promise<boolean> {
  if (!name.startsWith(EDITOR_PREFIX)) return true;
  const chat = await languageModelChat(name);
  return chat !== undefined && access.canSendRequest(chat) === true;
}

async function languageModelChat(name: string): Promise<vscode.LanguageModelChat | undefined> {
  const all = await languageModels();
  const wanted = name.slice(EDITOR_PREFIX.length);
  return all.find(({ vendor, family }) => `${vendor}/${family}` === wanted) ?? all.find(({ id }) => id === wanted);
}

async function* said(chat: vscode.LanguageModelChat, ask: EditorAsk, signal: AbortSignal): AsyncGenerator<EditorSaid, void> {
  const source = new vscode.CancellationTokenSource();
  const cancel = () => source.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    const response = await chat.sendRequest(ask.messages.map(messageOf), optionsOf(ask), source.token);
    for await (const part of response.stream) {
      signal.throwIfAborted();
      if (part instanceof vscode.LanguageModelTextPart) {
        if (part.value !== '') yield { kind: 'text', text: part.value };
      } else if (part instanceof vscode.LanguageModelToolCallPart) {
        yield { kind: 'call', id: part.callId, name: part.name, input: part.input };
      }
    }
    // A stream that was cancelled may just end.
    signal.throwIfAborted();
  } catch (thrown) {
    signal.throwIfAborted();
    throw new EditorError(troubleOf(thrown), textOf(thrown));
  } finally {
    signal.removeEventListener('abort', cancel);
    // Whoever stops reading wants no more of it.
    source.cancel();
    source.dispose();
  }
}

function optionsOf({ tools, mustCall, maxTokens }: EditorAsk): vscode.LanguageModelChatRequestOptions {
  return {
    justification: JUSTIFICATION,
    ...(maxTokens === undefined ? {} : { modelOptions: { max_tokens: maxTokens } }),
    ...(tools.length === 0 ? {} : { tools: [...tools] }),
    ...(mustCall ? { toolMode: vscode.LanguageModelChatToolMode.Required } : {}),
  };
}

function messageOf({ role, parts }: EditorAsk['messages'][number]): vscode.LanguageModelChatMessage {
  const { User, Assistant } = vscode.LanguageModelChatMessageRole;
  return new vscode.LanguageModelChatMessage(role === 'user' ? User : Assistant, parts.map(partOf));
}

function partOf(part: EditorPart): vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart | vscode.LanguageModelToolResultPart {
  switch (part.kind) {
    case 'text':
    case 'image':
      return contentOf(part);
    case 'call':
      return new vscode.LanguageModelToolCallPart(part.id, part.name, part.input);
    case 'result':
      return new vscode.LanguageModelToolResultPart(part.call, part.content.map(contentOf));
    default:
      return never(part);
  }
}

function contentOf(content: EditorContent): vscode.LanguageModelTextPart {
  if (content.kind === 'text') return new vscode.LanguageModelTextPart(content.text);
  return vscode.LanguageModelDataPart?.image(content.data, content.mediaType) ?? new vscode.LanguageModelTextPart(NO_IMAGES);
}

/** VS Code has three codes; whoever brings the model says the rest in codes and words of its own. */
function troubleOf(thrown: unknown): EditorTrouble {
  const code = thrown instanceof vscode.LanguageModelError ? thrown.code : '';
  const words = `${code} ${thrown instanceof Error ? thrown.name : ''} ${textOf(thrown)}`;
  if (code === vscode.LanguageModelError.NoPermissions.name) return 'denied';
  if (code === vscode.LanguageModelError.NotFound.name) return 'gone';
  if (/quota|rate.?limit|too many requests|\b429\b/i.test(words)) return 'limit';
  if (/(token|context|prompt|message)\b.*\b(limit|exceed\w*|too long|too large)/i.test(words)) return 'long';
  if (code === vscode.LanguageModelError.Blocked.name || /off.?topic|content.?filter|responsible ai/i.test(words)) return 'blocked';
  return /failed:? 4\d\d\b/i.test(words) ? 'refused' : 'failed';
}

function textOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrownText(thrown.cause) : '';
  const text = thrownText(thrown) || 'It gave no reason';
  return cause === '' || text.includes(cause) ? text : `${text}: ${cause}`;
}
