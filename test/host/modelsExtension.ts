/** A second extension beside Weft, which brings models into VS Code: what they say is told by the test, through this extension's API. */
import * as vscode from 'vscode';

export interface Heard {
  readonly model: string;
  readonly messages: readonly vscode.LanguageModelChatRequestMessage[];
  readonly tools: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly token: vscode.CancellationToken;
}

type Say = (part: vscode.LanguageModelResponsePart) => void;

export interface ModelsApi {
  /** What was asked so far. */
  readonly heard: Heard[];
  /** Says what the models answer from now on; until then, and again with undefined, there are none. */
  answer(answer: ((heard: Heard, say: Say) => Promise<void>) | undefined): void;
}

const MODELS = [
  { id: 'large-1', name: 'Large', family: 'large', maxInputTokens: 200_000 },
  { id: 'small-1', name: 'Small', family: 'small', maxInputTokens: 8000 },
  { id: 'small-2', name: 'Small, Preview', family: 'small', maxInputTokens: 8000 },
].map((one) => ({ ...one, version: '1', maxOutputTokens: 4000, capabilities: { toolCalling: true, imageInput: true } }));

export function activate(context: vscode.ExtensionContext): ModelsApi {
  const heard: Heard[] = [];
  const changed = new vscode.EventEmitter<void>();
  let answered: ((heard: Heard, say: Say) => Promise<void>) | undefined;
  const provider: vscode.LanguageModelChatProvider = {
    onDidChangeLanguageModelChatInformation: changed.event,
    provideLanguageModelChatInformation: () => (answered === undefined ? [] : MODELS),
    async provideLanguageModelChatResponse(model, messages, { tools = [], modelOptions = {} }, progress, token) {
      const one = { model: model.id, messages, tools: tools.map(({ name }) => name), options: modelOptions, token };
      heard.push(one);
      await answered?.(one, (part) => progress.report(part));
    },
    provideTokenCount: async (_model, text) => (typeof text === 'string' ? text.length : 1),
  };
  context.subscriptions.push(changed, vscode.lm.registerLanguageModelChatProvider('weft-test', provider));
  return {
    heard,
    answer: (answer) => {
      answered = answer;
      changed.fire();
    },
  };
}
