import type {
  ConnectionSettings,
  Customization,
  CustomizedEntity,
  Customizations,
  DataProvider,
  IdentityConfiguration,
  Profile,
} from '#core/run/profile.ts';

import { NO_DATE, TEACHER_COLUMNS } from './read-customizations.ts';
import { fullTypeName } from './odata-type.ts';

/** Graph's educationSynchronizationProfile. Secrets are write-only: they never appear. */
export function profileJson(profile: Profile): Record<string, unknown> {
  return {
    displayName: profile.displayName,
    state: profile.state,
    id: profile.id,
    dataProvider: providerJson(profile.dataProvider),
    identitySynchronizationConfiguration: identityJson(profile.identityConfiguration),
    licensesToAssign:
      profile.licensesToAssign?.map((license) => ({
        '@odata.type': fullTypeName('educationSynchronizationLicenseAssignment'),
        appliesTo: license.appliesTo,
        skuIds: license.skuIds,
      })) ?? null,
    handleSpecialCharacterConstraint: profile.handleSpecialCharacterConstraint,
    expirationDate: profile.expirationDate,
  };
}

function providerJson(provider: DataProvider): Record<string, unknown> {
  const customizations = customizationsJson(provider.customizations);
  switch (provider.type) {
    case 'csv':
      return { '@odata.type': fullTypeName('educationCsvDataProvider'), customizations };
    case 'oneRosterApi':
      return {
        '@odata.type': fullTypeName('educationOneRosterApiDataProvider'),
        connectionUrl: provider.connectionUrl,
        connectionSettings: connectionJson(provider.connectionSettings),
        providerName: provider.providerName,
        schoolsIds: provider.schoolsIds,
        termIds: provider.termIds,
        customizations,
      };
    case 'powerSchool':
      return {
        '@odata.type': fullTypeName('educationPowerSchoolDataProvider'),
        connectionUrl: provider.connectionUrl,
        clientId: provider.clientId,
        schoolsIds: provider.schoolsIds,
        schoolYear: provider.schoolYear,
        allowTeachersInMultipleSchools: provider.allowTeachersInMultipleSchools,
        customizations,
      };
  }
}

function connectionJson(settings: ConnectionSettings): Record<string, unknown> {
  if (settings.type === 'oAuth1')
    return {
      '@odata.type': fullTypeName('educationSynchronizationOAuth1ConnectionSettings'),
      clientId: settings.clientId,
    };
  return {
    '@odata.type': fullTypeName('educationSynchronizationOAuth2ClientCredentialsConnectionSettings'),
    clientId: settings.clientId,
    tokenUrl: settings.tokenUrl,
    scope: settings.scope,
  };
}

function identityJson(identity: IdentityConfiguration): Record<string, unknown> {
  if (identity.type === 'creation')
    return {
      '@odata.type': fullTypeName('educationIdentityCreationConfiguration'),
      userDomains: identity.userDomains.map(({ appliesTo, name }) => ({ appliesTo, name })),
    };
  return {
    '@odata.type': fullTypeName('educationIdentityMatchingConfiguration'),
    matchingOptions: identity.matchingOptions.map((option) => ({
      appliesTo: option.appliesTo,
      sourcePropertyName: option.sourcePropertyName,
      targetPropertyName: option.targetPropertyName,
      targetDomain: option.targetDomain,
    })),
  };
}

const ENTITIES: readonly CustomizedEntity[] = [
  'school',
  'section',
  'student',
  'teacher',
  'studentEnrollment',
  'teacherRoster',
];
const RELATIONS: readonly CustomizedEntity[] = ['studentEnrollment', 'teacherRoster'];

/**
 * Normalised as the retired service did: a teacher that was left out comes back with all columns, the two
 * relations always come back and have no columns; a school, section or student that was left out stays out.
 */
function customizationsJson(customizations: Customizations | null): Record<string, unknown> | null {
  if (customizations === null) return null;
  const json: Record<string, unknown> = {};
  for (const entity of ENTITIES) {
    const given = customizations[entity];
    const relation = RELATIONS.includes(entity);
    if (given === undefined && entity !== 'teacher' && !relation) continue;
    const columns = relation
      ? []
      : (given?.optionalPropertiesToSync ?? (entity === 'teacher' ? TEACHER_COLUMNS : null));
    json[entity] = customizationJson(given, columns);
  }
  return json;
}

function customizationJson(
  given: Customization | undefined,
  columns: readonly string[] | null,
): Record<string, unknown> {
  return {
    optionalPropertiesToSync: columns,
    synchronizationStartDate: given?.synchronizationStartDate ?? NO_DATE,
    isSyncDeferred: given?.isSyncDeferred ?? false,
    allowDisplayNameUpdate: given?.allowDisplayNameUpdate ?? false,
  };
}
