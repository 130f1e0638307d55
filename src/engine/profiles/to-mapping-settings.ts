import type { CustomizedEntity, IdentityConfiguration, ProfileDefinition } from '#core/run/profile.ts';
import type { ClassAnchor } from '#core/roster/class-anchor.ts';
import type { ListChanges } from '#core/roster/reference-list.ts';
import type { ProfileSettings } from '#core/run/profile-settings.ts';
import { ANY_DOMAIN } from '#core/users/accepted-domains.ts';
import type { MappingSettings, MatchOption } from '#sources/contract.ts';

/** Rises when the mapping from rows to records changes: every content hash changes with it. */
export const MAPPING_VERSION = 2;

/**
 * What a profile says about the meaning of a row. Roles that the source does not know (`none`, `faculty`) say nothing
 * here. Of the profile settings of ours only the accepted domains and the encoding say how a row is read; tolerance and limits are no part of it. `lists`: what the tenant has otherwise than the
 * reference lists; null: nothing.
 */
export function toMappingSettings(
  profile: Pick<
    ProfileDefinition,
    'dataProvider' | 'identityConfiguration' | 'handleSpecialCharacterConstraint'
  > & { readonly classAnchor?: ClassAnchor },
  lists: ListChanges | null,
  {
    acceptedDomains = ANY_DOMAIN,
    encoding = 'auto',
  }: Partial<Pick<ProfileSettings, 'acceptedDomains' | 'encoding'>> = {},
): MappingSettings {
  const { customizations } = profile.dataProvider;
  const columnsOf = (entity: CustomizedEntity): readonly string[] | null =>
    customizations?.[entity]?.optionalPropertiesToSync ?? null;
  return {
    mappingVersion: MAPPING_VERSION,
    optionalProperties: {
      school: columnsOf('school'),
      section: columnsOf('section'),
      student: columnsOf('student'),
      teacher: columnsOf('teacher'),
    },
    identity: toIdentity(profile.identityConfiguration),
    replaceSpecialCharacters: profile.handleSpecialCharacterConstraint ?? false,
    ...(profile.classAnchor === 'idAndSession' ? { classAnchor: profile.classAnchor } : {}),
    ...(acceptedDomains.student.length + acceptedDomains.teacher.length === 0 ? {} : { acceptedDomains }),
    ...(lists === null ? {} : { lists }),
    ...(encoding === 'auto' ? {} : { encoding }),
  };
}

function toIdentity(configuration: IdentityConfiguration): MappingSettings['identity'] {
  if (configuration.type === 'creation') {
    const domainOf = (role: 'student' | 'teacher'): string | null =>
      configuration.userDomains.find((domain) => domain.appliesTo === role)?.name ?? null;
    return { mode: 'create', domains: { student: domainOf('student'), teacher: domainOf('teacher') } };
  }
  const options: { student?: MatchOption; teacher?: MatchOption } = {};
  for (const option of configuration.matchingOptions) {
    if (option.appliesTo !== 'student' && option.appliesTo !== 'teacher') continue;
    options[option.appliesTo] = {
      sourceProperty: option.sourcePropertyName,
      targetProperty: option.targetPropertyName,
      targetDomain: option.targetDomain,
    };
  }
  return { mode: 'match', options };
}
