/** What newer versions of VS Code have than the oldest one that Weft runs in, by whose types the code is checked. */
declare module 'vscode' {
  /** An image as a part of a message to a language model; undefined where VS Code has none. */
  export const LanguageModelDataPart: { image(data: Uint8Array, mediaType: string): LanguageModelTextPart } | undefined;
}
