import type { AcceptedDomains } from '#core/users/accepted-domains.ts';

import type { ProfileAnswer } from './client/answers.ts';
import type { CommandCall, OptionDefinition } from './command.ts';
import { UsageError } from './exit-codes.ts';

/** Options of `sync` and `profile create` that say how people of the roster become users. */
export const IDENTITY_OPTIONS: Readonly<Record<string, OptionDefinition>> = {
  'create-users': {
    type: 'string',
    value: '<domain>',
    summary:
      'Create users: <Username>@students.<domain> for students, <Username>@<domain> for teachers. Default: <profile>.example.',
  },
  'student-domain': {
    type: 'string',
    value: '<domain>',
    summary: 'Create users, students in this domain.',
  },
  'teacher-domain': {
    type: 'string',
    value: '<domain>',
    summary: 'Create users, teachers in this domain.',
  },
  match: {
    type: 'string',
    value: '<rule>',
    multiple: true,
    summary:
      'Link users that exist instead of creating them: [student:|teacher:]<column>=<property>[@<domain>], for instance Username=userPrincipalName@contoso.com.',
  },
};

/** Of `validate` and `profile create`: the profile keeps it among its settings. */
export const ACCEPT_DOMAIN_OPTION: Readonly<Record<string, OptionDefinition>> = {
  'accept-domain': {
    type: 'string',
    value: '<domain>',
    multiple: true,
    summary:
      'Take user names with this domain, too, and with no other: [student:|teacher:]<domain>. Without it any domain is taken.',
  },
};

const ROLES = ['student', 'teacher'] as const;
type Role = (typeof ROLES)[number];

/** Graph's identitySynchronizationConfiguration, as it is sent. */
export type IdentityRequest =
  | {
      readonly '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration';
      readonly userDomains: readonly { readonly appliesTo: Role; readonly name: string }[];
    }
  | {
      readonly '@odata.type': '#microsoft.graph.educationIdentityMatchingConfiguration';
      readonly matchingOptions: readonly MatchingOption[];
    };

interface MatchingOption {
  readonly appliesTo: Role;
  readonly sourcePropertyName: string;
  readonly targetPropertyName: string;
  readonly targetDomain: string | null;
}

/** What the options ask for; null when none was given. Throws UsageError. */
export function identityFromOptions(call: CommandCall): IdentityRequest | null {
  const rules = call.options('match');
  const domain = call.option('create-users');
  const student = call.option('student-domain') ?? (domain === undefined ? undefined : `students.${domain}`);
  const teacher = call.option('teacher-domain') ?? domain;
  if (rules.length > 0) {
    if (student !== undefined || teacher !== undefined)
      throw new UsageError(
        'A profile either creates users or links them: use --match, or --create-users, --student-domain and --teacher-domain.',
      );
    return matching(rules.flatMap(parseRule));
  }
  if (student === undefined && teacher === undefined) return null;
  for (const name of [student, teacher]) if (name !== undefined) checkDomain(name);
  return creation(student, teacher);
}

/**
 * When nothing is asked for: users are created below `.example`, which no mail is ever sent to (RFC 2606), so that a
 * trial harms nobody.
 */
export function defaultIdentity(profileName: string): IdentityRequest {
  const slug = profileName
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .replace(/^-+|-+$/gu, '')
    .slice(0, 50);
  const domain = `${slug === '' ? 'school' : slug}.example`;
  return creation(`students.${domain}`, domain);
}

function creation(student: string | undefined, teacher: string | undefined): IdentityRequest {
  const names: Readonly<Record<Role, string | undefined>> = { student, teacher };
  return {
    '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
    userDomains: ROLES.flatMap((appliesTo) => {
      const name = names[appliesTo];
      return name === undefined ? [] : [{ appliesTo, name }];
    }),
  };
}

function matching(matchingOptions: readonly MatchingOption[]): IdentityRequest {
  for (const role of ROLES) {
    if (matchingOptions.filter(({ appliesTo }) => appliesTo === role).length > 1)
      throw new UsageError(`There are two --match rules for ${role}; a profile has one per role.`);
  }
  return {
    '@odata.type': '#microsoft.graph.educationIdentityMatchingConfiguration',
    matchingOptions,
  };
}

const RULE = /^(?:(student|teacher):)?([^=]+)=([A-Za-z]+[0-9]*)(?:@(.+))?$/u;

function parseRule(rule: string): MatchingOption[] {
  const parts = RULE.exec(rule);
  const column = parts?.[2];
  const property = parts?.[3];
  if (column === undefined || property === undefined)
    throw new UsageError(
      `--match '${rule}' is not [student:|teacher:]<column>=<property>[@<domain>], for instance Username=userPrincipalName@contoso.com.`,
    );
  const targetDomain = parts?.[4] ?? null;
  if (targetDomain !== null) checkDomain(targetDomain);
  return ROLES.filter((role) => parts?.[1] === undefined || parts[1] === role).map((appliesTo) => ({
    appliesTo,
    sourcePropertyName: column.trim(),
    targetPropertyName: property,
    targetDomain,
  }));
}

/** What --accept-domain says. Throws UsageError. */
export function acceptedDomainsFrom(call: CommandCall): AcceptedDomains {
  const domains: Record<Role, string[]> = { student: [], teacher: [] };
  for (const text of call.options('accept-domain')) {
    const [, only, name = ''] = /^(?:(student|teacher):)?(.*)$/u.exec(text) ?? [];
    checkDomain(name);
    for (const role of ROLES) if (only === undefined || only === role) domains[role].push(name.toLowerCase());
  }
  return domains;
}

function checkDomain(name: string): void {
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/iu.test(name))
    throw new UsageError(`'${name}' is not a domain name such as contoso.com.`);
}

/** What a configuration does, in one sentence each; works on what was sent and on what came back. */
export function describeIdentity(
  identity: IdentityRequest | ProfileAnswer['identitySynchronizationConfiguration'],
): string[] {
  if (identity === null || identity === undefined) return [];
  if ('userDomains' in identity && identity.userDomains !== undefined)
    return identity.userDomains.map(
      ({ appliesTo, name }) => `${appliesTo}s are created as <Username>@${name}`,
    );
  if (!('matchingOptions' in identity) || identity.matchingOptions === undefined) return [];
  return identity.matchingOptions.map((option) => {
    const domain = typeof option.targetDomain === 'string' ? `@${option.targetDomain}` : '';
    return `${option.appliesTo}s are linked where <${option.sourcePropertyName}>${domain} is the ${option.targetPropertyName} of an account`;
  });
}

/** Whether a profile already does what the options ask for. */
export function sameIdentity(
  wanted: IdentityRequest,
  found: ProfileAnswer['identitySynchronizationConfiguration'],
): boolean {
  const before = describeIdentity(found).toSorted().join('\n').toLowerCase();
  return describeIdentity(wanted).toSorted().join('\n').toLowerCase() === before;
}
