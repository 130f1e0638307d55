import type { FastifyRequest } from 'fastify';
import { replaceContacts } from '#directory/replace-contacts.ts';
import { updateUser } from '#directory/update-user.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import { USER_COLUMNS } from '#storage/directory/hand-columns.ts';
import type { ViewRow } from '#storage/views/view.ts';

import { readQuery } from '../../odata/read-query.ts';
import { answerUpdated } from './answer-written.ts';
import { contactsBody } from './contact-schema.ts';
import { refuseOwnChanges } from './refuse-own-changes.ts';
import { refuseUnknownRole } from './refuse-unknown-role.ts';
import type { RosterRoutes } from './roster-route.ts';
import { passwordToUpdate, userToUpdate } from './user-schema.ts';
import { changesOf, readBody, whatDiffers } from './written-values.ts';

/** Which user a PATCH is of. */
interface Patched {
  readonly id: string;
  /** What `@odata.context` names. */
  readonly set: string;
  /** The user is who is signed in: much is not for them to change. */
  readonly own: boolean;
}

/**
 * Only what is there changes, null clears. relatedContacts replaces all, and stands alone. @returns the user. Throws ForbiddenError for what
 * people may not change of themselves.
 */
export async function patchUser(
  routes: RosterRoutes,
  request: FastifyRequest,
  { id, set, own }: Patched,
): Promise<Record<string, unknown>> {
  const view = routes.views.users;
  readQuery(request, view);
  const { '@odata.type': type, ...body } = readBody(request);
  userToUpdate.pick({ '@odata.type': true }).parse({ '@odata.type': type });
  const isOfContacts = 'relatedContacts' in body && Object.keys(body).length === 1;
  const row =
    isOfContacts && !own
      ? await writeContacts(routes, request, id, body)
      : await writeProperties(routes, request, { id, own }, body);
  return answerUpdated(routes, request, { view, set, id, row });
}

type Body = Readonly<Record<string, unknown>>;

async function writeProperties(
  { context, version, views }: RosterRoutes,
  request: FastifyRequest,
  { id, own }: Pick<Patched, 'id' | 'own'>,
  { passwordProfile, ...body }: Body,
): Promise<ViewRow | undefined> {
  const view = views.users;
  const password = passwordToUpdate.parse({ passwordProfile }).passwordProfile?.password;
  return updateUser(context, request.caller, {
    id,
    view,
    password,
    read(current) {
      // With contacts that are the same already, as in a user that was read and is sent back, nothing is asked for.
      const { relatedContacts, ...others } = body;
      const contacts = relatedContacts === undefined ? {} : { relatedContacts };
      if ('relatedContacts' in whatDiffers(contacts, view, current, ANY_CONTACTS)) {
        if (own) refuseOwnChanges(['relatedContacts']);
        throw notAlone();
      }
      const values = changesOf(others, userToUpdate, { view, columns: USER_COLUMNS })(current);
      refuseUnknownRole({ primaryRole: values['primaryRole'] }, version);
      if (own)
        refuseOwnChanges([...Object.keys(values), ...(password === undefined ? [] : ['passwordProfile'])]);
      return values;
    },
  });
}

const ANY_CONTACTS = contactsBody.beta;

async function writeContacts(
  { context, version, views }: RosterRoutes,
  request: FastifyRequest,
  id: string,
  body: Body,
): Promise<ViewRow | undefined> {
  const { relatedContacts } = contactsBody[version].parse(body);
  const contacts = relatedContacts.map((contact) => ({
    ...('id' in contact && typeof contact.id === 'string' ? { id: contact.id } : {}),
    displayName: contact.displayName,
    relationship: contact.relationship,
    emailAddress: contact.emailAddress || null,
    mobilePhone: contact.mobilePhone ?? null,
  }));
  return replaceContacts(context, request.caller, { id, view: views.users, contacts });
}

function notAlone(): InvalidRequestError {
  return new InvalidRequestError(
    'relatedContacts replaces the whole collection and has to be alone in its request. Send the other properties in one of their own.',
    'relatedContacts',
  );
}
