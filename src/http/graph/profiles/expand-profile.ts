import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Expand } from '#core/query/parse-expand.ts';
import { deriveProfileStatus } from '#core/run/profile-status.ts';
import type { Related, RelatedToProfiles } from '#engine/profiles/read-profiles.ts';

import { RELATED_LIMIT } from '../../odata/page-size.ts';
import { relatedLink } from '../../odata/related-link.ts';
import { heedNewMembers, statusJson } from './get-profile-status.ts';
import { errorJson } from './list-errors.ts';
import { PROFILES, type ProfileRoutes } from './profile-route.ts';
import { selectProperties } from './select-properties.ts';

/** What has to be read for `$expand`. */
export function relatedTo(expand: readonly Expand[]): Related {
  const names = expand.map(({ name }) => name);
  return {
    status: names.includes('profileStatus'),
    errors: names.includes('errors') ? RELATED_LIMIT : undefined,
  };
}

/**
 * What `$expand` adds to a profile, by its id: the same as the addresses of its status and its errors answer, members added to the
 * enumeration included.
 */
export function expandProfiles(
  { context }: Pick<ProfileRoutes, 'context'>,
  request: FastifyRequest,
  reply: FastifyReply,
  expand: readonly Expand[],
  { statusFacts, errors }: RelatedToProfiles,
): (id: string) => Record<string, unknown> {
  const newMembers = expand.some(({ name }) => name === 'profileStatus') && heedNewMembers(request, reply);
  return (id) => {
    const added: Record<string, unknown> = {};
    for (const { name, select } of expand) {
      if (name === 'profileStatus') {
        const facts = statusFacts.get(id);
        // Between two statements of one page the last trace of a profile may go.
        added[name] =
          facts === undefined
            ? null
            : selectProperties(statusJson(id, deriveProfileStatus(facts, newMembers)), select);
        continue;
      }
      const page = errors.get(id);
      added[name] = (page?.errors ?? []).map((error) => selectProperties(errorJson(error), select));
      if (page?.next === undefined) continue;
      const path = `/beta${PROFILES}/${id}/errors`;
      added[`${name}@odata.nextLink`] = relatedLink(request, context.secretBox, {
        path,
        select,
        last: page.next,
      });
    }
    return added;
  };
}
