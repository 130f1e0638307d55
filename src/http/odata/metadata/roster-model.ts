import type { GraphVersion } from '../../scopes.ts';
import type { Model, Properties } from './model.ts';

const TEXT = 'Edm.String';
const REQUIRED_TEXT = 'Edm.String!';

const EXTERNAL: Properties = {
  externalSource: 'graph.educationExternalSource',
  externalSourceDetail: TEXT,
};

/** Schools, classes and people as they are read back; types and nullability as Graph published them. */
export function rosterModel(version: GraphVersion): Model {
  const beta = version === 'beta';
  return {
    enumTypes: {
      contactRelationship: {
        parent: 0,
        relative: 1,
        aide: 2,
        doctor: 3,
        guardian: 4,
        child: 5,
        other: 6,
        unknownFutureValue: 7,
      },
      educationExternalSource: { sis: 0, manual: 1, unknownFutureValue: 2, ...(beta ? { lms: 3 } : {}) },
      educationGender: { female: 0, male: 1, other: 2, unknownFutureValue: 3 },
      educationUserRole: {
        student: 0,
        teacher: 1,
        none: 2,
        unknownFutureValue: 3,
        ...(beta ? { faculty: 4 } : {}),
      },
    },
    entityTypes: {
      entity: { abstract: true, key: 'id', properties: { id: REQUIRED_TEXT } },
      educationRoot: {
        contained: {
          classes: 'Collection(graph.educationClass)',
          me: 'graph.educationUser',
          schools: 'Collection(graph.educationSchool)',
          users: 'Collection(graph.educationUser)',
        },
      },
      educationOrganization: {
        base: 'graph.entity',
        abstract: true,
        properties: { description: TEXT, displayName: REQUIRED_TEXT, ...EXTERNAL },
      },
      educationSchool: {
        base: 'graph.educationOrganization',
        properties: {
          address: 'graph.physicalAddress',
          createdBy: 'graph.identitySet',
          externalId: TEXT,
          externalPrincipalId: TEXT,
          fax: TEXT,
          highestGrade: TEXT,
          lowestGrade: TEXT,
          phone: TEXT,
          principalEmail: TEXT,
          principalName: TEXT,
          schoolNumber: TEXT,
        },
        navigation: {
          classes: 'Collection(graph.educationClass)',
          users: 'Collection(graph.educationUser)',
        },
      },
      educationClass: {
        base: 'graph.entity',
        properties: {
          classCode: TEXT,
          course: 'graph.educationCourse',
          createdBy: 'graph.identitySet',
          description: TEXT,
          displayName: REQUIRED_TEXT,
          externalId: TEXT,
          externalName: TEXT,
          ...EXTERNAL,
          grade: TEXT,
          mailNickname: REQUIRED_TEXT,
          term: 'graph.educationTerm',
        },
        navigation: {
          members: 'Collection(graph.educationUser)',
          schools: 'Collection(graph.educationSchool)',
          teachers: 'Collection(graph.educationUser)',
        },
      },
      educationUser: {
        base: 'graph.entity',
        properties: USER,
        navigation: {
          classes: 'Collection(graph.educationClass)',
          schools: 'Collection(graph.educationSchool)',
          taughtClasses: 'Collection(graph.educationClass)',
        },
      },
    },
    complexTypes: {
      ...DIRECTORY_TYPES,
      educationCourse: {
        properties: {
          courseNumber: TEXT,
          description: TEXT,
          displayName: TEXT,
          externalId: TEXT,
          subject: TEXT,
        },
      },
      educationTerm: {
        properties: { displayName: TEXT, endDate: 'Edm.Date', externalId: TEXT, startDate: 'Edm.Date' },
      },
      educationOnPremisesInfo: { properties: { immutableId: TEXT } },
      educationStudent: {
        properties: {
          birthDate: 'Edm.Date',
          externalId: TEXT,
          gender: 'graph.educationGender',
          grade: TEXT,
          graduationYear: TEXT,
          studentNumber: TEXT,
        },
      },
      educationTeacher: { properties: { externalId: TEXT, teacherNumber: TEXT } },
      relatedContact: {
        properties: {
          accessConsent: 'Edm.Boolean',
          displayName: REQUIRED_TEXT,
          emailAddress: beta ? TEXT : REQUIRED_TEXT,
          ...(beta ? { id: TEXT } : {}),
          mobilePhone: TEXT,
          relationship: 'graph.contactRelationship!',
        },
      },
    },
    operations: ['educationClass', 'educationSchool', 'educationUser'].map((type) => ({
      kind: 'Function',
      name: 'delta',
      bound: `Collection(graph.${type})`,
      returns: `Collection(graph.${type})`,
    })),
    containers: {
      education: {
        kind: 'Singleton',
        type: 'graph.educationRoot',
        bindings: {
          'classes/members': 'education/users',
          'classes/schools': 'education/schools',
          'classes/teachers': 'education/users',
          'me/classes': 'education/classes',
          'me/schools': 'education/schools',
          'me/taughtClasses': 'education/classes',
          'schools/classes': 'education/classes',
          'schools/users': 'education/users',
          'users/classes': 'education/classes',
          'users/schools': 'education/schools',
          'users/taughtClasses': 'education/classes',
        },
      },
    },
  };
}

