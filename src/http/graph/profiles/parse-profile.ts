import * as z from 'zod';

import type { ProfileDefinition } from '#core/run/profile.ts';
import type { ProfileInput } from '#engine/profiles/create-profile.ts';
import type { ProfileChange } from '#engine/profiles/update-profile.ts';
import { InvalidRequestError } from '#lib/errors.ts';

import { plainTypeName, invalidTypeMessage } from './odata-type.ts';
import { profilePatchSchema, profileSchema } from './profile-schema.ts';
import { plainIssues } from './typed-object.ts';

/** Read-only and navigation properties: a client that sends back what it got may leave them in. Ignored, as Graph does. */
const IGNORED = new Set(['id', 'state', 'errors', 'profileStatus']);

/** The body of POST and PUT. Errors: ZodError that names each property; InvalidRequestError when it is no object. */
export function parseProfile(body: unknown): ProfileInput {
  const sent = parse(profileSchema, body);
  return {
    clientSecret: sent.dataProvider.clientSecret,
    definition: {
      displayName: sent.displayName,
      dataProvider: sent.dataProvider.dataProvider,
      identityConfiguration: sent.identitySynchronizationConfiguration,
      licensesToAssign: sent.licensesToAssign ?? null,
      handleSpecialCharacterConstraint: sent.handleSpecialCharacterConstraint ?? null,
      expirationDate: sent.expirationDate ?? null,
    },
  };
}

/** The body of PATCH: what is absent stays as it is. Errors: as parseProfile. */
export function parseProfilePatch(body: unknown): ProfileChange {
  const sent = parse(profilePatchSchema, body);
  const definition: Partial<ProfileDefinition> = {
    ...(sent.displayName === undefined ? {} : { displayName: sent.displayName }),
    ...(sent.dataProvider === undefined ? {} : { dataProvider: sent.dataProvider.dataProvider }),
    ...(sent.identitySynchronizationConfiguration === undefined
      ? {}
      : { identityConfiguration: sent.identitySynchronizationConfiguration }),
    ...(sent.licensesToAssign === undefined ? {} : { licensesToAssign: sent.licensesToAssign }),
    ...(sent.handleSpecialCharacterConstraint === undefined
      ? {}
      : { handleSpecialCharacterConstraint: sent.handleSpecialCharacterConstraint }),
    ...(sent.expirationDate === undefined ? {} : { expirationDate: sent.expirationDate }),
  };
  return { definition, clientSecret: sent.dataProvider?.clientSecret ?? null };
}

/** The `id` in the body of a PUT without an id in its address, as the reference page shows it. Errors: InvalidRequestError. */
export function idInBody(body: unknown): string {
  const id = isObject(body) ? body['id'] : undefined;
  if (typeof id === 'string' && id !== '') return id;
  throw new InvalidRequestError(
    'id: Say which profile: put its id into the body, or send PUT to /education/synchronizationProfiles/{id}.',
    'id',
  );
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  if (!isObject(body))
    throw new InvalidRequestError(
      'Send the profile as a JSON object in the body, with Content-Type: application/json.',
    );
  const type = body['@odata.type'];
  const name = 'educationSynchronizationProfile';
  if (type !== undefined && type !== null && typeof type !== 'string')
    throw new InvalidRequestError('@odata.type: Expected a string.', '@odata.type');
  if (typeof type === 'string' && plainTypeName(type) !== plainTypeName(name))
    throw new InvalidRequestError(invalidTypeMessage(type, [name]), '@odata.type');
  const sent = Object.fromEntries(
    Object.entries(body).filter(([property]) => property !== '@odata.type' && !IGNORED.has(property)),
  );
  const read = schema.safeParse(withoutAnnotations(sent));
  if (read.success) return read.data;
  throw new z.ZodError(
    read.error.issues
      .flatMap(plainIssues)
      .map(({ path, message }) => ({ code: 'custom', path: [...path], message, input: undefined })),
  );
}

/** Without OData's control information (`x@odata.type`, `@odata.context`, …), which says nothing here; `@odata.type` stays. */
function withoutAnnotations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAnnotations);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([property]) => property === '@odata.type' || !property.includes('@odata.'))
      .map(([property, child]) => [property, withoutAnnotations(child)]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
