import * as z from 'zod';

import {
  USER_ROLES,
  type ConnectionSettings,
  type CsvProvider,
  type Customization,
  type Customizations,
  type IdentityConfiguration,
  type LicenseAssignment,
  type OneRosterApiProvider,
  type PowerSchoolProvider,
} from '#core/run/profile.ts';

import { readCustomization, readCustomizations } from './read-customizations.ts';
import { abstractType, concreteType } from './typed-object.ts';

/** What a data provider holds, its secret apart. */
export interface ProviderInput {
  readonly dataProvider: CsvProvider | OneRosterApiProvider | PowerSchoolProvider;
  readonly clientSecret: string | null;
}

const text = z.string().max(1_024);
const requiredText = text.trim().min(1, 'It must not be empty.');
const optionalText = text.nullish().transform((value) => value ?? null);
const optionalTexts = z
  .array(z.string().max(256))
  .max(10_000)
  .nullish()
  .transform((value) => value ?? null);
const optionalFlag = z.boolean().nullish();
const secret = z.string().min(1, 'It must not be empty.').max(4_096).nullish();
const role = z.enum(USER_ROLES);

const url = requiredText.refine(isHttpUrl, 'Give an absolute URL that begins with https:// or http://.');

/** The domain part of a user principal name. */
const domainName = requiredText
  .max(253)
  .regex(
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/iu,
    'Give a domain name such as contoso.edu, without @.',
  );

const customization: z.ZodType<Customization> = concreteType(
  'educationSynchronizationCustomization',
  z
    .strictObject({
      optionalPropertiesToSync: optionalTexts,
      synchronizationStartDate: z.iso
        .datetime({ offset: true, message: 'Give a date and time such as 2026-09-01T00:00:00Z.' })
        .nullish(),
      isSyncDeferred: optionalFlag,
      allowDisplayNameUpdate: optionalFlag,
    })
    .transform(readCustomization),
);

const entity = customization.nullish();

const customizations: z.ZodType<Customizations | null> = concreteType(
  'educationSynchronizationCustomizations',
  z
    .strictObject({
      school: entity,
      section: entity,
      student: entity,
      teacher: entity,
      studentEnrollment: entity,
      teacherRoster: entity,
    })
    .transform(readCustomizations),
)
  .nullish()
  .transform((value) => value ?? null);

interface ConnectionInput {
  readonly settings: ConnectionSettings;
  readonly clientSecret: string | null;
}

const connectionSettings = abstractType<ConnectionInput>({
  educationSynchronizationOAuth1ConnectionSettings: z
    .strictObject({ clientId: requiredText, clientSecret: secret })
    .transform(({ clientId, clientSecret }) => ({
      settings: { type: 'oAuth1' as const, clientId },
      clientSecret: clientSecret ?? null,
    })),
  educationSynchronizationOAuth2ClientCredentialsConnectionSettings: z
    .strictObject({ clientId: requiredText, clientSecret: secret, tokenUrl: url, scope: optionalText })
    .transform(({ clientId, clientSecret, tokenUrl, scope }) => ({
      settings: { type: 'oAuth2ClientCredentials' as const, clientId, tokenUrl, scope },
      clientSecret: clientSecret ?? null,
    })),
});

const dataProvider = abstractType<ProviderInput>({
  educationCsvDataProvider: z
    .strictObject({ customizations })
    .transform((value) => ({ dataProvider: { type: 'csv' as const, ...value }, clientSecret: null })),
  educationOneRosterApiDataProvider: z
    .strictObject({
      connectionUrl: url,
      connectionSettings,
      providerName: optionalText,
      schoolsIds: optionalTexts,
      termIds: optionalTexts,
      customizations,
    })
    .transform(({ connectionSettings: { settings, clientSecret }, ...value }) => ({
      dataProvider: { type: 'oneRosterApi' as const, ...value, connectionSettings: settings },
      clientSecret,
    })),
  educationPowerSchoolDataProvider: z
    .strictObject({
      connectionUrl: url,
      clientId: requiredText,
      clientSecret: secret,
      schoolsIds: optionalTexts,
      schoolYear: optionalText,
      allowTeachersInMultipleSchools: optionalFlag.transform((value) => value ?? false),
      customizations,
    })
    .transform(({ clientSecret, ...value }) => ({
      dataProvider: { type: 'powerSchool' as const, ...value },
      clientSecret: clientSecret ?? null,
    })),
});

const identity = abstractType<IdentityConfiguration>({
  educationIdentityCreationConfiguration: z
    .strictObject({
      userDomains: z.array(
        concreteType('educationIdentityDomain', z.strictObject({ appliesTo: role, name: domainName })),
      ),
    })
    .transform((value) => ({ type: 'creation' as const, ...value })),
  educationIdentityMatchingConfiguration: z
    .strictObject({
      matchingOptions: z.array(
        concreteType(
          'educationIdentityMatchingOptions',
          z.strictObject({
            appliesTo: role,
            sourcePropertyName: requiredText,
            targetPropertyName: requiredText,
            targetDomain: domainName.nullish().transform((value) => value ?? null),
          }),
        ),
      ),
    })
    .transform((value) => ({ type: 'matching' as const, ...value })),
});

const license: z.ZodType<LicenseAssignment> = concreteType(
  'educationSynchronizationLicenseAssignment',
  z.strictObject({
    appliesTo: role.nullish().transform((value) => value ?? null),
    skuIds: optionalTexts.transform((value) => value ?? []),
  }),
);

const displayName = requiredText.max(256);
const licensesToAssign = z.array(license).nullish();
const expirationDate = z.iso
  .date('Give a date such as 2027-07-31.')
  // ISO 8601 has a year 0, the database has none.
  .refine((date) => !date.startsWith('0000'), 'Give a date such as 2027-07-31.')
  .nullish();

/** A whole profile: POST, PUT. Properties that may be null may be left out. */
export const profileSchema = z.strictObject({
  displayName,
  dataProvider,
  identitySynchronizationConfiguration: identity,
  licensesToAssign,
  handleSpecialCharacterConstraint: optionalFlag,
  expirationDate,
});
export type ProfileBody = z.infer<typeof profileSchema>;

/** Some properties of a profile: PATCH. A complex property is replaced as a whole. */
export const profilePatchSchema = z.strictObject({
  displayName: displayName.optional(),
  dataProvider: dataProvider.optional(),
  identitySynchronizationConfiguration: identity.optional(),
  licensesToAssign,
  handleSpecialCharacterConstraint: optionalFlag,
  expirationDate,
});
export type ProfilePatchBody = z.infer<typeof profilePatchSchema>;

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}
