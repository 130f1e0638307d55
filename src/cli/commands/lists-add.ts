import { EXTENDABLE_LISTS } from '#core/roster/reference-lists.ts';

import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { findValue, listNamed, valueAnswer, valuePath } from '../reference-lists.ts';
import { printable } from '../view/format.ts';

export const listsAddCommand: Command = {
  name: 'lists add',
  summary: 'Add a value to a list, or enable one that was disabled.',
  description: [
    'The next run of each profile checks its files against it. A value that is there already gets the title.',
  ],
  arguments: [
    { name: 'list', summary: `${EXTENDABLE_LISTS.join(', ')}.` },
    { name: 'code', summary: 'What stands in the files; letter case does not matter.' },
  ],
  options: { title: { type: 'string', value: '<text>', summary: 'What people read. Default: the code.' } },
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook lists add grades 5a --title "Class 5a"', summary: 'A grade of your own.' }],
  exits: ['unreachable'],
  run(call) {
    const list = listNamed(call.argument('list'), EXTENDABLE_LISTS);
    const code = call.argument('code');
    const title = call.option('title');
    return withConnection(call, { mayCreate: true }, async ({ client }) => {
      const known = await findValue(client, list, code);
      const isDefault = known?.origin === 'default';
      if (isDefault && title !== undefined)
        throw new UsageError(`${known.code} is a value of the list: its title cannot be changed.`);
      const body = isDefault ? { enabled: true } : { title: title ?? known?.title ?? code };
      const path = valuePath(list, code);
      const value = checked(valueAnswer, await client.send({ method: 'PUT', path, body }), path);
      const done = isDefault
        ? known.enabled
          ? 'There already'
          : 'Enabled'
        : known === undefined
          ? 'Added'
          : 'Changed';
      call.view.result({
        document: { list, value },
        lines: [`${done}: ${printable(value.code)} (${printable(value.title)}) in ${list}.`],
      });
      return 'ok';
    });
  },
};
