import { runStoryAnswer } from '../client/answers.ts';
import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { resolveRunId } from '../find-run.ts';
import { runStoryLines } from '../view/run-story-lines.ts';

export const runCommand: Command = {
  name: 'run',
  summary: 'Tell the whole story of one run.',
  description: [
    'Who asked for it and who accepted it, what happened when, what it changed, why it waits, what was wrong in which file, and what became of the files.',
  ],
  arguments: [{ name: 'id', summary: 'The id of the run, the first 8 characters of it or more, or latest.' }],
  options: {
    profile: { type: 'string', value: '<name or id>', summary: 'With latest: of this profile.' },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook run latest', summary: 'What happened last.' },
    { line: 'rollbook run 0199a3b2-1c4d', summary: 'A run that rollbook runs lists.' },
    { line: 'rollbook run latest --profile contoso --json', summary: 'For a script.' },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const id = await resolveRunId(client, call.argument('id'), call.option('profile'));
      const path = `/api/v1/runs/${id}`;
      const document = await client.send({ method: 'GET', path });
      const story = checked(runStoryAnswer, document, path);
      call.view.result({ document, lines: runStoryLines(story, call.view.paint) });
      return 'ok';
    }),
};
