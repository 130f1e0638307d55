/** What names of accounts look like. The rules of user principal names are Entra's, a little wider; ASCII, so that case is one thing everywhere. */
const USER_PRINCIPAL_NAME =
  /^[!#$%&'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@(?=.{1,255}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const MAIL_NICKNAME = /^[!#$%&'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}$/;
const MAIL = /^[^\s@]{1,64}@[^\s@]{1,255}$/;
// oxlint-disable-next-line no-control-regex -- they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** What is wrong with a value, in words for whoever sent it; undefined: nothing. */
export type Complaint = string | undefined;

export function checkUserPrincipalName(value: string): Complaint {
  return USER_PRINCIPAL_NAME.test(value)
    ? undefined
    : 'has to be a user principal name such as OKlein@contoso.edu: letters, digits and .-_ before the @, a domain behind it.';
}

export function checkMailNickname(value: string): Complaint {
  return MAIL_NICKNAME.test(value) ? undefined : 'has 1 to 64 letters, digits or .-_, no blanks and no @.';
}

export function checkMail(value: string): Complaint {
  return MAIL.test(value) && isOneLine(value) ? undefined : 'has to be a mail address.';
}

/** Names and ids: one line that is not blank. */
export function checkText(value: string, maxLength = 256): Complaint {
  if (value.trim() === '') return 'must not be empty.';
  if (value.length > maxLength) return `has at most ${maxLength} characters.`;
  return isOneLine(value) ? undefined : 'must not hold line breaks or control characters.';
}

/** No control characters, and whole characters only (half a surrogate pair is none). */
function isOneLine(value: string): boolean {
  return !CONTROL.test(value) && value.isWellFormed();
}

/** The part before the @, made a mail nickname. */
export function nicknameOf(userPrincipalName: string): string {
  return userPrincipalName.slice(0, userPrincipalName.indexOf('@'));
}
