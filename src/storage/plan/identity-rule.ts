import { lookUp } from './look-up.ts';

/** Account properties that a match may compare with, and their columns. */
export const MATCH_COLUMNS = {
  userPrincipalName: 'user_name',
  mail: 'mail',
  mailNickname: 'mail_nickname',
  employeeId: 'employee_id',
} as const;
export type MatchProperty = keyof typeof MATCH_COLUMNS;

/** How the profile finds the account of a person: null: it makes one with a user name; or the property that is compared, by kind. */
export type IdentityRule = Readonly<Record<'student' | 'teacher', MatchProperty>> | null;

export function isMatchProperty(name: string): name is MatchProperty {
  return Object.hasOwn(MATCH_COLUMNS, name);
}

/** What an account `a` has as a property, for comparison without letter case. */
export function keyOfAccount(property: MatchProperty): string {
  return property === 'userPrincipalName' ? 'a.user_name_key' : `lower(a.${MATCH_COLUMNS[property]})`;
}

/** The account of the built-in directory of a person, looked up. */
export function accountOf(person: string): string {
  return lookUp('account', 'a', `a.person_id = ${person} and a.target_id = 0`);
}

/** An item `i` of a person names the account `a`. */
export function namesAccount(rule: IdentityRule): string {
  if (rule === null) return `a.user_name_key = lower(i.after ->> 'userPrincipalName')`;
  return `case i.kind when 'student' then ${keyOfAccount(rule.student)} else ${keyOfAccount(rule.teacher)} end
          = lower(nullif(i.after ->> 'matchValue', ''))`;
}
