const MAXIMUM_LENGTH = 200;

/**
 * What is wrong with the name of a watched folder, or null. It stands below the folder of the tenant and nowhere else: no way up, no
 * absolute path, no drive. Where links inside it lead is checked when it is opened.
 */
export function faultOfFolder(name: string): string | null {
  if (name === '' || name.length > MAXIMUM_LENGTH) return `The name has 1 to ${MAXIMUM_LENGTH} characters.`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name))
    return 'The name holds characters that cannot be shown.';
  if (name.startsWith('/') || name.includes('\\') || name.includes(':'))
    return 'Name a folder below the one of the tenant, such as "nightly" or "schools/nightly": no absolute path, no backslash, no colon.';
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'Name a folder below the one of the tenant: no "..", no "." and no empty part.';
  if (parts.some((part) => /^ |[ .]$/u.test(part)))
    return 'No part of the name begins with a blank or ends with a blank or a dot.';
  return null;
}
