import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { exitsOf, optionTerm, usageOf } from './help.ts';
import { optionGroups } from './shared-options.ts';

/** Beside the settings of the service. */
const ENVIRONMENT = [
  [
    '`ROLLBOOK_URL`',
    'the address of the service, as `--url`; `--data-dir` on the command line is meant more',
  ],
  [
    '`ROLLBOOK_TENANT`, `ROLLBOOK_CLIENT_ID`, `ROLLBOOK_CLIENT_SECRET`',
    'who signs in: all three or none; `--credentials` is meant more',
  ],
  ['`NODE_EXTRA_CA_CERTS`', 'a PEM file with certificates to trust beside those of the system'],
  ['`NO_COLOR`', 'with any value: no colours on a terminal'],
] as const;

/** docs/guide/cli.md, from the table of commands; scripts/docs.ts writes it and CI compares. */
export function cliGuidePage(): string {
  const lines = [
    '# The command line',
    '',
    '<!-- Generated from src/cli/commands.ts by `npm run docs`; do not edit. -->',
    '',
    'In a checkout, `npm run -s rollbook -- <command>` stands for `rollbook <command>`.',
    '',
    'Every command but `serve`, `validate`, `config`, `doctor`, `backup`, `restore` and `help` is a client of the HTTP API: of the service at',
    '`--url`, else of the one that runs on the data directory, else of one that it starts itself for as long as it takes.',
    '',
    '| variable of the environment | what commands take from it |',
    '|---|---|',
    ...ENVIRONMENT.map(([name, what]) => `| ${name} | ${what} |`),
    '',
    '| command | what it does |',
    '|---|---|',
    ...COMMANDS.map(({ name, summary }) => `| [\`${name}\`](#${anchor(name)}) | ${cell(summary)} |`),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${cell(meaning)} |`),
    '',
    ...COMMANDS.flatMap(commandSection),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function commandSection(command: Command): string[] {
  return [
    `## ${command.name}`,
    '',
    command.summary,
    '',
    '```text',
    usageOf(command),
    '```',
    '',
    ...command.description.flatMap((paragraph) => [paragraph, '']),
    ...command.arguments.flatMap(({ name, summary }) => [`- \`<${name}>\`: ${summary}`, '']),
    ...optionGroups(command).flatMap(({ title, note, options, unlisted }) => [
      `**${title}**${note === null ? '' : `: ${note}`}`,
      '',
      ...Object.entries(unlisted ? {} : options).map(
        ([name, { value, summary }]) => `- \`${optionTerm(name, value)}\`: ${summary}`,
      ),
      '',
    ]),
    ...(command.examples.length === 0
      ? []
      : [
          '**Examples**',
          '',
          '```sh',
          ...command.examples.flatMap(({ line, summary }) => [`# ${summary}`, line]),
          '```',
          '',
        ]),
    `Exit codes: ${exitsOf(command)
      .map((name) => EXIT_CODES[name].code)
      .join(', ')}.`,
    '',
  ];
}

function anchor(name: string): string {
  return name.replaceAll(' ', '-');
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
