import { z } from 'zod';
import { checkMail, checkMailNickname, checkText, checkUserPrincipalName } from '#core/users/user-rules.ts';

import { address, checked, day, entityType, madeByHand, name, typeName } from './schema-parts.ts';

const passwordProfile = z.strictObject({
  '@odata.type': typeName,
  password: z.string().min(8).max(256),
  forceChangePasswordNextSignIn: z.boolean().nullish(),
  forceChangePasswordNextSignInWithMfa: z.boolean().nullish(),
});

/** The body of `POST /education/users`: what Rollbook keeps of educationUser, and `employeeId` for identity matching. */
export const userToCreate = z.strictObject({
  '@odata.type': entityType('educationUser'),
  accountEnabled: z.boolean(),
  displayName: checked(checkText),
  mailNickname: checked(checkMailNickname),
  userPrincipalName: checked(checkUserPrincipalName),
  passwordProfile,
  givenName: name,
  middleName: name,
  surname: name,
  mail: checked(checkMail).nullish(),
  employeeId: name,
  usageLocation: z
    .string()
    .regex(/^[A-Z]{2}$/, 'has to be a country code of two capital letters (ISO 3166).')
    .nullish(),
  primaryRole: z.enum(['student', 'teacher', 'none', 'faculty']).optional(),
  externalSource: madeByHand,
  student: z
    .strictObject({
      '@odata.type': typeName,
      externalId: name,
      grade: name,
      graduationYear: name,
      studentNumber: name,
      birthDate: day('has to be a date such as 2011-04-02.').nullish(),
      gender: z.enum(['female', 'male', 'other']).nullish(),
    })
    .nullish(),
  teacher: z.strictObject({ '@odata.type': typeName, externalId: name, teacherNumber: name }).nullish(),
  mailingAddress: address,
  residenceAddress: address,
});

/** The body of `PATCH /education/users/{id}`, without what has rules of its own: the password and the contacts. */
export const userToUpdate = userToCreate.omit({ passwordProfile: true, externalSource: true }).partial();

/** A password in a PATCH. */
export const passwordToUpdate = z.object({ passwordProfile: passwordProfile.nullish() });
