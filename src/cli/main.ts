import { BugError } from '#lib/assert.ts';
import { OperationalError } from '#lib/errors.ts';
import { SettingsError } from '#core/resolve-settings.ts';

import type { CliDeps } from './cli-deps.ts';
import type { CliIo } from './cli-io.ts';
import { ApiError } from './client/api-error.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_CODES, exitNameOf, InterruptedError, UsageError } from './exit-codes.ts';
import { commandHelp, overviewHelp } from './help.ts';
import { nearestWord } from './nearest-word.ts';
import { parseCall, type ParsedCall } from './parse-call.ts';
import { optionsOf } from './shared-options.ts';
import { paintFor, safeLine } from './view/paint.ts';
import { PROGRESS_MODES, type ProgressMode } from './view/progress-meter.ts';
import { humanView, jsonView, type View } from './view/view.ts';

/**
 * Runs one command line (without `node` and the script) and returns the exit code. Never throws: what goes wrong is said on
 * stderr, and with --json as `{"error": ...}` on stdout too.
 */
export async function runCli(argv: readonly string[], io: CliIo, deps: CliDeps): Promise<number> {
  const wantsJson = argv.includes('--json');
  try {
    return await runWords(argv, io, deps);
  } catch (error) {
    // A script that asks for plan --exit-code takes 2 for "there are changes".
    const exit = argv.includes('--exit-code') && errorExit(error) === 'usage' ? 'failure' : errorExit(error);
    showError(io, error, wantsJson, EXIT_CODES[exit].code);
    return EXIT_CODES[exit].code;
  }
}

async function runWords(argv: readonly string[], io: CliIo, deps: CliDeps): Promise<number> {
  const first = argv[0];
  if (first === '--version' || first === 'version' || first === '-v') {
    io.stdout.write(`rollbook ${deps.version}\n`);
    return EXIT_CODES.ok.code;
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help')
    return showHelp(argv.slice(1), io);
  const { command, words } = findCommand(argv);
  const parsed = parseCall(
    command,
    optionsOf(command),
    words.map((word) => (word === '-h' ? '--help' : word)),
  );
  if (parsed.flag('help')) {
    io.stdout.write(commandHelp(command));
    return EXIT_CODES.ok.code;
  }
  const view = viewOf(parsed, io, deps);
  try {
    return EXIT_CODES[await command.run({ ...parsed, io, deps, view })].code;
  } finally {
    view.progressDone();
  }
}

/** The command that the first one or two words name, and the words behind them. Throws UsageError. */
function findCommand(argv: readonly string[]): { command: Command; words: readonly string[] } {
  for (const length of [2, 1]) {
    const name = argv.slice(0, length).join(' ');
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (command) return { command, words: argv.slice(length) };
  }
  const [first = '', second = ''] = argv;
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (family.length > 0) throw new UsageError(`rollbook ${first} is one of: ${family.join(', ')}.`);
  const names = COMMANDS.map(({ name }) => name);
  const near = nearestWord(first, names) ?? nearestWord(`${first} ${second}`, names);
  throw new UsageError(
    `There is no command '${first}'. ${near === null ? 'rollbook help lists them.' : `Did you mean rollbook ${near}?`}`,
  );
}

function showHelp(words: readonly string[], io: CliIo): number {
  const names = words.filter((word) => !word.startsWith('-'));
  if (names.length === 0) io.stdout.write(overviewHelp(COMMANDS));
  else io.stdout.write(commandHelp(findCommand(names).command));
  return EXIT_CODES.ok.code;
}

function viewOf(parsed: ParsedCall, io: CliIo, deps: CliDeps): View {
  const options = {
    json: parsed.flag('json'),
    quiet: parsed.flag('quiet'),
    progress: progressMode(parsed.option('progress')),
  };
  return options.json ? jsonView(io, deps.system, options) : humanView(io, deps.system, options);
}

function progressMode(option: string | undefined): ProgressMode {
  if (option === undefined) return 'auto';
  const mode = PROGRESS_MODES.find((candidate) => candidate === option);
  if (mode === undefined)
    throw new UsageError(`--progress '${option}' is none of ${PROGRESS_MODES.join(', ')}.`);
  return mode;
}

function errorExit(error: unknown): keyof typeof EXIT_CODES {
  return error instanceof SettingsError ? 'usage' : exitNameOf(error);
}

/** People read what happened and what to do; a stack only when it is a bug of ours. */
function showError(io: CliIo, error: unknown, json: boolean, exitCode: number): void {
  const paint = paintFor(io, io.stderr);
  const text = error instanceof InterruptedError ? error.message : `${paint.red('Error:')} ${textOf(error)}`;
  io.stderr.write(
    text
      .split('\n')
      .map((line) => `${safeLine(line)}\n`)
      .join(''),
  );
  if (!json) return;
  const document = {
    error: {
      code: codeOf(error),
      message: isSystemError(error) ? textOf(error) : error instanceof Error ? error.message : String(error),
      ...(error instanceof ApiError
        ? { status: error.status, requestId: error.requestId, target: error.target }
        : {}),
    },
    exitCode,
  };
  io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** What to do about a refusal of the system, behind its own words, which do not say. */
const SYSTEM_REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: '. The disk is full: make room; rollbook doctor says where.',
  EDQUOT: '. The quota of this user is used up: make room, or have it raised; rollbook doctor says where.',
  EROFS: '. The disk is mounted for reading alone: mount it for writing, or name another place.',
  EACCES:
    '. Run it as the user that it belongs to, or give it to this one; rollbook doctor says what it is about.',
  EMFILE: '. Too many files are open: raise the limit ("ulimit -n"); rollbook doctor says what it is.',
};

function textOf(error: unknown): string {
  if (error instanceof ApiError) {
    const facts = [error.code, error.requestId === null ? '' : `request ${error.requestId}`];
    return `${error.message} (${facts.filter((fact) => fact !== '').join(', ')})`;
  }
  if (error instanceof OperationalError) return error.message;
  if (isSystemError(error)) return `${error.message}${SYSTEM_REMEDIES[error.code] ?? ''}`;
  return `This is a bug in Rollbook: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function codeOf(error: unknown): string {
  return error instanceof OperationalError || isSystemError(error) ? error.code : 'InternalError';
}

/** The system refused something: a full disk, a file that belongs to somebody else. */
function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    !(error instanceof BugError) &&
    'syscall' in error &&
    'code' in error &&
    typeof error.code === 'string'
  );
}
