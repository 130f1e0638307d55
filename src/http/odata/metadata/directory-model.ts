import { EXTENSION_ATTRIBUTES } from '#core/users/extension-attributes.ts';
import { directoryViews } from '#storage/views/directory-views.ts';
import type { View } from '#storage/views/view.ts';

import type { GraphVersion } from '../../scopes.ts';
import type { Model, Properties, TypeText } from './model.ts';

const TEXT = 'Edm.String';
const TEXTS = 'Collection(Edm.String)!';
const OBJECTS = 'Collection(graph.directoryObject)';

/** EDM types by those of views. */
const EDM: Readonly<Record<string, TypeText>> = {
  string: TEXT,
  boolean: 'Edm.Boolean',
  dateTimeOffset: 'Edm.DateTimeOffset',
};

/** The same objects as the directory shows them: properties as the views have them, School Data Sync's attributes among them. */
export function directoryModel(version: GraphVersion): Model {
  const views = directoryViews(version);
  return {
    entityTypes: {
      directoryObject: { base: 'graph.entity' },
      user: {
        base: 'graph.directoryObject',
        properties: propertiesOf(views.directoryUsers, {
          assignedLicenses: 'Collection(graph.assignedLicense)!',
          businessPhones: TEXTS,
          onPremisesExtensionAttributes: 'graph.onPremisesExtensionAttributes',
        }),
        navigation: { memberOf: OBJECTS, ownedObjects: OBJECTS },
      },
      group: {
        base: 'graph.directoryObject',
        properties: propertiesOf(views.groups, {
          creationOptions: TEXTS,
          groupTypes: TEXTS,
          proxyAddresses: TEXTS,
        }),
        navigation: { members: OBJECTS, owners: OBJECTS },
      },
      administrativeUnit: {
        base: 'graph.directoryObject',
        properties: propertiesOf(views.administrativeUnits, {}),
        navigation: { members: OBJECTS },
      },
      organization: {
        base: 'graph.directoryObject',
        properties: propertiesOf(views.organization, {
          assignedPlans: 'Collection(graph.assignedPlan)!',
          verifiedDomains: 'Collection(graph.verifiedDomain)!',
        }),
      },
      subscribedSku: {
        base: 'graph.entity',
        properties: {
          appliesTo: TEXT,
          capabilityStatus: TEXT,
          consumedUnits: 'Edm.Int32',
          prepaidUnits: 'graph.licenseUnitsDetail',
          servicePlans: 'Collection(graph.servicePlanInfo)!',
          skuId: TEXT,
          skuPartNumber: TEXT,
        },
      },
      directory: { contained: { administrativeUnits: 'Collection(graph.administrativeUnit)' } },
      educationClass: { navigation: { group: 'graph.group' } },
      educationSchool: { navigation: { administrativeUnit: 'graph.administrativeUnit' } },
      educationUser: { navigation: { user: 'graph.user' } },
    },
    complexTypes: {
      onPremisesExtensionAttributes: {
        properties: Object.fromEntries(EXTENSION_ATTRIBUTES.map((name) => [name, TEXT])),
      },
      verifiedDomain: {
        properties: {
          capabilities: TEXT,
          isDefault: 'Edm.Boolean',
          isInitial: 'Edm.Boolean',
          name: TEXT,
          type: TEXT,
        },
      },
      licenseUnitsDetail: {
        properties: { enabled: 'Edm.Int32', suspended: 'Edm.Int32', warning: 'Edm.Int32' },
      },
      servicePlanInfo: {
        properties: {
          appliesTo: TEXT,
          provisioningStatus: TEXT,
          servicePlanId: 'Edm.Guid',
          servicePlanName: TEXT,
        },
      },
    },
    containers: {
      users: { kind: 'EntitySet', type: 'graph.user' },
      groups: { kind: 'EntitySet', type: 'graph.group' },
      organization: { kind: 'EntitySet', type: 'graph.organization' },
      subscribedSkus: { kind: 'EntitySet', type: 'graph.subscribedSku' },
      directory: { kind: 'Singleton', type: 'graph.directory' },
      education: {
        kind: 'Singleton',
        type: 'graph.educationRoot',
        bindings: {
          'classes/group': 'groups',
          'me/user': 'users',
          'schools/administrativeUnit': 'directory/administrativeUnits',
          'users/user': 'users',
        },
      },
    },
  };
}

/** The properties of a view but for the id, which `entity` has. `collections`: what those among them hold. */
function propertiesOf(view: View, collections: Properties): Properties {
  const names = Object.entries(view.properties).filter(([name]) => name !== 'id' && !name.includes('/'));
  return Object.fromEntries(names.map(([name, { type }]) => [name, collections[name] ?? EDM[type] ?? TEXT]));
}
