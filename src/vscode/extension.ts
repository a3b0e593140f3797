/** Where the extension begins: wires what Weft is made of to VS Code, one feature a line. */
import type { ExtensionContext } from 'vscode';

export function activate(_context: ExtensionContext): void {}
