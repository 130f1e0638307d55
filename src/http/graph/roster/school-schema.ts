import { z } from 'zod';
import { checkMail, checkText } from '#core/users/user-rules.ts';

import { address, checked, description, entityType, madeByHand, name } from './schema-parts.ts';

/** The body of `POST /education/schools`: what Rollbook keeps of educationSchool. */
export const schoolToCreate = z.strictObject({
  '@odata.type': entityType('educationSchool'),
  displayName: checked(checkText),
  description,
  externalSource: madeByHand,
  externalId: name,
  schoolNumber: name,
  lowestGrade: name,
  highestGrade: name,
  principalName: name,
  principalEmail: checked(checkMail).nullish(),
  externalPrincipalId: name,
  phone: name,
  fax: name,
  address,
});

/** The body of `PATCH /education/schools/{id}`. */
export const schoolToUpdate = schoolToCreate.omit({ externalSource: true }).partial();
