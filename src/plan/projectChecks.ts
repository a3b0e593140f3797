/** The checks that a project has, read from its own files: what a plan's `check` is chosen from, and held to. Pure. */
import * as z from 'zod';

/** A command that the project has, and where it says so. */
export interface ProjectCheck {
  readonly command: string;
  /** `package.json: mocha --parallel`, `Makefile`. */
  readonly from: string;
}

/** What is known of a project's commands. */
export interface ProjectCommands {
  /** What could check a change, the likeliest first. */
  readonly checks: readonly ProjectCheck[];
  /** Whether the project has what a command runs: its scripts, its targets, its tools, its files. */
  knows(command: string): boolean;
}

/** The names of the files whose text {@link projectCommands} reads, wherever they are. */
export const MANIFESTS: readonly string[] = ['package.json', 'Makefile', 'makefile', 'GNUmakefile', 'justfile', 'pyproject.toml'];

/** A kind of project: by which file it is known, which programs it brings, and how it is tested. */
interface Kind {
  readonly marker: RegExp;
  readonly programs: readonly string[];
  readonly checks: readonly string[];
}

const KINDS: readonly Kind[] = [
  { marker: /^Cargo\.toml$/, programs: ['cargo'], checks: ['cargo test'] },
  { marker: /^go\.mod$/, programs: ['go'], checks: ['go test ./...'] },
  { marker: /^(pom\.xml|mvnw)$/, programs: ['mvn', './mvnw'], checks: ['mvn -q test'] },
  { marker: /^(build|settings)\.gradle(\.kts)?$/, programs: ['gradle', './gradlew'], checks: ['./gradlew test'] },
  { marker: /\.(sln|slnx|csproj|fsproj)$/, programs: ['dotnet'], checks: ['dotnet test'] },
  { marker: /^Gemfile$/, programs: ['bundle', 'rake', 'rspec'], checks: [] },
  { marker: /^mix\.exs$/, programs: ['mix'], checks: ['mix test'] },
  { marker: /^Package\.swift$/, programs: ['swift'], checks: ['swift test'] },
  { marker: /^deno\.jsonc?$/, programs: ['deno'], checks: ['deno test'] },
  { marker: /^composer\.json$/, programs: ['composer', 'php', 'vendor/bin/phpunit'], checks: [] },
  { marker: /^CMakeLists\.txt$/, programs: ['cmake', 'ctest'], checks: [] },
  { marker: /^Taskfile\.ya?ml$/, programs: ['task'], checks: [] },
  {
    marker: /^(pyproject\.toml|setup\.(py|cfg)|tox\.ini|pytest\.ini|requirements[\w.-]*\.txt|conftest\.py)$/,
    programs: ['python', 'python3', 'pytest', 'tox', 'nox', 'ruff', 'mypy', 'pyright', 'uv', 'poetry', 'hatch'],
    checks: [],
  },
];

const PYTEST = 'python -m pytest -q';
/** What npm puts into a new package.json. */
const NO_TEST = /no test specified/;
const packageSchema = z.looseObject({
  scripts: z.record(z.string(), z.unknown()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
});
/** Names of scripts and targets that say that they check, the likeliest first. */
const CHECKING = ['test', 'tests', 'check', 'typecheck', 'type-check', 'types', 'lint', 'build'];

/** `files`: all of the workspace, as workspace paths; `texts`: what those of them hold that are called as {@link MANIFESTS}. */
export function projectCommands(files: readonly string[], texts: ReadonlyMap<string, string>): ProjectCommands {
  const known = {
    files: new Set(files),
    folders: foldersOf(files),
    scripts: new Set<string>(),
    bins: new Set<string>(),
    targets: new Set<string>(),
  };
  const checks: ProjectCheck[] = [];
  for (const [path, text] of texts) {
    const name = nameOf(path);
    const isTop = path === name;
    if (name === 'package.json') {
      const { scripts, bins } = packageOf(text);
      for (const one of bins) known.bins.add(one);
      for (const one of Object.keys(scripts)) known.scripts.add(one);
      if (isTop) checks.push(...scriptChecks(scripts, runnerOf(known.files)));
    } else if (name !== 'pyproject.toml') {
      const program = name === 'justfile' ? 'just' : 'make';
      const targets = targetsOf(text);
      for (const one of targets) known.targets.add(`${program} ${one}`);
      known.targets.add(program);
      if (isTop) checks.push(...inOrder(targets).map((one) => ({ command: `${program} ${one}`, from: name })));
    }
  }
  const programs = new Set<string>();
  for (const { marker, programs: own, checks: usual } of KINDS) {
    const found = files.find((path) => marker.test(nameOf(path)));
    if (found === undefined) continue;
    for (const program of own) programs.add(program);
    if (found === nameOf(found)) checks.push(...usual.map((command) => ({ command, from: found })));
  }
  if (programs.has('pytest') && hasPytest(files, texts)) checks.push({ command: PYTEST, from: 'its tests for pytest' });
  return { checks, knows: (command) => segmentsOf(command).every((words) => isKnown(words, { ...known, programs })) };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function foldersOf(files: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const file of files) for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) folders.add(file.slice(0, at));
  return folders;
}

