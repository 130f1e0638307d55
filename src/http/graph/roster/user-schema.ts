import { z } from 'zod';
import {
  checkMail,
  checkMailNickname,
  checkText,
  checkUserPrincipalName,
  type Complaint,
} from '#core/users/user-rules.ts';

/** Text that a rule of core/users checks; trimmed. */
function checked(check: (value: string) => Complaint): z.ZodType<string> {
  return z
    .string()
    .trim()
    .superRefine((value, context) => {
      const complaint = check(value);
      if (complaint !== undefined) context.addIssue({ code: 'custom', message: complaint });
    });
}

const typeName = z
  .string()
  .regex(/^#?microsoft\.graph\.[A-Za-z]{1,60}$/, 'is not a type of Graph.')
  .optional();
const name = checked(checkText).nullish();

/** The body of `POST /education/users`: what Rollbook keeps of educationUser, and `employeeId` for identity matching. */
export const userToCreate = z.strictObject({
  '@odata.type': z.enum(['#microsoft.graph.educationUser', 'microsoft.graph.educationUser']).optional(),
  accountEnabled: z.boolean(),
  displayName: checked(checkText),
  mailNickname: checked(checkMailNickname),
  userPrincipalName: checked(checkUserPrincipalName),
  passwordProfile: z.strictObject({
    '@odata.type': typeName,
    password: z.string().min(8).max(256),
    forceChangePasswordNextSignIn: z.boolean().nullish(),
    forceChangePasswordNextSignInWithMfa: z.boolean().nullish(),
  }),
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
  externalSource: z
    .literal('manual', { error: 'has to be manual: other sources come in by a sync.' })
    .nullish(),
  student: z
    .strictObject({
      '@odata.type': typeName,
      externalId: name,
      grade: name,
      graduationYear: name,
      studentNumber: name,
      birthDate: z.iso.date().nullish(),
      gender: z.enum(['female', 'male', 'other']).nullish(),
    })
    .nullish(),
  teacher: z.strictObject({ '@odata.type': typeName, externalId: name, teacherNumber: name }).nullish(),
});
