import type { FindingCode } from '../findings.ts';

/**
 * What School Data Sync called an error, for findings that are just that: scripts know these codes. All else keeps its own code.
 * docs/spec/error-codes.md has the whole list.
 */
export const CLASSIC_CODES: Readonly<Partial<Record<FindingCode, string>>> = {
  REFERENCE_NOT_FOUND: 'InvalidLookupReference',
  ENUM_UNKNOWN: 'InvalidOrMissingReferenceCode',
  ID_INVALID: 'AzureActiveDirectoryInvalidPropertyValue',
  USERNAME_INVALID: 'AzureActiveDirectoryInvalidPropertyValue',
};
