/**
 * Who may do what: Graph's permission names, and Rollbook's own two. An application has
 * application permissions (`roles` of its token), a signed-in person delegated ones (`scp`); one never stands in for the other.
 */
export const APPLICATION_PERMISSIONS = {
  'EduAdministration.Read.All':
    'Read synchronization profiles, their status, errors and runs; plans and findings hold what the files say of people',
  'EduAdministration.ReadWrite.All':
    'Read, create, change and delete synchronization profiles; upload, start, pause, resume, reset; decide plans',
  'EduRoster.ReadBasic.All': 'Read schools, classes and people: names and memberships only',
  'EduRoster.Read.All': 'Read schools, classes and people, completely',
  'EduRoster.ReadWrite.All': 'Read and change schools, classes and people',
  'Directory.Read.All':
    'Read schools, classes and people completely as administrative units, groups and users of the directory',
  'Rollbook.Tenant.Manage':
    'Create, list, change and revoke the applications of the own tenant; hand out initial passwords',
  'Rollbook.System.Manage': 'Create tenants. Of the first administrator alone; cannot be given to others',
} as const;

export type ApplicationPermission = keyof typeof APPLICATION_PERMISSIONS;

export const DELEGATED_PERMISSIONS = [
  'EduAdministration.Read',
  'EduAdministration.ReadWrite',
  'EduRoster.ReadBasic',
  'EduRoster.Read',
  'EduRoster.ReadWrite',
] as const;

export type DelegatedPermission = (typeof DELEGATED_PERMISSIONS)[number];

/** Who calls: taken from a verified token, and from nothing else. */
export interface Caller {
  readonly tenantId: string;
  readonly applicationId: string;
  /** Application permissions. Empty when the token is a person's. */
  readonly roles: readonly string[];
  /** Delegated permissions. Empty when the token is an application's own. */
  readonly scopes: readonly string[];
  /** Who signed in. Absent when the token is an application's own. */
  readonly person?: SignedInPerson;
}

/** A person as the identity provider knows them. */
export interface SignedInPerson {
  /** `sub`: theirs alone, within the issuer. */
  readonly subject: string;
  /** `oid` of Entra: the id of the account in its directory. */
  readonly objectId?: string;
  /** `upn`, else `preferred_username`. */
  readonly userPrincipalName?: string;
}

/** Any one of them suffices. An empty list: nobody of that sort may. */
export interface Requirement {
  readonly application: readonly ApplicationPermission[];
  readonly delegated: readonly DelegatedPermission[];
}

export const READ_PROFILES: Requirement = {
  application: ['EduAdministration.Read.All', 'EduAdministration.ReadWrite.All'],
  delegated: ['EduAdministration.Read', 'EduAdministration.ReadWrite'],
};
export const WRITE_PROFILES: Requirement = {
  application: ['EduAdministration.ReadWrite.All'],
  delegated: ['EduAdministration.ReadWrite'],
};
export const READ_ROSTER_BASIC: Requirement = {
  application: ['EduRoster.ReadBasic.All', 'EduRoster.Read.All', 'EduRoster.ReadWrite.All'],
  delegated: ['EduRoster.ReadBasic', 'EduRoster.Read', 'EduRoster.ReadWrite'],
};
export const READ_ROSTER: Requirement = {
  application: ['EduRoster.Read.All', 'EduRoster.ReadWrite.All', 'Directory.Read.All'],
  delegated: ['EduRoster.Read', 'EduRoster.ReadWrite'],
};
/** What needs more protection than a name: applications alone, and none of those that read the directory only. */
export const READ_DEMOGRAPHICS: Requirement = {
  application: ['EduRoster.Read.All', 'EduRoster.ReadWrite.All'],
  delegated: [],
};
/** /users, /groups, /directory, /organization: the same objects, as the directory shows them. */
export const READ_DIRECTORY: Requirement = {
  application: [...READ_ROSTER_BASIC.application, 'Directory.Read.All'],
  delegated: READ_ROSTER_BASIC.delegated,
};
/** Applications alone, as in Graph: otherwise a signed-in pupil could become the teacher of a class. */
export const WRITE_ROSTER: Requirement = { application: ['EduRoster.ReadWrite.All'], delegated: [] };
/** Of a user: applications everybody, people themselves. */
export const WRITE_USER: Requirement = {
  application: WRITE_ROSTER.application,
  delegated: ['EduRoster.ReadWrite'],
};
export const MANAGE_TENANT: Requirement = { application: ['Rollbook.Tenant.Manage'], delegated: [] };
export const MANAGE_SYSTEM: Requirement = { application: ['Rollbook.System.Manage'], delegated: [] };

/** Whether the caller has one of the permissions. A token with scopes is a person's, even when roles stand in it too. */
export function isAllowed(caller: Pick<Caller, 'roles' | 'scopes'>, requirement: Requirement): boolean {
  const [held, sufficient]: [readonly string[], readonly string[]] =
    caller.scopes.length > 0
      ? [caller.scopes, requirement.delegated]
      : [caller.roles, requirement.application];
  return held.some((permission) => sufficient.includes(permission));
}

export function isApplicationPermission(name: string): name is ApplicationPermission {
  return Object.hasOwn(APPLICATION_PERMISSIONS, name);
}
