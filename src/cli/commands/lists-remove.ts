import { EXTENDABLE_LISTS } from '#core/roster/reference-lists.ts';

import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { findValue, listNamed, valuePath } from '../reference-lists.ts';
import { printable } from '../view/format.ts';

export const listsRemoveCommand: Command = {
  name: 'lists remove',
  summary: 'Remove a value of your own from a list, or disable one of the list.',
  description: [
    'The next run of each profile checks its files without it; what the directory has stays until then.',
  ],
  arguments: [
    { name: 'list', summary: `${EXTENDABLE_LISTS.join(', ')}.` },
    { name: 'code', summary: 'The code of the value: rollbook lists --list NAME.' },
  ],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook lists remove grades 13', summary: 'There is no such grade here.' }],
  exits: ['unreachable'],
  run(call) {
    const list = listNamed(call.argument('list'), EXTENDABLE_LISTS);
    const code = call.argument('code');
    return withConnection(call, { mayCreate: false }, async ({ client }) => {
      const known = await findValue(client, list, code);
      const path = valuePath(list, code);
      const isDefault = known?.origin === 'default';
      if (isDefault) await client.send({ method: 'PUT', path, body: { enabled: false } });
      // What is not there the service says.
      else await client.send({ method: 'DELETE', path });
      call.view.result({
        document: isDefault ? { disabled: { list, code } } : { removed: { list, code } },
        lines: [`${isDefault ? 'Disabled' : 'Removed'}: ${printable(known?.code ?? code)} in ${list}.`],
      });
      return 'ok';
    });
  },
};
