/** The person's environment, as far as programs that Weft starts may know it. */

/**
 * Names whose values are secrets, by the habits of those who name them, and what lets a process speak as the person or as their editor.
 * A list of what is taken out, not of what is let in: tool chains find themselves by variables that nobody can list
 * (JAVA_HOME, GOPATH, VIRTUAL_ENV, NVM_DIR …), and without them hardly any check would run.
 */
const SECRET =
  /(^|_)(TOKENS?|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|PASS|CREDENTIALS?|CREDS|KEYS?|APIKEY|AUTH|BEARER|JWT|COOKIE|DSN|PAT|WEBHOOK|CONNECTION_?STRING)($|_)|(PASSWORD|TOKEN|SECRET|APIKEY|.PWD|SSHPASS)$|^(SSH_|GPG_|VSCODE_|ELECTRON_|GIT_|npm_|WEFT_|ANTHROPIC_|DBUS_|XAUTHORITY$)/i;
/** Addresses with a password in them, and keys by their shape, whatever their names are. */
const SECRET_VALUE =
  /\/\/[^/\s:@]*:[^/\s@]+@|\b(sk-[a-z]+-|sk-\w{20}|[rs]k_live_|AIza\w|hf_\w{20}|npm_\w{20}|SG\.[\w-]{20}|eyJ[\w-]+\.eyJ|gh[pousr]_|github_pat_|glpat-|xox[abpr]-|AKIA[0-9A-Z]{12})|-----BEGIN |\bAccountKey=/;

export function withoutSecrets(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && !SECRET.test(name) && !SECRET_VALUE.test(value)) environment[name] = value;
  }
  return environment;
}
