/** The environment of a process of agents: a list of what is let in, so that no secret is, whatever its name. */

/** By which git and Node find themselves, the person's configuration of git, temporary files, and Weft's state. */
const LET_IN = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LD_LIBRARY_PATH',
  'XDG_CONFIG_HOME',
  'XDG_STATE_HOME',
  'WEFT_STATE_DIR',
  // What Windows needs to start anything.
  'USERNAME',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
]);

/** The same for every job: agents' commands get an environment of their own, from the host. */
export function processEnvironment(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(from)) {
    // Windows does not tell `Path` from `PATH`.
    const upper = name.toUpperCase();
    if (LET_IN.has(upper) || upper.startsWith('LC_')) environment[name] = value;
  }
  // VS Code's own executable is Node only if it is told to.
  return { ...environment, ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' };
}
