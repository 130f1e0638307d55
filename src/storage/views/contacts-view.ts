import { text, type View } from './view.ts';

/** Parents, guardians and other contacts of a student. */
export const contactsView: View = {
  typeName: 'rollbook.contact',
  set: 'contacts',
  from: 'contact_relationship r',
  id: 'r.id',
  condition: 'r.active',
  properties: {
    id: { type: 'guid', sql: 'r.id' },
    relationship: text('r.relationship'),
    displayName: text('r.display_name'),
    emailAddress: text('r.email_address'),
    mobilePhone: text('r.mobile_phone'),
    active: { type: 'boolean', sql: 'r.active' },
  },
  basic: new Set(),
};
