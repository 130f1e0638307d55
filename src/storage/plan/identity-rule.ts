import type { MatchProperty } from '#core/run/profile.ts';
import { EXTENSION_ATTRIBUTES, type ExtensionAttribute } from '#core/users/extension-attributes.ts';

import { lookUp } from './look-up.ts';

/** What an account `a` has as a property that a match may compare with, for comparison without letter case. */
const ACCOUNT_KEYS: Readonly<Record<MatchProperty, string>> = {
  userPrincipalName: 'a.user_name_key',
  mail: 'lower(a.mail)',
  mailNickname: 'lower(a.mail_nickname)',
  employeeId: 'lower(a.employee_id)',
  ...(Object.fromEntries(
    EXTENSION_ATTRIBUTES.map((name) => [name, `lower(a.extension_attributes ->> '${name}')`]),
  ) as Record<ExtensionAttribute, string>),
};

/** How the profile finds the account of a person: null: it makes one with a user name; or the property that is compared, by kind. */
export type IdentityRule = Readonly<Record<'student' | 'teacher', MatchProperty>> | null;

/** The role whose rule an item `i` of a person goes by: of who is both the primary one. */
export const RULE_OF_ITEM = `coalesce(i.after ->> 'primaryRole', i.kind)`;

/**
 * The account of the built-in directory of a person, looked up. It has the id of the person, and by that it is found: among accounts that PostgreSQL
 * has no statistics of, it takes an index of all accounts of target 0 for as good as the one of people.
 */
export function accountOf(person: string): string {
  return lookUp('account', 'a', `a.id = ${person}`);
}

/** Whether a plan is about so many of the people that it is quicker to read all accounts once than to look up each. */
export function aboutManyPeople(planned: number, known: number): boolean {
  return planned > 5_000 && planned > known / 20;
}

/** `join` with the accounts that have a value as a property. There is an index of user names alone. `many`: see aboutManyPeople. */
export function joinAccounts(
  join: 'join' | 'left join',
  property: MatchProperty,
  value: string,
  many: boolean,
): string {
  return property === 'userPrincipalName' && !many
    ? `${join} ${lookUp('account', 'a', `a.target_id = 0 and a.user_name_key = lower(${value})`)} on true`
    : `${join} account a on a.target_id = 0 and ${ACCOUNT_KEYS[property]} = lower(${value})`;
}

/** An item `i` of a person names the account `a`. */
export function namesAccount(rule: IdentityRule): string {
  if (rule === null) return `a.user_name_key = lower(i.after ->> 'userPrincipalName')`;
  return `case ${RULE_OF_ITEM} when 'student' then ${ACCOUNT_KEYS[rule.student]} else ${ACCOUNT_KEYS[rule.teacher]} end
          = lower(nullif(i.after ->> 'matchValue', ''))`;
}

/**
 * The source gives an item `i` of a person another user name. One that another role brings with it, which became the primary one or is
 * so no more, is none: an account keeps its name.
 */
export const RENAMED = `(i.after ->> 'userPrincipalName' is distinct from i.before ->> 'userPrincipalName'
  and (i.after ->> 'primaryRole' is not distinct from i.before ->> 'primaryRole' or i.after ->> 'username' is distinct from i.before ->> 'username'))`;
