import type { Command } from '../command.ts';

/** Only its place in the table: main.ts answers it, since it takes any words. */
export const helpCommand: Command = {
  name: 'help',
  summary: 'Print all commands, or the help of one: rollbook help sync.',
  description: [],
  arguments: [],
  options: {},
  shared: [],
  examples: [{ line: 'rollbook help sync', summary: 'The same as rollbook sync --help.' }],
  exits: [],
  run: async () => 'ok',
};
