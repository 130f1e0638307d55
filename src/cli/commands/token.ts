import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';

export const tokenCommand: Command = {
  name: 'token',
  summary: 'Print an access token, for curl and scripts.',
  description: ['The token is a secret; it is valid for about an hour. Needs a Rollbook that runs.'],
  arguments: [],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'curl -H "Authorization: Bearer $(rollbook token)" http://localhost:8080/v1.0/education/users',
      summary: 'Call the API by hand.',
    },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false, mayStart: false }, async ({ client }) => {
      const token = await client.token();
      call.view.result({
        document: { access_token: token, token_type: 'Bearer', address: client.address },
        lines: [token],
      });
      return 'ok';
    }),
};
