/** What needs the SDK of the Model Context Protocol: a bundle of its own, loaded when a workspace has servers that agents may use. */
export { openServers } from './servers';
