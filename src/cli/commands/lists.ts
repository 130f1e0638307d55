import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { listAnswer, listNamed, LISTS_PATH } from '../reference-lists.ts';
import { formatCount, printable } from '../view/format.ts';
import { textTable } from '../view/text-table.ts';

export const listsCommand: Command = {
  name: 'lists',
  summary: 'Show the lists of values that columns may have: grades, roles, subjects, ...',
  description: [],
  arguments: [],
  options: {
    list: {
      type: 'string',
      value: '<name>',
      summary: 'The values of this list. Default: all lists, without values.',
    },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook lists', summary: 'Which lists there are, and which can be changed.' },
    { line: 'rollbook lists --list grades', summary: 'The grades.' },
    { line: 'rollbook lists --json > lists.json', summary: 'For rollbook validate --lists.' },
  ],
  exits: ['unreachable'],
  run(call) {
    const name = call.option('list');
    const only = name === undefined ? null : listNamed(name);
    return withConnection(call, { mayCreate: false }, async ({ client }) => {
      const all = await client.list(LISTS_PATH, listAnswer);
      const lists = only === null ? all : all.filter(({ id }) => id === only);
      const right = { align: 'right' as const };
      call.view.result({
        document: { lists },
        lines:
          only === null
            ? textTable(
                [
                  { title: 'list' },
                  { title: 'title' },
                  { title: 'values', ...right },
                  { title: 'own', ...right },
                  { title: 'disabled', ...right },
                  { title: 'can be changed' },
                ],
                lists.map(({ id, title, values, extendable }) => [
                  id,
                  title,
                  formatCount(values.filter(({ enabled }) => enabled).length),
                  formatCount(values.filter(({ origin }) => origin === 'own').length),
                  formatCount(values.filter(({ enabled }) => !enabled).length),
                  extendable ? 'yes' : 'no',
                ]),
              )
            : textTable(
                [{ title: 'code' }, { title: 'title' }, { title: '' }],
                lists.flatMap(({ values }) =>
                  values.map(({ code, title, origin, enabled }) => [
                    printable(code),
                    printable(title),
                    origin === 'own' ? 'own' : enabled ? '' : 'disabled',
                  ]),
                ),
              ),
      });
      return 'ok';
    });
  },
};
