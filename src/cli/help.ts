import { EXIT_CODES, type ExitName } from './exit-codes.ts';
import type { Command } from './command.ts';
import { optionGroups, type OptionGroup } from './shared-options.ts';
import { wrap } from './view/format.ts';

const WIDTH = 100;
const TITLE = 'Rollbook: School Data Sync that a school authority runs itself.';

/** `rollbook help`: all commands in one screen. */
export function overviewHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return joined([
    TITLE,
    '',
    'Usage: rollbook <command> [options]',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Help on one of them: rollbook <command> --help, or rollbook help <command>.',
    '',
    'Exit codes:',
    ...exitLines(Object.keys(EXIT_CODES) as ExitName[]),
  ]);
}

/** `rollbook <command> --help`. */
export function commandHelp(command: Command): string {
  return joined([
    command.summary,
    '',
    `Usage: ${usageOf(command)}`,
    ...command.description.flatMap((paragraph) => ['', ...wrap(paragraph, WIDTH)]),
    ...(command.arguments.length === 0
      ? []
      : [
          '',
          'Arguments:',
          ...definitions(command.arguments.map(({ name, summary }) => [`<${name}>`, summary])),
        ]),
    ...optionGroups(command).flatMap(groupLines),
    ...(command.examples.length === 0
      ? []
      : [
          '',
          'Examples:',
          ...command.examples.flatMap(({ line, summary }) => [`  ${line}`, `      ${summary}`]),
        ]),
    '',
    'Exit codes:',
    ...exitLines(exitsOf(command)),
  ]);
}

export function usageOf(command: Command): string {
  return ['rollbook', command.name, ...command.arguments.map(({ name }) => `<${name}>`), '[options]'].join(
    ' ',
  );
}

/** The codes that a command may end with, in the order of the table. */
export function exitsOf(command: Command): ExitName[] {
  const names: readonly ExitName[] = ['ok', 'failure', 'usage', 'interrupted', ...command.exits];
  return (Object.keys(EXIT_CODES) as ExitName[]).filter((name) => names.includes(name));
}

export function optionTerm(name: string, value: string | undefined): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

function groupLines({ title, note, options, unlisted }: OptionGroup): string[] {
  const terms = Object.entries(options).map(([name, { value, summary }]): readonly [string, string] => [
    optionTerm(name, value),
    summary,
  ]);
  return [
    '',
    `${title}:`,
    ...(note === null ? [] : wrap(note, WIDTH, '  ')),
    ...(unlisted ? [] : definitions(terms)),
  ];
}

/** Terms at the left, their sentences at the right, wrapped. */
function definitions(terms: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(30, Math.max(...terms.map(([term]) => term.length)));
  const indent = ' '.repeat(width + 4);
  return terms.flatMap(([term, summary]) => {
    const lines = wrap(summary, WIDTH, indent);
    const first = lines[0]?.trimStart() ?? '';
    return term.length > width
      ? [`  ${term}`, ...lines]
      : [`  ${term.padEnd(width)}  ${first}`, ...lines.slice(1)];
  });
}

function exitLines(names: readonly ExitName[]): string[] {
  return definitions(names.map((name) => [String(EXIT_CODES[name].code), EXIT_CODES[name].meaning]));
}

function joined(lines: readonly string[]): string {
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