/** Scripts, and the programs of packages that it depends on; none of what cannot be read. */
function packageOf(text: string): { scripts: Readonly<Record<string, unknown>>; bins: string[] } {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined;
  }
  const read = packageSchema.safeParse(data);
  if (!read.success) return { scripts: {}, bins: [] };
  const { scripts = {}, dependencies = {}, devDependencies = {} } = read.data;
  const names = [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  // Programs are mostly called as their package; TypeScript's and Playwright's are the known exceptions.
  const bins = names.map((name) => (name === 'typescript' ? 'tsc' : name === '@playwright/test' ? 'playwright' : nameOf(name)));
  return { scripts, bins };
}

function runnerOf(files: ReadonlySet<string>): string {
  if (files.has('pnpm-lock.yaml')) return 'pnpm';
  if (files.has('yarn.lock')) return 'yarn';
  return files.has('bun.lock') || files.has('bun.lockb') ? 'bun' : 'npm';
}

function scriptChecks(scripts: Readonly<Record<string, unknown>>, runner: string): ProjectCheck[] {
  return inOrder(Object.keys(scripts)).flatMap((name) => {
    const text = scripts[name];
    if (typeof text !== 'string' || NO_TEST.test(text)) return [];
    const command = name === 'test' && runner !== 'bun' ? `${runner} test` : `${runner} run ${name}`;
    return [{ command, from: `package.json: ${text.slice(0, 120)}` }];
  });
}

/** Those that check, the likeliest first; with what `:` adds to them, but for what watches and never ends. */
function inOrder(names: readonly string[]): string[] {
  const rank = (name: string) => CHECKING.indexOf(name.split(':')[0] ?? '');
  return names
    .filter((name) => rank(name) !== -1 && !/watch|:(fix|write|update)/.test(name))
    .sort((a, b) => rank(a) - rank(b) || a.length - b.length);
}

/** Of a makefile or a justfile. */
function targetsOf(text: string): string[] {
  const targets = [...text.matchAll(/^([A-Za-z0-9][\w.-]*(?:[ \t]+[A-Za-z0-9][\w.-]*)*)[^\n]*?:(?!=)/gm)];
  return [...new Set(targets.flatMap(([, names = '']) => names.split(/[ \t]+/)))];
}

function hasPytest(files: readonly string[], texts: ReadonlyMap<string, string>): boolean {
  if (files.some((path) => /^(pytest\.ini|conftest\.py)$/.test(nameOf(path)) || /^test_\w+\.py$|_test\.py$/.test(nameOf(path))))
    return true;
  return [...texts].some(([path, text]) => nameOf(path) === 'pyproject.toml' && text.includes('pytest'));
}

/** The commands of a line, each as its words, without variables set for it. */
function segmentsOf(command: string): string[][] {
  return command
    .split(/&&|\|\||[;|\n]/)
    .map((part) => part.trim().split(/\s+/))
    .map((words) => words.map((word) => word.replace(/^["']|["']$/g, '')))
    .map((words) => words.slice(words.findIndex((word) => !/^\w+=/.test(word))))
    .filter(([first = '']) => first !== '');
}

interface Known {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  readonly scripts: ReadonlySet<string>;
  readonly bins: ReadonlySet<string>;
  readonly targets: ReadonlySet<string>;
  readonly programs: ReadonlySet<string>;
}

function isKnown([program = '', ...rest]: readonly string[], known: Known): boolean {
  const words = rest.filter((word) => !word.startsWith('-'));
  const [first = '', second = ''] = words;
  switch (program) {
    case 'cd':
      return first === '.' || known.folders.has(first.replace(/^\.\//, '').replace(/\/$/, ''));
    case 'npm':
    case 'pnpm':
    case 'yarn':
    case 'bun':
      // Of options that take a value, the value stands among the words.
      return words.some((word) => known.scripts.has(word === 't' ? 'test' : word)) || known.bins.has(first === 'exec' ? second : first);
    case 'npx':
    case 'bunx':
      return known.bins.has(first);
    case 'make':
    case 'just':
      return words.length === 0 ? known.targets.has(program) : words.some((word) => known.targets.has(`${program} ${word}`));
    default:
      return known.programs.has(program) || [program, ...rest].some((word) => known.files.has(word.replace(/^\.\//, '')));
  }
}
