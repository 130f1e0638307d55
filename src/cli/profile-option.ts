import type { OptionDefinition } from './command.ts';

export const PROFILE_OPTION: Readonly<Record<string, OptionDefinition>> = {
  profile: {
    type: 'string',
    value: '<name or id>',
    summary: 'The profile; not needed when there is only one.',
  },
};
