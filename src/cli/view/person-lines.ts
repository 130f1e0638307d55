import type { DemographicsAnswer, PersonStory, RoleAnswer } from '../client/person-answers.ts';
import { printable } from './format.ts';
import type { Paint } from './paint.ts';
import { textTable } from './text-table.ts';

/** A person, for people. Everything in it came from somewhere else, so nothing reaches the terminal unchecked. */
export function personLines(story: PersonStory, paint: Paint): string[] {
  const { user, roles, enrollments, contacts, demographics } = story;
  return [
    paint.bold(printable(user.displayName)) + (user.active ? '' : paint.yellow(' (inactive)')),
    ...factLines(userFacts(story), paint),
    ...section(
      'Roles',
      ['org', 'role', 'grade', 'session', 'from', 'to', ''],
      roles.map((role) => [
        nameOf(role.org),
        roleText(role),
        role.grade,
        nameOf(role.academicSession),
        role.startDate,
        role.endDate,
        ended(role),
      ]),
      paint,
    ),
    ...section(
      'Classes',
      ['class', 'role', 'from', 'to', ''],
      enrollments.map((place) => [
        nameOf(place.class),
        roleText(place),
        place.beginDate,
        place.endDate,
        ended(place),
      ]),
      paint,
    ),
    ...section(
      'Contacts',
      ['relationship', 'name', 'e-mail', 'phone', ''],
      contacts.map((contact) => [
        contact.relationship,
        contact.displayName,
        contact.emailAddress,
        contact.mobilePhone,
        ended(contact),
      ]),
      paint,
    ),
    ...(demographics === undefined
      ? []
      : ['', paint.bold('Demographics'), ...demographicLines(demographics, paint)]),
  ].map((line) => line.trimEnd());
}

function demographicLines({ birthDate, sex, attributes }: DemographicsAnswer, paint: Paint): string[] {
  const lines = factLines([['birthDate', birthDate], ['sex', sex], ...attributeFacts(attributes)], paint);
  return lines.length === 0 ? ['Nothing is known.'] : lines;
}

type Fact = readonly [name: string, value: string | null | undefined];

function userFacts({ user }: PersonStory): Fact[] {
  const { account, student, teacher } = user;
  const joined = (...parts: readonly (readonly [string, string | null | undefined])[]): string =>
    parts
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${name} ${value}`.trim())
      .join(', ');
  const enabled = account?.accountEnabled === false ? ' (disabled)' : '';
  return [
    ['id', user.id],
    ['account', account?.userPrincipalName ? account.userPrincipalName + enabled : 'none'],
    ['mail', account?.mail === account?.userPrincipalName ? null : account?.mail],
    ['is', user.primaryRole],
    [
      'student',
      joined(
        ['', student?.externalId],
        ['number', student?.studentNumber],
        ['grade', student?.grade],
        ['graduates', student?.graduationYear],
      ),
    ],
    ['teacher', joined(['', teacher?.externalId], ['number', teacher?.teacherNumber])],
    ['source', user.externalSource],
    ...attributeFacts(user.attributes),
  ];
}

function attributeFacts(attributes: Readonly<Record<string, unknown>>): Fact[] {
  return Object.entries(attributes)
    .map(([name, value]): Fact => [name, typeof value === 'string' ? value : JSON.stringify(value)])
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** What has no value is left out. */
function factLines(facts: readonly Fact[], paint: Paint): string[] {
  const known = facts.flatMap(([name, value]) =>
    value ? [[printable(name), printable(value)] as const] : [],
  );
  const width = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${value}`);
}

/** A table without the columns that are empty in every row; nothing when there are no rows. */
function section(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly (string | null | undefined)[])[],
  paint: Paint,
): string[] {
  if (rows.length === 0) return [];
  const texts = rows
    .map((row) => row.map((cell) => printable(cell ?? '')))
    .toSorted((one, other) => (one.join('\0') < other.join('\0') ? -1 : 1));
  const filled = columns.flatMap((_, index) => (texts.some((row) => row[index] !== '') ? [index] : []));
  const table = textTable(
    filled.map((index) => ({ title: columns[index] ?? '' })),
    texts.map((row) => filled.map((index) => row[index] ?? '')),
  );
  return ['', paint.bold(title), ...table];
}

function nameOf(pointer: RoleAnswer['org']): string {
  return pointer?.displayName ?? pointer?.externalId ?? pointer?.id ?? '';
}

function roleText({
  role,
  roleName,
  isPrimary,
}: Pick<RoleAnswer, 'role' | 'roleName' | 'isPrimary'>): string {
  const name = roleName === role ? role : `${roleName} (${role})`;
  return isPrimary === true ? `${name}, primary` : name;
}

function ended({ active }: { readonly active: boolean }): string {
  return active ? '' : 'ended';
}
