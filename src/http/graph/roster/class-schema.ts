import { z } from 'zod';
import { checkMailNickname, checkText } from '#core/users/user-rules.ts';

import { checked, day, description, entityType, madeByHand, name, typeName } from './schema-parts.ts';

const date = day('has to be a date such as 2026-08-01.').nullish();

/** The body of `POST /education/classes`: what Rollbook keeps of educationClass. */
export const classToCreate = z.strictObject({
  '@odata.type': entityType('educationClass'),
  displayName: checked(checkText),
  mailNickname: checked(checkMailNickname),
  description,
  classCode: name,
  externalSource: madeByHand,
  externalId: name,
  externalName: name,
  grade: name,
  course: z
    .strictObject({
      '@odata.type': typeName,
      courseNumber: name,
      description,
      displayName: name,
      externalId: name,
      subject: name,
    })
    .nullish(),
  term: z
    .strictObject({
      '@odata.type': typeName,
      displayName: name,
      externalId: name,
      startDate: date,
      endDate: date,
    })
    .nullish(),
});

/** The body of `PATCH /education/classes/{id}`. */
export const classToUpdate = classToCreate.omit({ externalSource: true }).partial();