const USER: Properties = {
  accountEnabled: 'Edm.Boolean',
  assignedLicenses: 'Collection(graph.assignedLicense)!',
  assignedPlans: 'Collection(graph.assignedPlan)!',
  businessPhones: 'Collection(Edm.String)!',
  createdBy: 'graph.identitySet',
  department: TEXT,
  displayName: TEXT,
  ...EXTERNAL,
  givenName: TEXT,
  mail: TEXT,
  mailingAddress: 'graph.physicalAddress',
  mailNickname: TEXT,
  middleName: TEXT,
  mobilePhone: TEXT,
  officeLocation: TEXT,
  onPremisesInfo: 'graph.educationOnPremisesInfo',
  passwordPolicies: TEXT,
  passwordProfile: 'graph.passwordProfile',
  preferredLanguage: TEXT,
  primaryRole: 'graph.educationUserRole!',
  provisionedPlans: 'Collection(graph.provisionedPlan)!',
  refreshTokensValidFromDateTime: 'Edm.DateTimeOffset',
  relatedContacts: 'Collection(graph.relatedContact)',
  residenceAddress: 'graph.physicalAddress',
  showInAddressList: 'Edm.Boolean',
  student: 'graph.educationStudent',
  surname: TEXT,
  teacher: 'graph.educationTeacher',
  usageLocation: TEXT,
  userPrincipalName: TEXT,
  userType: TEXT,
};

/** Types of the directory that education's use. */
const DIRECTORY_TYPES: Model['complexTypes'] = {
  assignedLicense: { properties: { disabledPlans: 'Collection(Edm.Guid)!', skuId: 'Edm.Guid' } },
  assignedPlan: {
    properties: {
      assignedDateTime: 'Edm.DateTimeOffset',
      capabilityStatus: TEXT,
      service: TEXT,
      servicePlanId: 'Edm.Guid',
    },
  },
  provisionedPlan: { properties: { capabilityStatus: TEXT, provisioningStatus: TEXT, service: TEXT } },
  passwordProfile: {
    properties: {
      forceChangePasswordNextSignIn: 'Edm.Boolean',
      forceChangePasswordNextSignInWithMfa: 'Edm.Boolean',
      password: TEXT,
    },
  },
  physicalAddress: {
    properties: { city: TEXT, countryOrRegion: TEXT, postalCode: TEXT, state: TEXT, street: TEXT },
  },
  identity: { open: true, properties: { displayName: TEXT, id: TEXT } },
  identitySet: {
    open: true,
    properties: { application: 'graph.identity', device: 'graph.identity', user: 'graph.identity' },
  },
};
