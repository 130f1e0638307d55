import {
  contactAnswer,
  demographicsAnswer,
  enrollmentAnswer,
  personAnswer,
  type PersonStory,
  roleAnswer,
} from '../client/person-answers.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { personLines } from '../view/person-lines.ts';

export const usersShowCommand: Command = {
  name: 'users show',
  summary: 'Show a person: account, roles, places in classes, contacts.',
  description: [
    'As the directory has them now, with what the source says beyond the properties of Microsoft Graph. Birth date, sex and the like are shown with --demographics alone, and only to an application that may read all of the roster.',
  ],
  arguments: [{ name: 'user', summary: 'The user principal name, or the id.' }],
  options: {
    demographics: { type: 'boolean', summary: 'Birth date, sex, and what else needs protection, too.' },
    inactive: { type: 'boolean', summary: 'What has ended, too, and people who are inactive.' },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'rollbook users show ada@students.contoso.com',
      summary: 'What is known of her, and where she is.',
    },
    { line: 'rollbook users show ada@students.contoso.com --inactive', summary: 'Where was she before?' },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const query = call.flag('inactive') ? '?includeInactive=true' : '';
      const named = `/api/v1/users/${encodeURIComponent(call.argument('user'))}${query}`;
      const user = await client.get(named, personAnswer);
      const path = (part: string): string => `/api/v1/users/${encodeURIComponent(user.id)}/${part}${query}`;
      const [roles, enrollments, contacts] = await Promise.all([
        client.list(path('roles'), roleAnswer),
        client.list(path('enrollments'), enrollmentAnswer),
        client.list(path('contacts'), contactAnswer),
      ]);
      const demographics = call.flag('demographics')
        ? { demographics: await client.get(path('demographics'), demographicsAnswer) }
        : {};
      const story: PersonStory = { user, roles, enrollments, contacts, ...demographics };
      call.view.result({ document: story, lines: personLines(story, call.view.paint) });
      return 'ok';
    }),
};
