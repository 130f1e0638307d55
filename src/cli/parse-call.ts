import { parseArgs } from 'node:util';

import { assert, must } from '#lib/assert.ts';

import type { Command, OptionDefinition } from './command.ts';
import { UsageError } from './exit-codes.ts';
import { nearestWord } from './nearest-word.ts';

/** A command line taken apart, before there is anything to work with. */
export interface ParsedCall {
  argument(name: string): string;
  option(name: string): string | undefined;
  options(name: string): readonly string[];
  flag(name: string): boolean;
  readonly given: Readonly<Record<string, string>>;
}

/** Takes the words after the command's name apart. Throws UsageError that says what is wrong with which word. */
export function parseCall(
  command: Command,
  options: Readonly<Record<string, OptionDefinition>>,
  words: readonly string[],
): ParsedCall {
  const { values, positionals, tokens } = parse(command, options, words);
  const missing = command.arguments[positionals.length];
  if (missing && values['help'] !== true)
    throw new UsageError(`rollbook ${command.name} needs <${missing.name}>: ${missing.summary}`);
  const surplus = positionals[command.arguments.length];
  if (surplus !== undefined)
    throw new UsageError(`'${surplus}' is one argument too many for rollbook ${command.name}.`);
  for (const name of Object.keys(values)) {
    const times = tokens.filter((token) => token.kind === 'option' && token.name === name).length;
    if (times > 1 && options[name]?.multiple !== true)
      throw new UsageError(`--${name} is given ${times} times.`);
  }
  const known = (name: string): void => assert(name in options, `rollbook ${command.name} has no --${name}`);
  return {
    argument: (name) =>
      must(
        positionals[command.arguments.findIndex((argument) => argument.name === name)],
        `no argument ${name}`,
      ),
    option(name) {
      const value = values[name];
      return typeof value === 'string' ? value : undefined;
    },
    options(name) {
      known(name);
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    flag: (name) => values[name] === true,
    given: Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
  };
}

function parse(
  command: Command,
  options: Readonly<Record<string, OptionDefinition>>,
  words: readonly string[],
): {
  values: Record<string, unknown>;
  positionals: string[];
  tokens: readonly { kind: string; name?: string }[];
} {
  try {
    return parseArgs({
      args: [...words],
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, multiple }]) => [
          name,
          { type, multiple: multiple === true },
        ]),
      ),
      allowPositionals: true,
      tokens: true,
      strict: true,
    });
  } catch (error) {
    throw new UsageError(usageMessage(command, options, error));
  }
}

/** What parseArgs refuses, in our words. */
function usageMessage(
  command: Command,
  options: Readonly<Record<string, OptionDefinition>>,
  error: unknown,
): string {
  const text = error instanceof Error ? error.message : String(error);
  const name = /'(?:-\w, )?--?([\w-]+)/u.exec(text)?.[1];
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (name !== undefined && code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const near = nearestWord(name, Object.keys(options));
    return `rollbook ${command.name} has no option --${name}.${near === null ? '' : ` Did you mean --${near}?`}`;
  }
  if (name !== undefined && options[name]?.type === 'string')
    return `--${name} needs a value: --${name} ${options[name].value ?? '<value>'}.`;
  if (name !== undefined && options[name]?.type === 'boolean') return `--${name} takes no value.`;
  return text;
}
