import type { Model, Operation, Properties } from './model.ts';

const TEXT = 'Edm.String';
const REQUIRED_TEXT = 'Edm.String!';
const TEXTS = 'Collection(Edm.String)';
const CUSTOMIZATION = 'graph.educationSynchronizationCustomization';
const PROFILE = 'graph.educationSynchronizationProfile';

const CONNECTION: Properties = { clientId: REQUIRED_TEXT, clientSecret: TEXT };

const action = (name: string, returns?: string): Operation => ({
  kind: 'Action',
  name,
  bound: PROFILE,
  ...(returns === undefined ? {} : { returns }),
});

/** Synchronization profiles, which beta alone ever had; types and nullability as Graph published them. */
export const SYNCHRONIZATION_MODEL: Model = {
  enumTypes: {
    educationSynchronizationProfileState: {
      deleting: 2,
      deletionFailed: 3,
      provisioningFailed: 5,
      provisioned: 6,
      provisioning: 7,
      unknownFutureValue: 8,
    },
    educationSynchronizationStatus: {
      paused: 0,
      inProgress: 1,
      success: 2,
      error: 3,
      validationError: 4,
      quarantined: 5,
      unknownFutureValue: 6,
      extracting: 7,
      validating: 8,
    },
  },
  entityTypes: {
    educationRoot: { contained: { synchronizationProfiles: `Collection(${PROFILE})` } },
    educationSynchronizationProfile: {
      base: 'graph.entity',
      properties: {
        dataProvider: 'graph.educationSynchronizationDataProvider!',
        displayName: REQUIRED_TEXT,
        expirationDate: 'Edm.Date',
        handleSpecialCharacterConstraint: 'Edm.Boolean',
        identitySynchronizationConfiguration: 'graph.educationIdentitySynchronizationConfiguration!',
        licensesToAssign: 'Collection(graph.educationSynchronizationLicenseAssignment)',
        state: 'graph.educationSynchronizationProfileState',
      },
      contained: {
        errors: 'Collection(graph.educationSynchronizationError)',
        profileStatus: 'graph.educationSynchronizationProfileStatus',
      },
    },
    educationSynchronizationError: {
      base: 'graph.entity',
      properties: {
        entryType: TEXT,
        errorCode: TEXT,
        errorMessage: TEXT,
        joiningValue: TEXT,
        recordedDateTime: 'Edm.DateTimeOffset',
        reportableIdentifier: TEXT,
      },
    },
    educationSynchronizationProfileStatus: {
      base: 'graph.entity',
      properties: {
        errorCount: 'Edm.Int64!',
        lastActivityDateTime: 'Edm.DateTimeOffset',
        lastSynchronizationDateTime: 'Edm.DateTimeOffset',
        status: 'graph.educationSynchronizationStatus',
        statusMessage: REQUIRED_TEXT,
      },
    },
  },
  complexTypes: {
    educationFileSynchronizationVerificationMessage: {
      properties: { description: TEXT, fileName: TEXT, type: TEXT },
    },
    educationIdentitySynchronizationConfiguration: { abstract: true },
    educationIdentityCreationConfiguration: {
      base: 'graph.educationIdentitySynchronizationConfiguration',
      properties: { userDomains: 'Collection(graph.educationIdentityDomain)!' },
    },
    educationIdentityDomain: {
      properties: { appliesTo: 'graph.educationUserRole!', name: REQUIRED_TEXT },
    },
    educationIdentityMatchingConfiguration: {
      base: 'graph.educationIdentitySynchronizationConfiguration',
      properties: { matchingOptions: 'Collection(graph.educationIdentityMatchingOptions)!' },
    },
    educationIdentityMatchingOptions: {
      properties: {
        appliesTo: 'graph.educationUserRole!',
        sourcePropertyName: REQUIRED_TEXT,
        targetDomain: TEXT,
        targetPropertyName: REQUIRED_TEXT,
      },
    },
    educationSynchronizationConnectionSettings: { abstract: true, properties: CONNECTION },
    educationSynchronizationOAuth1ConnectionSettings: {
      base: 'graph.educationSynchronizationConnectionSettings',
    },
    educationSynchronizationOAuth2ClientCredentialsConnectionSettings: {
      base: 'graph.educationSynchronizationConnectionSettings',
      properties: { scope: TEXT, tokenUrl: REQUIRED_TEXT },
    },
    educationSynchronizationCustomization: {
      properties: {
        allowDisplayNameUpdate: 'Edm.Boolean',
        isSyncDeferred: 'Edm.Boolean',
        optionalPropertiesToSync: TEXTS,
        synchronizationStartDate: 'Edm.DateTimeOffset',
      },
    },
    educationSynchronizationCustomizationsBase: { abstract: true },
    educationSynchronizationCustomizations: {
      base: 'graph.educationSynchronizationCustomizationsBase',
      properties: {
        school: CUSTOMIZATION,
        section: CUSTOMIZATION,
        student: CUSTOMIZATION,
        studentEnrollment: CUSTOMIZATION,
        teacher: CUSTOMIZATION,
        teacherRoster: CUSTOMIZATION,
      },
    },
    educationSynchronizationDataProvider: { abstract: true },
    educationCsvDataProvider: {
      base: 'graph.educationSynchronizationDataProvider',
      properties: { customizations: 'graph.educationSynchronizationCustomizations' },
    },
    educationOneRosterApiDataProvider: {
      base: 'graph.educationSynchronizationDataProvider',
      properties: {
        connectionSettings: 'graph.educationSynchronizationConnectionSettings!',
        connectionUrl: REQUIRED_TEXT,
        customizations: 'graph.educationSynchronizationCustomizations',
        providerName: TEXT,
        schoolsIds: TEXTS,
        termIds: TEXTS,
      },
    },
    educationPowerSchoolDataProvider: {
      base: 'graph.educationSynchronizationDataProvider',
      properties: {
        allowTeachersInMultipleSchools: 'Edm.Boolean',
        ...CONNECTION,
        connectionUrl: REQUIRED_TEXT,
        customizations: 'graph.educationSynchronizationCustomizations',
        schoolYear: TEXT,
        schoolsIds: TEXTS,
      },
    },
    educationSynchronizationLicenseAssignment: {
      properties: { appliesTo: 'graph.educationUserRole', skuIds: TEXTS },
    },
  },
  operations: [
    action('pause'),
    action('reset'),
    action('resume'),
    action('start', 'Collection(graph.educationFileSynchronizationVerificationMessage)'),
    { kind: 'Function', name: 'uploadUrl', bound: PROFILE, returns: TEXT, ascii: true },
  ],
};
