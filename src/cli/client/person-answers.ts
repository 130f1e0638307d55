/** What the own API answers of a person; what a later version adds does no harm. */
import * as z from 'zod';

const text = z.string().nullish();
const pointer = z.object({ id: text, externalId: text, displayName: text }).nullish();

export const personAnswer = z.looseObject({
  id: z.string(),
  displayName: z.string(),
  primaryRole: text,
  externalSource: text,
  account: z.object({ userPrincipalName: text, mail: text, accountEnabled: z.boolean().nullish() }).nullish(),
  student: z.object({ externalId: text, studentNumber: text, grade: text, graduationYear: text }).nullish(),
  teacher: z.object({ externalId: text, teacherNumber: text }).nullish(),
  attributes: z.record(z.string(), z.unknown()).default({}),
  active: z.boolean(),
});
export type PersonAnswer = z.infer<typeof personAnswer>;

const membership = {
  role: z.string(),
  roleName: z.string(),
  isPrimary: z.boolean().nullish(),
  endDate: text,
  active: z.boolean(),
};

export const roleAnswer = z.looseObject({
  ...membership,
  grade: text,
  org: pointer,
  academicSession: pointer,
  startDate: text,
});
export type RoleAnswer = z.infer<typeof roleAnswer>;

export const enrollmentAnswer = z.looseObject({ ...membership, class: pointer, beginDate: text });
export type EnrollmentAnswer = z.infer<typeof enrollmentAnswer>;

export const contactAnswer = z.looseObject({
  relationship: z.string(),
  displayName: z.string(),
  emailAddress: text,
  mobilePhone: text,
  active: z.boolean(),
});
export type ContactAnswer = z.infer<typeof contactAnswer>;

export const demographicsAnswer = z.looseObject({
  birthDate: text,
  sex: text,
  attributes: z.record(z.string(), z.unknown()).default({}),
});
export type DemographicsAnswer = z.infer<typeof demographicsAnswer>;

/** A person with what belongs to them. `demographics` only when they were asked for. */
export interface PersonStory {
  readonly user: PersonAnswer;
  readonly roles: readonly RoleAnswer[];
  readonly enrollments: readonly EnrollmentAnswer[];
  readonly contacts: readonly ContactAnswer[];
  readonly demographics?: DemographicsAnswer;
}
