/**
 * A synchronization profile as Rollbook keeps it: Graph's educationSynchronizationProfile with its abstract types
 * resolved to a `type`, and without secrets, which are stored apart and encrypted. The stored JSON of
 * profile.data_provider, identity_configuration and licenses_to_assign has exactly these shapes.
 */
import { EXTENSION_ATTRIBUTES } from '../users/extension-attributes.ts';
import type { ProfileState } from './profile-state.ts';

/** Graph's educationUserRole. The CSV format of SDS knows student and teacher. */
export const USER_ROLES = ['student', 'teacher', 'none', 'faculty'] as const;
export type UserRole = (typeof USER_ROLES)[number];

export const CUSTOMIZED_ENTITIES = [
  'school',
  'section',
  'student',
  'teacher',
  'studentEnrollment',
  'teacherRoster',
] as const;
export type CustomizedEntity = (typeof CUSTOMIZED_ENTITIES)[number];

/** Graph's educationSynchronizationCustomization. */
export interface Customization {
  /** Column titles; null: all. Without meaning for the two relations. */
  readonly optionalPropertiesToSync: readonly string[] | null;
  /** ISO 8601, for studentEnrollment only; null: as soon as possible. */
  readonly synchronizationStartDate: string | null;
  readonly isSyncDeferred: boolean;
  readonly allowDisplayNameUpdate: boolean;
}

export type Customizations = Readonly<Partial<Record<CustomizedEntity, Customization>>>;

export interface CsvProvider {
  readonly type: 'csv';
  readonly customizations: Customizations | null;
}

export interface OneRosterApiProvider {
  readonly type: 'oneRosterApi';
  readonly connectionUrl: string;
  readonly connectionSettings: ConnectionSettings;
  readonly providerName: string | null;
  readonly schoolsIds: readonly string[] | null;
  readonly termIds: readonly string[] | null;
  readonly customizations: Customizations | null;
}

export interface PowerSchoolProvider {
  readonly type: 'powerSchool';
  readonly connectionUrl: string;
  readonly clientId: string;
  readonly schoolsIds: readonly string[] | null;
  readonly schoolYear: string | null;
  readonly allowTeachersInMultipleSchools: boolean;
  readonly customizations: Customizations | null;
}

/** How the OneRoster API is signed. The client secret is stored apart. */
export type ConnectionSettings =
  | { readonly type: 'oAuth1'; readonly clientId: string }
  | {
      readonly type: 'oAuth2ClientCredentials';
      readonly clientId: string;
      readonly tokenUrl: string;
      readonly scope: string | null;
    };

export type DataProvider = CsvProvider | OneRosterApiProvider | PowerSchoolProvider;
export type ProviderType = DataProvider['type'];

export interface IdentityDomain {
  readonly appliesTo: UserRole;
  readonly name: string;
}

export interface IdentityMatchingOption {
  readonly appliesTo: UserRole;
  /** Column title, case-sensitive. */
  readonly sourcePropertyName: string;
  /** Account property, case-sensitive: one of MATCH_TARGETS. */
  readonly targetPropertyName: string;
  readonly targetDomain: string | null;
}

export type IdentityConfiguration =
  | { readonly type: 'creation'; readonly userDomains: readonly IdentityDomain[] }
  | { readonly type: 'matching'; readonly matchingOptions: readonly IdentityMatchingOption[] };

/** Account properties that identity matching can compare with. */
export const MATCH_TARGETS = [
  'userPrincipalName',
  'mail',
  'mailNickname',
  'employeeId',
  ...EXTENSION_ATTRIBUTES,
] as const;
export type MatchProperty = (typeof MATCH_TARGETS)[number];

export interface LicenseAssignment {
  readonly appliesTo: UserRole | null;
  readonly skuIds: readonly string[];
}

/** What a client may write. */
export interface ProfileDefinition {
  readonly displayName: string;
  readonly dataProvider: DataProvider;
  readonly identityConfiguration: IdentityConfiguration;
  readonly licensesToAssign: readonly LicenseAssignment[] | null;
  readonly handleSpecialCharacterConstraint: boolean | null;
  /** `YYYY-MM-DD`: from that day on (in the tenant's time zone) the profile syncs no more. */
  readonly expirationDate: string | null;
}

export interface Profile extends ProfileDefinition {
  readonly id: string;
  readonly state: ProfileState;
  readonly sourceSystemId: string;
}

/** The name of a provider for people. */
export const PROVIDER_NAMES: Readonly<Record<ProviderType, string>> = {
  csv: 'CSV',
  oneRosterApi: 'OneRoster API',
  powerSchool: 'PowerSchool API',
};

/** Providers that this version can run. The others are stored and validated only. */
export function providerRuns(type: ProviderType): boolean {
  return type === 'csv';
}

/** Two names are the same for adoption when they differ in blanks around them and in case only. */
export function adoptionName(displayName: string): string {
  return displayName.trim().toLowerCase();
}

/** Expired from the expiration date on. Both are `YYYY-MM-DD`; `today` in the tenant's time zone. */
export function isExpired(expirationDate: string | null, today: string): boolean {
  return expirationDate !== null && today >= expirationDate;
}

export interface DefinitionProblem {
  /** Graph's path of the property at fault. */
  readonly property: string;
  readonly message: string;
}

/**
 * What the shape alone does not show: rules across properties. The first problem, or null.
 * Rules: SDS takes one domain and one matching option per role; MATCH_TARGETS has what accounts can be matched by.
 */
export function checkDefinition(definition: ProfileDefinition): DefinitionProblem | null {
  const identity = definition.identityConfiguration;
  const base = 'identitySynchronizationConfiguration';
  if (identity.type === 'creation') {
    const property = `${base}.userDomains`;
    if (identity.userDomains.length === 0)
      return { property, message: 'Name at least one domain, for student or teacher.' };
    const double = firstRepeated(identity.userDomains.map((domain) => domain.appliesTo));
    if (double)
      return {
        property,
        message: `There is more than one domain for ${double}; a profile has one per role.`,
      };
    return null;
  }
  const property = `${base}.matchingOptions`;
  if (identity.matchingOptions.length === 0)
    return { property, message: 'Give at least one option, for student or teacher.' };
  const double = firstRepeated(identity.matchingOptions.map((option) => option.appliesTo));
  if (double)
    return { property, message: `There is more than one option for ${double}; a profile has one per role.` };
  for (const [index, option] of identity.matchingOptions.entries()) {
    if (!MATCH_TARGETS.some((target) => target === option.targetPropertyName))
      return {
        property: `${property}[${index}].targetPropertyName`,
        message: `'${option.targetPropertyName}' is not a property to match with. Use userPrincipalName, mail, mailNickname, employeeId or extensionAttribute1 to extensionAttribute15 (case-sensitive).`,
      };
  }
  return null;
}

function firstRepeated(roles: readonly UserRole[]): UserRole | undefined {
  return roles.find((role, index) => roles.indexOf(role) !== index);
}
