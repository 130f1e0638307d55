import type { CreatedAnswer } from './client/answers.ts';

/** The credentials of a new application, ready for ROLLBOOK_... or a credentials file. */
export function secretLines(made: CreatedAnswer): string[] {
  return [
    `  tenantId      ${made.tenantId}`,
    `  clientId      ${made.clientId}`,
    `  clientSecret  ${made.clientSecret}`,
    'The secret is shown this once and kept nowhere: store it now.',
  ];
}
