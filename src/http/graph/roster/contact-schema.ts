import { z } from 'zod';
import { checkMail, checkText } from '#core/users/user-rules.ts';

import type { GraphVersion } from '../../scopes.ts';
import { checked, name, typeName } from './schema-parts.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Most contacts of one person. */
const MAX_CONTACTS = 100;

const contact = {
  '@odata.type': typeName,
  displayName: checked(checkText),
  relationship: z.enum(['parent', 'relative', 'aide', 'doctor', 'guardian', 'child', 'other']),
  mobilePhone: name,
  accessConsent: z.null({ error: 'is not kept: leave it out or send null.' }).optional(),
};
/** v1.0 shows no address as '' and takes it back. */
const email = z.union([z.literal(''), checked(checkMail)]);

/** A body with relatedContacts and nothing else; only beta's have an id, and may be without an emailAddress. */
export const contactsBody = {
  'v1.0': z.strictObject({
    relatedContacts: z.array(z.strictObject({ ...contact, emailAddress: email })).max(MAX_CONTACTS),
  }),
  beta: z.strictObject({
    relatedContacts: z
      .array(
        z.strictObject({
          ...contact,
          id: z.string().regex(UUID, 'is not the id of a contact.').nullish(),
          emailAddress: email.nullish(),
        }),
      )
      .max(MAX_CONTACTS),
  }),
} as const satisfies Record<GraphVersion, z.ZodType>;
