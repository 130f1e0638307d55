/**
 * Attributes of a person that say how to name, number and reach them. All others (race, language at home, lunch, support needs, and
 * whatever a format brings later) are shown as demographics are: what is not known to be plain is protected.
 */
export const PLAIN_ATTRIBUTES: readonly string[] = [
  'username',
  'activeDirectoryMatchId',
  'userIds',
  'userMasterIdentifier',
  'stateId',
  'grades',
  'primaryOrg',
  'status',
  'title',
  'qualification',
  'secondaryEmail',
  'phone',
  'mobilePhone',
  'preferredGivenName',
  'preferredMiddleName',
  'preferredSurname',
  ...['mailing', 'residence'].flatMap((address) =>
    ['Address', 'City', 'State', 'Zip', 'Latitude', 'Longitude', 'Country'].map((part) => address + part),
  ),
];
